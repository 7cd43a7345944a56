// How the command ends, for scripts: five codes, and which error is which.
#pragma once

#include "absl/status/status.h"

namespace pinhole::cli {

enum class ExitCode {
  kOk = 0,
  kRefused = 1,       // a refusal or a negative result
  kUsage = 2,         // the command line or a file it names is wrong
  kUnreachable = 3,   // the server cannot be reached
  kVerification = 4,  // what was received is not what it claims to be
};

// UNAVAILABLE and DEADLINE_EXCEEDED are kUnreachable, DATA_LOSS is kVerification, INVALID_ARGUMENT
// is kUsage, any other error kRefused. In this module DATA_LOSS is used for failed verification and
// nothing else, and a server's answer never becomes DATA_LOSS or INVALID_ARGUMENT.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace pinhole::cli
