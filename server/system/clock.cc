#include "server/system/clock.h"

#include <chrono>

namespace pinhole {

int64_t SystemClock::NowUnixMs() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::floor<std::chrono::milliseconds>(since_epoch).count();
}

}  // namespace pinhole
