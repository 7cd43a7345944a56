// Random system calls with random arguments, from a seed: mostly calls that the table lists, so
// that a run lives long enough to try many.
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "sandbox/launcher/syscalls.h"
#include "tests/containment/hostile.h"

namespace pinhole::hostile {
namespace {

using sandbox::launcher::Calls;
using sandbox::launcher::Condition;
using sandbox::launcher::Row;

constexpr size_t kArena = size_t{64} << 10;

// splitmix64 (Steele, Lea and Flood 2014): a seed gives the same calls again.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t Any() {
    uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  uint64_t Below(uint64_t end) { return Any() % end; }

 private:
  uint64_t state_;
};

// Calls that end the program or wait for ever, after which a run tries nothing more: rarely.
bool EndsTheFun(int call) {
  switch (call) {
    case SYS_exit:
    case SYS_exit_group:
    case SYS_pause:
    case SYS_rt_sigsuspend:
    case SYS_rt_sigtimedwait:
    case SYS_rt_sigreturn:
    case SYS_execveat:
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
    case SYS_futex:
    case SYS_munmap:
    case SYS_mremap:
    case SYS_mprotect:
    case SYS_brk:
    case SYS_arch_prctl:
    case SYS_clone:
    case SYS_tgkill:
      return true;
    default:
      return false;
  }
}

uint64_t Argument(Dice* dice, unsigned char* arena) {
  constexpr uint64_t kPaths[] = {0, 1, 2, 3};
  switch (dice->Below(8)) {
    case 0:
      return dice->Any();
    case 1:
      return ~dice->Below(4096);
    case 2:
      return uint64_t{1} << dice->Below(64);
    case 3:
      return dice->Below(4096);
    case 4:
      return reinterpret_cast<uint64_t>(arena) + kPaths[dice->Below(4)] * 64;
    case 5:
      return reinterpret_cast<uint64_t>(arena) + dice->Below(kArena);
    default:
      return dice->Below(8);
  }
}

// Makes the row's conditions hold, but for one bit now and then.
void Meet(Dice* dice, const Row& row, uint64_t (&arguments)[6]) {
  for (const Condition& condition : row.conditions) {
    uint64_t value = condition.value;
    switch (condition.test) {
      case Condition::Test::kNone:
        continue;
      case Condition::Test::kMasked:
        value |= dice->Any() & ~condition.mask;
        break;
      case Condition::Test::kAtMost:
        value = dice->Below(value + 1);
        break;
      case Condition::Test::kNotEqual:
      case Condition::Test::kMoreThan:
        value += 1 + dice->Below(1000);
        break;
      case Condition::Test::kEqual:
        break;
    }
    if (dice->Below(2000) == 0) value ^= uint64_t{1} << dice->Below(64);
    arguments[condition.argument] = value;
  }
}

void PutPaths(unsigned char* arena) {
  const char* const paths[] = {"/data/contest.db", "/tmp/a", "/tmp/b", "/"};
  for (size_t i = 0; i < 4; ++i) strcpy(reinterpret_cast<char*>(arena) + i * 64, paths[i]);
}

// Its argument is the seed. A byte goes out before every 16 calls; nothing else tells how far it
// came.
int Fuzz(const char* seed) {
  Dice dice(strtoull(seed, nullptr, 10));
  auto* arena = static_cast<unsigned char*>(
      mmap(nullptr, kArena, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (arena == MAP_FAILED) return errno;
  for (int turn = 0; turn < 4000; ++turn) {
    if (turn % 16 == 0 && write(1, ".", 1) != 1 && errno == EPIPE) return 0;
    if (turn % 64 == 0) PutPaths(arena);
    const Row& row = Calls().rows[dice.Below(Calls().count)];
    if (row.who == sandbox::launcher::For::kScorer) continue;
    const bool listed = dice.Below(2000) != 0;
    if (listed && EndsTheFun(row.call) && dice.Below(200) != 0) continue;
    uint64_t arguments[6];
    for (uint64_t& argument : arguments) argument = Argument(&dice, arena);
    if (listed) Meet(&dice, row, arguments);
    const long number = listed ? row.call : static_cast<long>(dice.Below(600));
    syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
            arguments[5]);
  }
  return 0;
}

constexpr Attack kAttacks[] = {{"fuzz", Fuzz}};

}  // namespace

std::span<const Attack> FuzzAttacks() { return kAttacks; }

}  // namespace pinhole::hostile
