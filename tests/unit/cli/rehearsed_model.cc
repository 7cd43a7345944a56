// Programs for the rehearsal's test: static, and each does one thing. Which one is the macro's.
#include <sys/socket.h>
#include <time.h>

#include <cstdio>
#include <string_view>

int main() {
  constexpr std::string_view kDoes = PINHOLE_TEST_MODEL;
  constexpr int kRows = 200;
  if (kDoes == "socket") return ::socket(AF_INET, SOCK_STREAM, 0) < 0 ? 1 : 0;
  if (kDoes == "sleep") {
    const timespec long_time{.tv_sec = 60, .tv_nsec = 0};
    ::nanosleep(&long_time, nullptr);
  }
  if (kDoes == "exit3") return 3;
  std::fputs("a word to the author\n", stderr);
  for (int row = 0; row < (kDoes == "short" ? kRows - 1 : kRows); ++row) std::puts("2.75");
  return 0;
}
