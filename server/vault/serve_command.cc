// `pinhole-vault serve`: from a folder to a confined process that runs rounds.
#include <unistd.h>

#include <set>
#include <thread>

#include "absl/strings/str_format.h"
#include "sandbox/control_groups.h"
#include "server/core/base/status.h"
#include "server/system/files.h"
#include "server/system/machine_lock.h"
#include "server/system/random.h"
#include "server/system/service_manager.h"
#include "server/system/unix_socket.h"
#include "server/vault/confine.h"
#include "server/vault/folder.h"
#include "server/vault/programs.h"
#include "server/vault/serve.h"
#include "server/vault/stop_signal.h"

namespace pinhole::vault {
namespace {

// The first cores stay free of boxes.
std::optional<int> CoreOf(int lane, size_t lanes) {
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  if (static_cast<int>(lanes) >= cores) return std::nullopt;
  return cores - 1 - lane;
}

absl::StatusOr<std::vector<sandbox::Lane>> StartLanes(const Layout& layout, const Config& config) {
  if (config.lane_users.empty() && !config.Allows("lane-users")) {
    return absl::FailedPreconditionError(
        "no lane_users: boxes would run under the vault's own user. Give each lane a user, or name "
        "\"lane-users\" in the "
        "configuration's degraded list");
  }
  const bool delegated = config.control_group == Config::ControlGroup::kDelegated;
  const bool cgroups = ::geteuid() == 0 || delegated;
  if (!cgroups && !config.Allows("cgroups")) {
    return absl::FailedPreconditionError(
        "without root no cgroup limits a box's memory. Start as root, or in a unit with "
        "Delegate=yes "
        "and cgroup = \"delegated\", or name \"cgroups\" in the configuration's degraded list");
  }
  std::string cgroup_root(sandbox::kControlGroupRoot);
  if (delegated) {
    ASSIGN_OR_RETURN(const std::string own, ReadFile("/proc/self/cgroup"));
    ASSIGN_OR_RETURN(cgroup_root, sandbox::EnterDelegatedLeaf(sandbox::kControlGroupRoot, own));
  }
  const auto count = static_cast<int>(config.lane_count());
  std::vector<sandbox::Lane> lanes;
  for (int i = 0; i < count; ++i) {
    sandbox::LaneConfig lane = {.launcher_path = ProgramPath(config.launcher, "pinhole-box"),
                                .view_path = layout.view(),
                                .cgroup_root = cgroup_root};
    if (!config.lane_users.empty()) {
      lane.uid = config.lane_users[static_cast<size_t>(i)];
      lane.gid = static_cast<gid_t>(*lane.uid);
      lane.view_gid = config.lanes_group;
    }
    if (cgroups)
      lane.cgroup_name =
          absl::StrFormat("pinhole-%s-%d", HexEncode(Sha256(layout.directory)).substr(0, 8), i);
    lane.core = CoreOf(i, config.lane_count());
    ASSIGN_OR_RETURN(sandbox::Lane started, sandbox::Lane::Start(lane));
    lanes.push_back(std::move(started));
  }
  return lanes;
}

// A user for each lane is the whole reason for units, so what the kernel says of their launchers
// counts, not what the configuration hopes.
absl::Status CheckUnit(const Config& config, const std::string& path,
                       const sandbox::LaneFacts& lane, std::set<uid_t>& users) {
  if (lane.uid == 0 || lane.uid == ::geteuid()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the lane at %s runs as user %d: its unit has to have a user of its own", path, lane.uid));
  }
  if (!users.insert(lane.uid).second && !config.Allows("lane-users")) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the lane at %s runs as user %d, as another lane does: give each unit a user of its own",
        path, lane.uid));
  }
  if (!lane.memory_limited && !config.Allows("cgroups")) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the lane at %s cannot limit memory: its unit needs Delegate=yes on a cgroup version 2 "
        "machine, or name \"cgroups\" in the configuration's degraded list",
        path));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<sandbox::Lane>> ConnectLanes(const Layout& layout,
                                                        const Config& config) {
  std::vector<sandbox::Lane> lanes;
  std::set<uid_t> users;
  for (int i = 0; i < static_cast<int>(config.lane_count()); ++i) {
    const sandbox::LaneSocket socket = {.path = config.LaneSocket(i),
                                        .view_path = layout.view(),
                                        .core = CoreOf(i, config.lane_count())};
    ASSIGN_OR_RETURN(sandbox::Lane lane, sandbox::Lane::Connect(socket));
    RETURN_IF_ERROR(CheckUnit(config, socket.path, lane.facts(), users));
    lanes.push_back(std::move(lane));
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

// Whoever cannot be refused here could feel private runs on a machine that promises that nobody
// does.
absl::Status CheckMachine(const Config& config, const replay::LedgerState& state) {
  const replay::Contest* open = state.Open();
  if (open == nullptr || !config.machine_lock.empty() ||
      open->policy.policy.deployment == contest::Deployment::kOneMachine) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrFormat(
      "contest %s was opened for two-machine, and the configuration's machine_lock was taken out "
      "since: put it back",
      open->policy.policy.contest));
}

// Invalid when the configuration names none. A vault without one gives way to a vault with one.
absl::StatusOr<UniqueFd> TakeMachine(const Config& config) {
  if (config.machine_lock != kMachineLock) RETURN_IF_ERROR(CheckMachineFree(kMachineLock));
  if (config.machine_lock.empty()) return UniqueFd();
  return HoldMachine(config.machine_lock);
}

absl::StatusOr<Digest> BuildId() {
  constexpr size_t kLargestProgram = size_t{1} << 30;
  ASSIGN_OR_RETURN(const std::string program, ReadFile("/proc/self/exe", kLargestProgram));
  return Sha256(program);
}

// A file system that cannot reserve space would let a run's output meet a full disk.
absl::Status CheckReserving(const Layout& layout) {
  const std::string probe = layout.evidence() + "/probe";
  ::unlink(probe.c_str());
  const absl::StatusOr<UniqueFd> file = CreateForWrite(probe, 0600);
  const absl::Status reserved = file.ok() ? ReserveSpace(file->get(), 4096) : file.status();
  ::unlink(probe.c_str());
  // A full disk is no reason not to start: what waits must get its result.
  return absl::IsResourceExhausted(reserved) ? absl::OkStatus() : reserved;
}

Degraded DegradedWord(const Config& config, std::string_view mode) {
  return config.Allows(mode) ? Degraded::kYes : Degraded::kNo;
}

// The only words of a server that ended after START.
std::string_view StopText(StopReason why) {
  switch (why) {
    case StopReason::kAsked:
      return "stopped";
    case StopReason::kDiskFull:
      return "stopped: the disk is full. Make room and start again; nothing is lost";
    case StopReason::kLaneBroke:
      return "stopped: a lane broke. Start again; its runs are done anew";
    case StopReason::kLedgerDamaged:
      return "stopped: the stored ledger breaks its own rules. Do not delete it; see "
             "docs/OPERATIONS.md, Restore";
    case StopReason::kOther:
      return "stopped by an error. Start again; nothing is lost";
  }
  return "stopped";
}

struct Outside {
  std::vector<sandbox::Lane> lanes;
  UniqueFd listener;
  ServiceManager manager;
};

// What needs root or a network comes first, before a private row or the database is near.
absl::StatusOr<Outside> EnterConfinement(const Layout& layout, const Config& config) {
  ASSIGN_OR_RETURN(std::vector<sandbox::Lane> lanes, config.lane_sockets.empty()
                                                         ? StartLanes(layout, config)
                                                         : ConnectLanes(layout, config));
  SocketAccess access{.mode = 0600};
  if (config.front_group.has_value()) access = {.mode = 0660, .group = *config.front_group};
  ASSIGN_OR_RETURN(UniqueFd listener, ListenUnix(config.socket, access));
  ServiceManager manager = ServiceManager::FromEnvironment();
  RETURN_IF_ERROR(LeaveNetwork(config));
  if (config.user.has_value() && ::geteuid() == 0) {
    RETURN_IF_ERROR(BecomeUser(*config.user, {static_cast<gid_t>(*config.user)}));
  }
  RETURN_IF_ERROR(DenySocketsAndPrograms());
  return Outside{
      .lanes = std::move(lanes), .listener = std::move(listener), .manager = std::move(manager)};
}

}  // namespace

