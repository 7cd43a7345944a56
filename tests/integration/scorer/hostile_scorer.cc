// A scorer that was taken over, and behaves as CONDUCT says; CONDUCT 0 is a model instead: a good
// prediction for each of ten rows. It is built once for each.
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

namespace {

constexpr size_t kAnswer = 8;

void Say(const void* bytes, size_t size) {
  if (write(1, bytes, size) < 0) _exit(3);
}

// An answer with its check right (answer.h).
void SayAnswer(uint8_t version, uint8_t status, uint16_t level, uint8_t spoil = 0) {
  uint8_t answer[kAnswer] = {'L',
                             version,
                             status,
                             static_cast<uint8_t>(level),
                             static_cast<uint8_t>(level >> 8),
                             static_cast<uint8_t>(level),
                             static_cast<uint8_t>(level >> 8)};
  unsigned check = 0;
  for (size_t i = 0; i + 1 < kAnswer; ++i) {
    check ^= answer[i];
    for (int bit = 0; bit < 8; ++bit) check = check & 0x80 ? (check << 1 ^ 7) & 0xff : check << 1;
  }
  answer[kAnswer - 1] = static_cast<uint8_t>(check ^ spoil);
  Say(answer, sizeof answer);
}

void SayLabels() {
  uint8_t head[128];
  uint8_t labels[kAnswer];
  if (read(3, head, sizeof head) != sizeof head || read(3, labels, sizeof labels) != kAnswer) {
    _exit(3);
  }
  Say(labels, sizeof labels);
}

[[noreturn]] void Flood() {
  static const char block[4096] = {};
  for (;;) Say(block, sizeof block);
}

}  // namespace

int main() {
  switch (CONDUCT) {
    case 0:  // the model
      for (int row = 0; row < 10; ++row) Say("3\n", 2);
      return 0;
    case 1:  // garbage
      Say("garbage!", kAnswer);
      return 0;
    case 2:  // short
      Say("L\1\1", 3);
      return 0;
    case 3:  // long: a right answer and one byte more
      SayAnswer(1, 0, 1);
      Say("x", 1);
      return 0;
    case 4:  // check: one bit of the check byte is wrong
      SayAnswer(1, 0, 1, 1);
      return 0;
    case 5:  // version
      SayAnswer(2, 0, 1);
      return 0;
    case 6:  // status
      SayAnswer(1, 2, 1);
      return 0;
    case 7:  // contradiction: failed, with levels
      SayAnswer(1, 1, 1);
      return 0;
    case 8:  // beyond: a level that the contest has not
      SayAnswer(1, 0, 60'000);
      return 0;
    case 9:  // nothing
      return 0;
    case 10:  // nonzero: a right answer, and then it ends badly
      SayAnswer(1, 0, 1);
      return 1;
    case 11:  // crash: likewise
      SayAnswer(1, 0, 1);
      __builtin_trap();
    case 12:  // hang: likewise
      SayAnswer(1, 0, 1);
      for (volatile int on = 1; on;) {
      }
      return 0;
    case 13:  // flood
      Flood();
    case 14:  // call: a right answer, and then a call that is not the scorer's
      SayAnswer(1, 0, 1);
      syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
      return 0;
    case 15:  // file
      SayAnswer(1, 0, 1);
      return open("/data/column", O_RDONLY) >= 0 ? 0 : 1;
    case 16:  // thread
      SayAnswer(1, 0, 1);
      pthread_t thread;
      return pthread_create(
          &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
    case 17:  // labels: the bytes of a label as the answer
      SayLabels();
      return 0;
    case 18:  // memory
      for (;;) {
        const auto size = size_t{1} << 20;
        auto* more = new char[size];
        memset(more, 1, size);
      }
    case 20:  // lie: a level of the contest, and not the right one
      SayAnswer(1, 0, 1);
      return 0;
    case 19:  // elsewhere: a right answer in another file
      return write(3, "L\1\0", 3) == 3 ? 0 : 1;
  }
}
