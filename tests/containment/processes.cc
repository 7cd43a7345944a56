// Looks at a box's processes from outside, through /proc.
#include "tests/containment/processes.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_format.h"
#include "sandbox/launcher/record.h"

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

pid_t ParentOf(pid_t process) {
  std::ifstream file(absl::StrFormat("/proc/%d/status", process));
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("PPid:", 0) == 0) return static_cast<pid_t>(std::stol(line.substr(5)));
  }
  return -1;
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
  launcher::Record record;
  launcher::BeginRecord(box, &record);
  launcher::FinishRecord(ParentOf(box), box, launcher::Groups(), &record);
  std::set<std::string> facts;
  std::istringstream lines(std::string(record.text, record.length));
  for (std::string line; std::getline(lines, line);) facts.insert(line);
  return facts;
}

}  // namespace pinhole::sandbox
