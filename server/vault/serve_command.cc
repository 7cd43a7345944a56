// `pinhole-vault serve`: from a folder to a confined process that runs rounds.
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/system/files.h"
#include "server/system/random.h"
#include "server/system/unix_socket.h"
#include "server/vault/confine.h"
#include "server/vault/folder.h"
#include "server/vault/programs.h"
#include "server/vault/serve.h"

namespace pinhole::vault {
namespace {

absl::StatusOr<std::vector<sandbox::Lane>> StartLanes(const Layout& layout, const Config& config) {
  if (config.lane_users.empty() && !config.Allows("lane-users")) {
    return absl::FailedPreconditionError(
        "no lane_users: boxes would run under the vault's own user. Give each lane a user, or name "
        "\"lane-users\" in the "
        "configuration's degraded list");
  }
  const bool cgroups = ::geteuid() == 0;
  if (!cgroups && !config.Allows("cgroups")) {
    return absl::FailedPreconditionError(
        "without root no cgroup limits a box's memory. Start as root, or name \"cgroups\" in the "
        "configuration's degraded list");
  }
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  const auto count = static_cast<int>(config.lane_count());
  std::vector<sandbox::Lane> lanes;
  for (int i = 0; i < count; ++i) {
    sandbox::LaneConfig lane = {.launcher_path = ProgramPath(config.launcher, "pinhole-box"),
                                .view_path = layout.view()};
    if (!config.lane_users.empty()) {
      lane.uid = config.lane_users[static_cast<size_t>(i)];
      lane.gid = static_cast<gid_t>(*lane.uid);
      lane.view_gid = config.lanes_group;
    }
    if (cgroups)
      lane.cgroup_name =
          absl::StrFormat("pinhole-%s-%d", HexEncode(Sha256(layout.directory)).substr(0, 8), i);
    if (count < cores) lane.core = cores - 1 - i;  // the first cores stay free of boxes
    ASSIGN_OR_RETURN(sandbox::Lane started, sandbox::Lane::Start(lane));
    lanes.push_back(std::move(started));
  }
  return lanes;
}

// A contest was opened with the modes that its POLICY states; the vault may lack no more than that.
absl::Status CheckDegraded(const Config& config, const replay::LedgerState& state) {
  const replay::Contest* open = state.Open();
  if (open == nullptr) return absl::OkStatus();
  const contest::Degraded now = DegradedOf(config);
  const contest::Degraded& stated = open->policy.policy.degraded;
  if ((now.lane_users && !stated.lane_users) || (now.network && !stated.network) ||
      (now.cgroups && !stated.cgroups)) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the configuration's degraded is %s, and contest %s was opened with %s: take back what was "
        "added",
        contest::Name(now), open->policy.policy.contest, contest::Name(stated)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Digest> BuildId() {
  constexpr size_t kLargestProgram = size_t{1} << 30;
  ASSIGN_OR_RETURN(const std::string program, ReadFile("/proc/self/exe", kLargestProgram));
  return Sha256(program);
}

}  // namespace

absl::Status Serve(const Layout& layout, const Config& config) {
  if (::access(layout.labels().c_str(), F_OK) != 0 && ::geteuid() == 0) {
    return absl::FailedPreconditionError(
        "there is no data set: run `pinhole-vault data import` first");
  }
  ASSIGN_OR_RETURN(const Digest build, BuildId());
  // What needs root comes first, and before a private row or the database is near.
  ASSIGN_OR_RETURN(std::vector<sandbox::Lane> lanes, StartLanes(layout, config));
  SocketAccess access{.mode = 0600};
  if (config.front_group.has_value()) access = {.mode = 0660, .group = *config.front_group};
  ASSIGN_OR_RETURN(UniqueFd listener, ListenUnix(config.socket, access));
  RETURN_IF_ERROR(LeaveNetwork(config));
  if (config.user.has_value() && ::geteuid() == 0) {
    RETURN_IF_ERROR(BecomeUser(*config.user, {static_cast<gid_t>(*config.user)}));
  }
  RETURN_IF_ERROR(DenySocketsAndPrograms());
  ASSIGN_OR_RETURN(const StopSignal stop, StopSignal::Block());

  ASSIGN_OR_RETURN(storage::Database database, OpenDatabase(layout));
  ASSIGN_OR_RETURN(NoteSigner signer, ReadSigner(layout, config));
  ASSIGN_OR_RETURN(Vault vault, Vault::Open(database, std::move(signer), layout));
  RETURN_IF_ERROR(CheckDegraded(config, vault.state()));
  RETURN_IF_ERROR(vault.RemoveStrayPrograms());
  RETURN_IF_ERROR(vault.Start(build, RandomBytes<32>()));
  Runner runner(std::move(lanes), ProgramPath(config.scorer, "pinhole-scorer"), layout);
  PipeServer pipe(std::move(listener));
  const SystemClock clock;
  std::printf("serving %s, ledger of %d entries\n", config.name.c_str(),
              static_cast<int>(vault.ledger().size()));
  std::fflush(stdout);
  return Server(vault, runner, pipe, layout, clock, stop).Run();
}

}  // namespace pinhole::vault
