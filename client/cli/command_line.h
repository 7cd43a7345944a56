// The command line of `pinhole`: from words to options, and from errors to exit codes.
#pragma once

#include "client/cli/context.h"
#include "client/cli/exit_code.h"

namespace pinhole::cli {

// Parses and runs one command. Errors are told on `context.err`, with the next step; the format is
// set by --json.
ExitCode RunCommandLine(CommandContext context, int argc, const char* const* argv);

}  // namespace pinhole::cli
