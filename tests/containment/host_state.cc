// What a box must leave as it was, read from /proc and the file system.
#include "tests/containment/host_state.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

#include "absl/strings/str_format.h"
#include "tests/containment/processes.h"

namespace pinhole::sandbox {
namespace {

namespace fs = std::filesystem;

std::string Bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Digest(const std::string& path) {
  return absl::StrFormat("%d", std::hash<std::string>{}(Bytes(path)));
}

// Processes whose real user it is.
std::string ProcessesOf(uid_t user) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string status = Bytes(entry.path() / "status");  // empty: it has ended
    if (status.find(absl::StrFormat("\nUid:\t%d\t", user)) != std::string::npos) ++count;
  }
  return std::to_string(count);
}

// "usage nkeys/nikeys qnkeys/max qnbytes/max"; absent when the user has none.
std::string KeysOf(uid_t user) {
  std::istringstream lines(Bytes("/proc/key-users"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name, usage, counts, quota;
    fields >> name >> usage >> counts >> quota;
    if (name == absl::StrFormat("%d:", user)) return counts + " " + quota;
  }
  return "none";
}

// Mounts of this process but for the counters that the kernel gives them.
std::string Mounts() {
  std::istringstream lines(Bytes("/proc/self/mountinfo"));
  std::string text;
  for (std::string line; std::getline(lines, line);) text += line + "\n";
  return text;
}

std::string GroupsOf(pid_t launcher) {
  std::string text;
  std::istringstream lines(Bytes(absl::StrFormat("/proc/%d/cgroup", launcher)));
  for (std::string line; std::getline(lines, line);) {
    const bool memory = line.find(":memory:") != std::string::npos;
    const bool tasks = line.find(":pids:") != std::string::npos;
    if (!memory && !tasks) continue;
    const std::string path =
        (memory ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup/pids") + line.substr(line.find('/'));
    int below = 0;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path, error)) below += entry.is_directory();
    text += absl::StrFormat("%s: %d below, tasks %s", line, below, Bytes(path + "/pids.current"));
  }
  return text;
}

std::string Files(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat status {};
    if (lstat(entry.path().c_str(), &status) != 0) continue;
    files[entry.path().string()] = absl::StrFormat(
        "%o %d %d %d.%09d %s", status.st_mode, status.st_uid, status.st_gid, status.st_mtim.tv_sec,
        status.st_mtim.tv_nsec, Digest(entry.path().string()));
  }
  std::string text;
  for (const auto& [name, facts] : files) text += name + " " + facts + "\n";
  return text;
}

}  // namespace

std::map<std::string, std::string> HostState(pid_t launcher, uid_t user, const std::string& view,
                                             const std::string& launcher_path) {
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  return {
      {"descriptors of the client", std::to_string(OpenDescriptors(getpid()))},
      {"descriptors of the launcher", std::to_string(OpenDescriptors(launcher))},
      {"children of the launcher", std::to_string(Children(launcher).size())},
      {"processes of the lane's user", ProcessesOf(user)},
      {"keys of the lane's user", KeysOf(user)},
      {"mounts", Mounts()},
      {"cgroups of the lane", GroupsOf(launcher)},
      {"host name", host},
      {"the view", Files(view)},
      {"the launcher", Digest(launcher_path)},
  };
}

long KernelObjects(const std::string& cache) {
  std::istringstream lines(Bytes("/proc/slabinfo"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name;
    long active = -1;
    fields >> name >> active;
    if (name == cache) return active;
  }
  return -1;
}

}  // namespace pinhole::sandbox
