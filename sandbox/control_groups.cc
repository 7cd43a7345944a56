// The cgroups of one lane, version 1 (a tree a controller) and version 2 (one tree).
#include "sandbox/control_groups.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace pinhole::sandbox {
namespace {

using protocol::Accounting;

constexpr absl::Duration kEmptyingPatience = absl::Seconds(5);
// A sweep of another lane's start holds a lock for moments only.
constexpr absl::Duration kLockPatience = absl::Milliseconds(500);
constexpr size_t kMostNameBytes = 40;

bool GoodName(std::string_view name) {
  return !name.empty() && name.size() <= kMostNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::string Join(std::string_view left, std::string_view right) {
  return absl::StrFormat("%s/%s", left, right);
}

std::string ReadAt(int directory, const char* name) {
  UniqueFd file(::openat(directory, name, O_RDONLY | O_CLOEXEC));
  std::string text;
  char chunk[4096];
  for (ssize_t got = 0; file.valid() && (got = ::read(file.get(), chunk, sizeof chunk)) > 0;) {
    text.append(chunk, static_cast<size_t>(got));
  }
  return text;
}

std::string ReadPath(const std::string& path) { return ReadAt(AT_FDCWD, path.c_str()); }

absl::Status WriteAt(int directory, const std::string& name, std::string_view text) {
  UniqueFd file(::openat(directory, name.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid() || ::write(file.get(), text.data(), text.size()) < 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("write %s to %s of a cgroup", text, name));
  }
  return absl::OkStatus();
}

bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || text[at - 1] == ' ';
    const size_t end = at + word.size();
    if (begins && (end == text.size() || text[end] == ' ' || text[end] == '\n')) return true;
  }
  return false;
}

bool IsDirectory(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// Lanes look into their groups as users of their own, whatever a unit's UMask= says.
absl::Status MakeDirectory(const std::string& path) {
  constexpr mode_t kMode = 0755;
  const bool made = ::mkdir(path.c_str(), kMode) == 0;
  if ((!made && errno != EEXIST) || (made && ::chmod(path.c_str(), kMode) != 0)) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("make the cgroup %s", path));
  }
  return absl::OkStatus();
}

bool LockWithin(int directory, absl::Duration patience) {
  const absl::Time give_up = absl::Now() + patience;
  while (::flock(directory, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || absl::Now() > give_up) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

// Opens and locks the group. A group that its last owner removed between the two is made again.
absl::StatusOr<UniqueFd> MakeAndLock(const std::string& path) {
  for (;;) {
    if (absl::Status status = MakeDirectory(path); !status.ok()) return status;
    UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.valid() && errno == ENOENT) continue;
    if (!directory.valid()) {
      return absl::ErrnoToStatus(errno, absl::StrFormat("open the cgroup %s", path));
    }
    if (!LockWithin(directory.get(), kLockPatience)) {
      return absl::FailedPreconditionError(absl::StrFormat(
          "another process holds the cgroup %s; give this lane another cgroup_name", path));
    }
    struct stat held {};
    struct stat named {};
    if (::fstat(directory.get(), &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
        held.st_ino == named.st_ino) {
      return directory;
    }
  }
}

// Kills until nobody is inside; a dying process stays listed for a moment.
absl::Status Empty(int directory, std::string_view path) {
  const absl::Time give_up = absl::Now() + kEmptyingPatience;
  for (;;) {
    const std::string processes = ReadAt(directory, "cgroup.procs");
    if (processes.empty()) return absl::OkStatus();
    for (const char* at = processes.c_str(); *at != '\0';) {
      char* end = nullptr;
      const long process = std::strtol(at, &end, 10);
      if (end == at) break;
      if (process > 0) ::kill(static_cast<pid_t>(process), SIGKILL);
      at = *end == '\n' ? end + 1 : end;
    }
    if (absl::Now() > give_up) {
      return absl::DeadlineExceededError(
          absl::StrFormat("processes in the cgroup %s do not end", path));
    }
    absl::SleepFor(absl::Milliseconds(1));
  }
}

// A group can be busy for a moment after its last process is gone.
void RemoveGroup(const std::string& path, int directory) {
  if (path.empty() || !Empty(directory, path).ok()) return;
  const absl::Time give_up = absl::Now() + kEmptyingPatience;
  while (::rmdir(path.c_str()) != 0 && errno == EBUSY && absl::Now() < give_up) {
    absl::SleepFor(absl::Milliseconds(1));
  }
}

// Removes the empty groups whose owners died without doing so: those that nobody locks. One that is
// not empty is left to the next lane of its name, which ends what is inside.
void Sweep(const std::string& top) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(top, error)) {
    if (!entry.is_directory(error)) continue;
    UniqueFd directory(::open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.valid() && ::flock(directory.get(), LOCK_EX | LOCK_NB) == 0 &&
        ReadAt(directory.get(), "cgroup.procs").empty()) {
      ::rmdir(entry.path().c_str());
    }
  }
}

// A file that this kernel lacks is not given; the launcher copes with its absence.
absl::Status Give(int directory, const char* file, uid_t uid) {
  if (::fchownat(directory, file, uid, static_cast<gid_t>(-1), 0) != 0 && errno != ENOENT) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("give %s of a cgroup to uid %d", file, uid));
  }
  return absl::OkStatus();
}

