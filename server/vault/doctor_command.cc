// `pinhole-vault doctor`.
#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_format.h"
#include "sandbox/box.h"
#include "sandbox/control_groups.h"
#include "sandbox/posture.h"
#include "server/core/base/sha256.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/system/machine_lock.h"
#include "server/vault/commands.h"
#include "server/vault/programs.h"

namespace pinhole::vault {
namespace {

using sandbox::Presence;

constexpr uid_t kNobody = 65534;

// The record of a lane as like the vault's as can be made without its folder: under root with a
// user and cgroups of its own, else in the degraded modes.
absl::StatusOr<std::string> ProbeHere() {
  sandbox::LaneConfig config;
  config.launcher_path = ProgramPath("", "pinhole-box");
  if (::geteuid() == 0) {
    config.uid = kNobody;
    config.gid = kNobody;
    const bool groups = sandbox::DetectAccounting(sandbox::kControlGroupRoot) !=
                        sandbox::protocol::Accounting::kNone;
    if (groups) config.cgroup_name = absl::StrFormat("pinhole-doctor-%d", ::getpid());
  }
  ASSIGN_OR_RETURN(const sandbox::Lane lane, sandbox::Lane::Start(config));
  return lane.facts().record;
}

sandbox::PostureLine BoxesAsPromised() {
  const absl::StatusOr<std::string> record = ProbeHere();
  sandbox::PostureLine line{.feature = "boxes are as promised",
                            .presence = Presence::kPresent,
                            .found = {},
                            .consequence = {}};
  if (record.ok()) {
    line.found = absl::StrFormat("record %s", HexEncode(Sha256(*record)));
  } else {
    line.presence = Presence::kMissing;
    line.found = std::string(record.status().message());
    line.consequence = "no lane starts";
  }
  return line;
}

sandbox::PostureLine MachineLocked() {
  const bool held = !CheckMachineFree(kMachineLock).ok();
  sandbox::PostureLine line{
      .feature = "machine lock",
      .presence = held ? Presence::kPresent : Presence::kDegraded,
      .found = absl::StrFormat("%s is %s", kMachineLock, held ? "held by a vault" : "not held"),
      .consequence = {}};
  if (!held) {
    line.consequence =
        "no vault serves here, or it has another machine_lock or none: with none, nothing refuses "
        "a "
        "second vault or a rehearsal beside its runs";
  }
  return line;
}

}  // namespace

absl::Status Doctor() {
  std::vector<sandbox::PostureLine> lines = sandbox::Inspect();
  lines.push_back(BoxesAsPromised());
  lines.push_back(MachineLocked());
  bool usable = true;
  for (const sandbox::PostureLine& line : lines) {
    const char* presence = line.presence == Presence::kPresent    ? "present"
                           : line.presence == Presence::kDegraded ? "degraded"
                                                                  : "MISSING";
    usable = usable && line.presence != Presence::kMissing;
    std::printf("%-26s %-9s %s%s%s\n", line.feature.c_str(), presence, line.found.c_str(),
                line.consequence.empty() ? "" : " -> ", line.consequence.c_str());
  }
  if (usable) return absl::OkStatus();
  return absl::FailedPreconditionError("no box can run here: see the lines MISSING above");
}

}  // namespace pinhole::vault
