// The scorer's own seal: after it, the process can read two descriptors, write one, and end.
#pragma once

#include <linux/filter.h>

#include <array>

namespace pinhole::scorer {

inline constexpr int kPredictionsFd = 0;
inline constexpr int kAnswerFd = 1;
inline constexpr int kSheetFd = 3;

// The filter as the kernel's classic BPF, so that tests can run it on every call there is.
using FilterProgram = std::array<sock_filter, 14>;
FilterProgram SealProgram();

// Installs the filter for good: read of kPredictionsFd and kSheetFd, write of kAnswerFd, exit and
// exit_group; the kernel kills the process for anything else. False when it could not; nothing
// hostile may be read then.
bool Seal();

}  // namespace pinhole::scorer
