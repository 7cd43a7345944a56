// Pseudo-random numbers that are the same on every machine and for every standard library.
#pragma once

#include <cstdint>

namespace pinhole::simulation {

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). A value type: a copy goes on from the same place.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  // For something of its own: what is drawn there moves nothing here.
  Random Branch(uint64_t what) const { return Random(Mix(state_ ^ Mix(what + 1))); }

  uint64_t Next() { return Mix(state_ += 0x9e3779b97f4a7c15); }
  // In [0, below).
  int64_t Below(int64_t below) {
    return static_cast<int64_t>(Next() % static_cast<uint64_t>(below));
  }
  // In [low, high].
  int64_t Between(int64_t low, int64_t high) { return low + Below(high - low + 1); }
  bool OneIn(int64_t n) { return Below(n) == 0; }

 private:
  static uint64_t Mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  uint64_t state_;
};

}  // namespace pinhole::simulation
