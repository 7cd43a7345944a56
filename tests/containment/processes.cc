// Looks at a box's processes from outside, through /proc.
#include "tests/containment/processes.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_format.h"

namespace pinhole::sandbox {
namespace {

std::string Text(pid_t process, const char* name) {
  std::ifstream file(absl::StrFormat("/proc/%d/%s", process, name));
  return {std::istreambuf_iterator<char>(file), {}};
}

// Words of a line, one space between two.
std::string Squeezed(const std::string& line) {
  std::istringstream words(line);
  std::string text;
  for (std::string word; words >> word;) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Lines of a status file that `wanted` begins.
void AddStatus(const std::string& text, const std::set<std::string>& wanted,
               std::set<std::string>* record) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (wanted.count(line.substr(0, line.find(':'))) != 0) record->insert(Squeezed(line));
  }
}

void AddLines(pid_t box, const char* name, std::set<std::string>* record) {
  std::istringstream lines(Text(box, name));
  for (std::string line; std::getline(lines, line);) {
    record->insert(absl::StrFormat("%s: %s", name, Squeezed(line)));
  }
}

void AddMounts(pid_t box, std::set<std::string>* record) {
  std::istringstream mounts(Text(box, "mountinfo"));
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string id, parent, device, root, point, options;
    fields >> id >> parent >> device >> root >> point >> options;
    record->insert(
        absl::StrFormat("mount: %s %s", point, options.substr(0, options.find(",relatime"))));
  }
}

void AddNamespaces(pid_t box, std::set<std::string>* record) {
  for (const char* space : {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    std::error_code error;
    const std::string path = absl::StrFormat("ns/%s", space);
    const auto its =
        std::filesystem::read_symlink(absl::StrFormat("/proc/%d/%s", box, path), error);
    const auto ours = std::filesystem::read_symlink("/proc/self/" + path, error);
    record->insert(absl::StrFormat("%s: %s", path, its == ours ? "the host's" : "its own"));
  }
}

void AddDescriptors(pid_t box, std::set<std::string>* record) {
  for (const auto& entry :
       std::filesystem::directory_iterator(absl::StrFormat("/proc/%d/fd", box))) {
    const std::string target = std::filesystem::read_symlink(entry.path()).string();
    record->insert(absl::StrFormat("fd %s: %s", entry.path().filename().string(),
                                   target.substr(0, target.find(':'))));
  }
}

void AddThreads(pid_t box, std::set<std::string>* record) {
  int number = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(absl::StrFormat("/proc/%d/task", box))) {
    std::ifstream file(entry.path() / "status");
    std::set<std::string> facts;
    AddStatus({std::istreambuf_iterator<char>(file), {}},
              {"Seccomp", "Seccomp_filters", "NoNewPrivs"}, &facts);
    std::string line = absl::StrFormat("thread %d:", number++);
    for (const std::string& fact : facts) line += " " + fact;
    record->insert(line);
  }
}

}  // namespace

std::set<pid_t> Children(pid_t parent) {
  std::ifstream file(absl::StrFormat("/proc/%d/task/%d/children", parent, parent));
  std::set<pid_t> children;
  for (pid_t child; file >> child;) children.insert(child);
  return children;
}

pid_t AwaitBox(pid_t launcher, int threads) {
  pid_t box = -1;
  const std::string count = absl::StrFormat("Threads:\t%d\n", threads);
  Await([&] {
    const std::set<pid_t> children = Children(launcher);
    if (children.empty()) return false;
    // Until it executes the program it has its launcher's memory and rights; then it is "model" or
    // a number, never its launcher's name.
    const std::string name = Squeezed(Text(*children.begin(), "comm"));
    if (name.empty() || name.rfind("pinhole-box", 0) == 0) return false;
    if (Text(*children.begin(), "status").find(count) == std::string::npos) return false;
    box = *children.begin();
    return true;
  });
  return box;
}

UniqueFd Handle(pid_t process) {
  return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
}

bool EndsSoon(const UniqueFd& process) {
  pollfd event{process.get(), POLLIN, 0};
  return poll(&event, 1, static_cast<int>(absl::ToInt64Milliseconds(kPatience))) == 1;
}

size_t OpenDescriptors(pid_t process) {
  return static_cast<size_t>(std::distance(
      std::filesystem::directory_iterator(absl::StrFormat("/proc/%d/fd", process)), {}));
}

std::set<std::string> RecordOf(pid_t box) {
  std::set<std::string> record;
  // Not SigBlk: the C library blocks signals for the moment in which it makes a thread.
  AddStatus(Text(box, "status"),
            {"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "Threads",
             "SigIgn", "SigCgt", "CoreDumping", "THP_enabled"},
            &record);
  for (const char* name :
       {"limits", "uid_map", "gid_map", "setgroups", "oom_score_adj", "personality"}) {
    AddLines(box, name, &record);
  }
  AddMounts(box, &record);
  AddNamespaces(box, &record);
  AddDescriptors(box, &record);
  AddThreads(box, &record);
  struct stat file {};
  const std::string path = absl::StrFormat("/proc/%d/status", box);
  if (stat(path.c_str(), &file) == 0) {
    record.insert(absl::StrFormat("owner of its status: %d", file.st_uid));
  }
  record.insert(absl::StrFormat("session: %s", getsid(box) == box ? "its own" : "another's"));
  std::istringstream groups(Text(box, "cgroup"));
  for (std::string line; std::getline(groups, line);) {
    const std::string folder_name = line.substr(line.rfind('/') + 1);
    for (const char* controller : {":memory:", ":pids:", "0::"}) {
      if (line.find(controller) == std::string::npos) continue;
      record.insert(absl::StrFormat("cgroup%s %s", controller,
                                    folder_name.empty() ? "the root" : "the lane's"));
    }
  }
  return record;
}

}  // namespace pinhole::sandbox
