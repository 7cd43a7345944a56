// What the box's filter adds to an allowed system call.
#pragma once

#include <span>

#include "sandbox/launcher/filter.h"

namespace pinhole::bench {

enum class Call {
  kNumber,    // getpid: allowed whatever its arguments are
  kArgument,  // fcntl F_GETFD: allowed for some values of an argument, so the filter runs
};

struct CallTimes {
  double bare = 0;      // seconds of processor time of one call
  double filtered = 0;  // with the filter
};

// Six instructions that let fcntl pass with F_GETFD alone and everything else as it is: no filter
// that tests an argument can cost less.
sandbox::launcher::Filter LeastFilter();

// Two new processes, one of them under `filter`, make the same calls by turns, a batch each; the
// medians of their batches.
CallTimes MeasureCalls(const sandbox::launcher::Filter& filter, Call call, int batches,
                       int calls_a_batch);

}  // namespace pinhole::bench
