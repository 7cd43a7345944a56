// A24 on one machine: a program in a real box, and a process beside it that times its own loop.
#pragma once

#include <cstdint>

namespace pinhole::redteam {

enum class Load { kProcessor, kMemory };
enum class Receiver { kSameCore, kOtherCore };

struct Contention {
  int64_t slots = 0;  // that were guessed, after those that the receiver learned from
  int64_t right = 0;
  double rate() const { return static_cast<double>(right) / static_cast<double>(slots); }
  // Of a binary symmetric channel that errs as often as the lower end (99.9 %) of the rate says.
  double BitsASlot() const;
  double BitsASecond() const;
};

// One secret bit every kSlotMs, told by which half of that time is the busy one, so that what else
// the machine does matters less; an eighth as many before, known to the receiver. Aborts when the
// machine cannot start a box.
inline constexpr int kSlotMs = 60;
Contention Feel(Load load, Receiver receiver, int64_t slots, uint64_t seed);

}  // namespace pinhole::redteam
