// Who wants to know how time passes.
#pragma once

#include <cstdint>

namespace pinhole::front {

// A call that wants to know how time passes.
class TimedCall {
 public:
  virtual ~TimedCall() = default;
  // `now_ms` is SteadyMs(). Called from the timer's thread, a few times a second, no lock held; may
  // still be called once after Remove.
  virtual void Tick(int64_t now_ms) = 0;
};

}  // namespace pinhole::front