absl::Status GiveAll(int directory, std::initializer_list<const char*> files, uid_t uid) {
  for (const char* file : files) {
    if (absl::Status status = Give(directory, file, uid); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status PassControllersOn(const std::string& group) {
  return WriteAt(AT_FDCWD, Join(group, "cgroup.subtree_control"), "+memory +pids");
}

}  // namespace

Accounting DetectAccounting(std::string_view root) {
  const std::string controllers = ReadPath(Join(root, "cgroup.controllers"));
  if (HasWord(controllers, "memory") && HasWord(controllers, "pids")) return Accounting::kVersion2;
  if (IsDirectory(Join(root, "memory")) && IsDirectory(Join(root, "pids")) &&
      !ReadPath(Join(root, "memory/memory.limit_in_bytes")).empty()) {
    return Accounting::kVersion1;
  }
  return Accounting::kNone;
}

absl::StatusOr<std::string> EnterDelegatedLeaf(std::string_view root,
                                               std::string_view proc_self_cgroup) {
  const auto refuse = [](const std::string& what) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "cgroup = \"delegated\" needs a unit with Delegate=yes on a cgroup version 2 machine: %s",
        what));
  };
  std::string_view path;
  for (std::string_view rest = proc_self_cgroup; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.substr(0, 3) == "0::") path = line.substr(3);
  }
  if (path.size() < 2) return refuse("this process is in no group of its own");
  const std::string group = absl::StrFormat("%s%s", root, path);
  if (DetectAccounting(group) != Accounting::kVersion2) {
    return refuse(absl::StrFormat("%s has no memory and pids controllers", group));
  }
  const std::string leaf = Join(group, "vault");
  if (absl::Status status = MakeDirectory(leaf); !status.ok())
    return refuse(std::string(status.message()));
  if (absl::Status status =
          WriteAt(AT_FDCWD, Join(leaf, "cgroup.procs"), absl::StrFormat("%d", ::getpid()));
      !status.ok()) {
    return refuse(std::string(status.message()));
  }
  return group;
}

absl::StatusOr<ControlGroups> ControlGroups::Create(std::string_view root, std::string_view name,
                                                    uid_t uid) {
  if (!GoodName(name)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("cgroup_name \"%s\": use 1 to 40 of a-z, 0-9 and the hyphen", name));
  }
  ControlGroups groups;
  groups.accounting_ = DetectAccounting(root);
  if (groups.accounting_ == Accounting::kNone) {
    return absl::FailedPreconditionError(
        absl::StrFormat("no memory and pids controllers under %s: memory of a box cannot be "
                        "limited; leave cgroup_name "
                        "empty to run in the degraded mode",
                        root));
  }
  const bool version1 = groups.accounting_ == Accounting::kVersion1;
  const std::string memory_top =
      Join(version1 ? Join(root, "memory") : std::string(root), "pinhole");
  const std::string pids_top = Join(Join(root, "pids"), "pinhole");
  if (absl::Status status = MakeDirectory(memory_top); !status.ok()) return status;
  if (!version1) {
    for (const std::string& group : {std::string(root), memory_top}) {
      if (absl::Status status = PassControllersOn(group); !status.ok()) return status;
    }
  }
  Sweep(memory_top);
  if (version1) Sweep(pids_top);
  absl::StatusOr<UniqueFd> memory = MakeAndLock(Join(memory_top, name));
  if (!memory.ok()) return memory.status();
  groups.memory_ = *std::move(memory);
  groups.memory_path_ = Join(memory_top, name);
  absl::Status status = Empty(groups.memory_.get(), groups.memory_path_);
  if (status.ok() && version1) status = MakeDirectory(pids_top);
  if (!status.ok()) return status;
  if (version1) {
    absl::StatusOr<UniqueFd> pids = MakeAndLock(Join(pids_top, name));
    if (!pids.ok()) return pids.status();
    groups.pids_ = *std::move(pids);
    groups.pids_path_ = Join(pids_top, name);
    status = Empty(groups.pids_.get(), groups.pids_path_);
  }
  if (status.ok()) {
    status = GiveAll(groups.memory_directory(),
                     {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes",
                      "memory.max_usage_in_bytes", "memory.max", "memory.swap.max"},
                     uid);
  }
  if (status.ok()) status = Give(groups.pids_directory(), "pids.max", uid);
  if (!status.ok()) return status;
  return groups;
}

ControlGroups::ControlGroups(ControlGroups&& other) noexcept { *this = std::move(other); }

ControlGroups& ControlGroups::operator=(ControlGroups&& other) noexcept {
  Remove();
  accounting_ = std::exchange(other.accounting_, Accounting::kNone);
  memory_path_ = std::exchange(other.memory_path_, {});
  pids_path_ = std::exchange(other.pids_path_, {});
  memory_ = std::move(other.memory_);
  pids_ = std::move(other.pids_);
  return *this;
}

ControlGroups::~ControlGroups() { Remove(); }

// The lock is held until the directory is gone.
void ControlGroups::Remove() {
  RemoveGroup(pids_path_, pids_.get());
  RemoveGroup(memory_path_, memory_.get());
  memory_.Reset();
  pids_.Reset();
}

absl::Status ControlGroups::Enter(pid_t process) const {
  const std::string text = absl::StrFormat("%d", process);
  if (accounting_ == Accounting::kNone) return absl::OkStatus();
  absl::Status status = WriteAt(memory_.get(), "cgroup.procs", text);
  if (status.ok() && pids_.valid()) status = WriteAt(pids_.get(), "cgroup.procs", text);
  return status;
}

}  // namespace pinhole::sandbox