absl::Status Serve(const Layout& layout, const Config& config) {
  const EventLog log = EventLog::ToStandardError();
  if (::access(layout.labels().c_str(), F_OK) != 0) {
    return absl::FailedPreconditionError(
        "there is no data set: run `pinhole-vault data import` first");
  }
  log.Write(event::Configured{
      .lanes = static_cast<int64_t>(config.lane_count()),
      .lane_users = DegradedWord(config, "lane-users"),
      .network = DegradedWord(config, "network"),
      .cgroups = DegradedWord(config, "cgroups"),
      .machine_lock = config.machine_lock.empty() ? Degraded::kYes : Degraded::kNo});
  ASSIGN_OR_RETURN(const Digest build, BuildId());
  // Before any lane: from here on no other vault starts one.
  ASSIGN_OR_RETURN(const UniqueFd machine, TakeMachine(config));
  // Before the socket of a vault that serves could be taken away; root gives itself up only later.
  UniqueFd lock;
  if (!config.user.has_value() || ::geteuid() != 0) {
    ASSIGN_OR_RETURN(lock, LockFolder(layout));
  }
  ASSIGN_OR_RETURN(Outside outside, EnterConfinement(layout, config));
  if (!lock.valid()) {
    ASSIGN_OR_RETURN(lock, LockFolder(layout));
  }
  ASSIGN_OR_RETURN(const StopSignal stop, StopSignal::Block());
  RETURN_IF_ERROR(CheckReserving(layout));

  ASSIGN_OR_RETURN(storage::Database database, OpenDatabase(layout));
  ASSIGN_OR_RETURN(NoteSigner signer, ReadSigner(layout, config));
  ASSIGN_OR_RETURN(Vault vault, Vault::Open(database, std::move(signer), layout));
  RETURN_IF_ERROR(CheckDegraded(config, vault.state()));
  RETURN_IF_ERROR(CheckMachine(config, vault.state()));
  vault.KeepFree(config.KeepFreeBytes());
  RETURN_IF_ERROR(vault.Tidy());
  const replay::Contest* const open = vault.state().Open();
  const int64_t round = open == nullptr ? 0 : open->NextRound();
  RETURN_IF_ERROR(vault.Start(build, RandomBytes<32>()));
  if (open != nullptr && vault.state().Open() == nullptr)
    log.Write(event::ContestStopped{.round = round});
  Runner runner(std::move(outside.lanes), ProgramPath(config.scorer, "pinhole-scorer"), layout);
  PipeServer pipe(std::move(outside.listener));
  const SystemClock clock;
  log.Write(event::Serving{.ledger = vault.ledger().size()});
  outside.manager.Tell(ServiceState::kReady);
  absl::Status end = Server(vault, runner, pipe, layout, config, clock, stop, log).Run();
  outside.manager.Tell(ServiceState::kStopping);
  const StopReason why = StopReasonOf(end);
  if (why == StopReason::kAsked) log.Write(event::StopAsked{});
  if (why == StopReason::kDiskFull) log.Write(event::DiskFull{.use = DiskUse::kLedger});
  log.Write(event::Stopped{.why = why});
  if (end.ok()) return end;
  const std::string_view text = StopText(why);
  return absl::Status(end.code(), {text.data(), text.size()});
}

}  // namespace pinhole::vault
