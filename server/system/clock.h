// The wall clock, behind an interface, so that a simulation can turn it by hand.
#pragma once

#include <cstdint>

namespace pinhole {

// Thread-safe in every implementation.
class WallClock {
 public:
  virtual ~WallClock() = default;
  // Milliseconds since 1970-01-01 UTC. May go back when the machine's clock is set.
  virtual int64_t NowUnixMs() const = 0;
};

// The machine's own clock.
class SystemClock final : public WallClock {
 public:
  int64_t NowUnixMs() const override;
};

}  // namespace pinhole
