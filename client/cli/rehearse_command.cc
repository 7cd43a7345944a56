// rehearse: needs no network and no server; unlimited, as no private row is near.
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/cli/rehearsal_run.h"
#include "client/cli/rehearsal_screen.h"
#include "server/core/base/status.h"
#include "server/system/files.h"
#include "server/system/machine_lock.h"

namespace pinhole::cli {

Ending RunRehearse(const CommandContext& context, const RehearseOptions& options) {
  RETURN_IF_ERROR(CheckMachineFree(options.machine_lock));
  ASSIGN_OR_RETURN(const contest::Policy policy, ReadRehearsalPolicy(options.folder));
  const std::string launcher =
      options.launcher.empty() ? context.program_folder + "/pinhole-box" : options.launcher;
  if (const absl::Status found = OpenForRead(launcher).status(); !found.ok()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the launcher %s is not there (%s): name it with --launcher", launcher, found.message()));
  }
  ASSIGN_OR_RETURN(const RehearsalResult result,
                   Rehearse(policy, options.folder, options.program, launcher));
  if (context.format == OutputFormat::kJson) {
    context.out << RehearsalJson(policy, result);
  } else {
    context.err << result.diagnostics;
    context.err.flush();
    context.out << RehearsalText(policy, result);
  }
  return result.scored() ? ExitCode::kOk : ExitCode::kRefused;
}

}  // namespace pinhole::cli
