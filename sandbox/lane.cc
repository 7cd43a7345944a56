// A lane's life: start the launcher, put it in its cgroups, tell it who it is; and its end.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"
#include "sandbox/lane_impl.h"
#include "sandbox/packet.h"
#include "sandbox/unchecked.h"

namespace pinhole::sandbox {
namespace {

constexpr int kGreetingPatienceMillis = 10'000;
constexpr int kFarewellPatienceMillis = 2'000;

absl::Status Check(const LaneConfig& config) {
  if (config.launcher_path.empty()) {
    return absl::InvalidArgumentError("launcher_path is empty; it names the pinhole-box program");
  }
  if (config.uid.has_value() != config.gid.has_value() ||
      (config.view_gid.has_value() && !config.uid.has_value())) {
    return absl::InvalidArgumentError(
        "a lane's uid and gid are given together, and view_gid only with them");
  }
  if (config.uid.has_value() && (*config.uid == 0 || *config.gid == 0)) {
    return absl::InvalidArgumentError("a lane's uid and gid cannot be 0");
  }
  if (config.uid.has_value() && ::geteuid() != 0) {
    return absl::FailedPreconditionError(
        "only root can start a lane under another uid; leave uid and gid out to run in the "
        "degraded mode");
  }
  if (config.view_path.size() >= protocol::kPathBytes ||
      (!config.view_path.empty() && config.view_path[0] != '/')) {
    return absl::InvalidArgumentError("view_path has to be absolute and shorter than 4096 bytes");
  }
  return absl::OkStatus();
}

// posix_spawn does not copy the caller's address space, however large it is, and nothing of the
// caller's survives in the launcher: no environment, no signal settings, no terminal, and of the
// descriptors only the socket.
absl::StatusOr<pid_t> Spawn(const std::string& path, int socket) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  // The socket first: it might itself stand at one of the lower numbers.
  ::posix_spawn_file_actions_adddup2(&actions, socket, protocol::kControlFd);
  for (int fd = 0; fd < protocol::kControlFd; ++fd) {
    ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  }
  sigset_t all;
  sigset_t none;
  sigfillset(&all);
  sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  char name[] = "pinhole-box";
  char* const arguments[] = {name, nullptr};
  char* const environment[] = {nullptr};
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, path.c_str(), &actions, &attributes, arguments, environment);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) return absl::ErrnoToStatus(error, absl::StrFormat("start the launcher %s", path));
  return pid;
}

protocol::Hello MakeHello(const LaneConfig& config, protocol::Accounting accounting) {
  protocol::Hello hello;
  if (config.uid.has_value()) {
    hello.uid = *config.uid;
    hello.gid = *config.gid;
    hello.view_gid = config.view_gid.value_or(protocol::kNoId);
  }
  hello.core = config.core.value_or(-1);
  hello.accounting = accounting;
  std::memcpy(hello.view_path, config.view_path.data(), config.view_path.size());
  return hello;
}

bool AwaitEnd(const UniqueFd& process, int patience_millis) {
  pollfd event{process.get(), POLLIN, 0};
  return process.valid() && ::poll(&event, 1, patience_millis) == 1;
}

}  // namespace

absl::StatusOr<Lane> Lane::Start(const LaneConfig& config) {
  absl::StatusOr<Lane> lane = StartUnchecked(config);
  if (!lane.ok()) return lane.status();
  const Promise promise = PromiseOf(config, lane->impl_->accounting());
  if (absl::Status status = lane->impl_->CheckBoxes(promise); !status.ok()) return status;
  return lane;
}

absl::StatusOr<Lane> StartUnchecked(const LaneConfig& config) {
  if (absl::Status status = Check(config); !status.ok()) return status;
  ControlGroups groups;
  if (!config.cgroup_name.empty()) {
    absl::StatusOr<ControlGroups> created = ControlGroups::Create(
        config.cgroup_root, config.cgroup_name, config.uid.value_or(::geteuid()));
    if (!created.ok()) return created.status();
    groups = *std::move(created);
  }
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::ErrnoToStatus(errno, "make the lane's socket");
  }
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  absl::StatusOr<pid_t> pid = Spawn(config.launcher_path, theirs.get());
  if (!pid.ok()) return pid.status();
  theirs.Reset();
  auto impl = std::make_unique<Lane::Impl>(std::move(groups), std::move(ours), *pid);
  if (absl::Status status = impl->Greet(config); !status.ok()) return status;
  return Lane(std::move(impl));
}

absl::Status Lane::Impl::Greet(const LaneConfig& config) {
  if (absl::Status status = NameSenders(socket_.get()); !status.ok()) return status;
  // Before the hello, so that whatever the launcher does is counted in its own groups.
  if (absl::Status status = groups_.Enter(*child_); !status.ok()) return status;
  const protocol::Hello hello = MakeHello(config, groups_.accounting());
  const int directories[] = {groups_.memory_directory(), groups_.pids_directory()};
  const bool counted = groups_.accounting() != protocol::Accounting::kNone;
  const absl::Status sent =
      SendPacket(socket_.get(), std::as_bytes(std::span(&hello, 1)),
                 counted ? std::span<const int>(directories) : std::span<const int>());

  return Hear(sent, config.launcher_path);
}

absl::Status Lane::Impl::Hear(const absl::Status& sent, std::string_view launcher) {
  pollfd event{socket_.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&event, 1, kGreetingPatienceMillis);
  } while (ready < 0 && errno == EINTR);
  protocol::HelloReply reply;
  absl::StatusOr<size_t> length = 0;
  Sender sender{};
  if (ready == 1) {
    length = ReceivePacket(socket_.get(), std::as_writable_bytes(std::span(&reply, 1)), &sender);
  }
  // However it fell silent: what was started is no launcher, or not of this build.
  if (!sent.ok() || !length.ok() || *length != sizeof reply ||
      reply.header.version != protocol::kVersion) {
    return absl::UnavailableError(absl::StrFormat(
        "the launcher %s did not answer; is it the pinhole-box of this build?", launcher));
  }
  if (reply.stage != protocol::Stage::kNone) {
    return absl::FailedPreconditionError(
        absl::StrFormat("the lane did not start: %s", DescribeStage(reply.stage, reply.error)));
  }
  launcher_ = sender;
  accounting_ = reply.accounting;
  facts_ = {.pid = sender.pid,
            .uid = sender.uid,
            .memory_limited = reply.accounting != protocol::Accounting::kNone,
            .record = {}};
  return absl::OkStatus();
}

Lane::Impl::~Impl() {
  socket_.Reset();
  if (!child_.has_value()) {
    AwaitEnd(process_, kFarewellPatienceMillis);
    return;
  }
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, *child_, 0)));
  if (!AwaitEnd(process, kFarewellPatienceMillis)) ::kill(*child_, SIGKILL);
  while (::waitpid(*child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Lane::Lane(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Lane::Lane(Lane&&) noexcept = default;
Lane& Lane::operator=(Lane&&) noexcept = default;
Lane::~Lane() = default;

absl::StatusOr<BoxReport> Lane::Run(const BoxSpec& spec, BoxFds fds) {
  return impl_->Run(spec, std::move(fds));
}

const LaneFacts& Lane::facts() const { return impl_->facts(); }

}  // namespace pinhole::sandbox
