// How a server lets time pass. Behind an interface, so that a simulation can turn time by hand.
#pragma once

#include "absl/time/time.h"

namespace pinhole::vault {

class Pace {
 public:
  virtual ~Pace() = default;
  // True as soon as a stop was asked for, false after `wait`.
  virtual bool WaitFor(absl::Duration wait) const = 0;
  // Lets `wait` pass, whatever is asked for.
  virtual void Hold(absl::Duration wait) const = 0;

  bool Asked() const { return WaitFor(absl::ZeroDuration()); }
};

}  // namespace pinhole::vault
