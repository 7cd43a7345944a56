// The child's side of its new namespaces: the clone made them, these steps make them the box's.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/launcher/steps.h"

namespace pinhole::sandbox::launcher {
namespace {

using protocol::Stage;

constexpr unsigned kInsideId = 1000;

void WriteFile(const char* path, const char* text, Stage stage) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) Fail(stage, errno);
  const auto length = static_cast<ssize_t>(strlen(text));
  if (write(file, text, static_cast<size_t>(length)) != length) Fail(stage, errno);
  close(file);
}

void MapIds(const Plan& plan) {
  char line[64];
  WriteFile("/proc/self/setgroups", "deny", Stage::kIdMaps);
  snprintf(line, sizeof line, "%u %u 1", kInsideId, plan.gid);
  WriteFile("/proc/self/gid_map", line, Stage::kIdMaps);
  snprintf(line, sizeof line, "%u %u 1", kInsideId, plan.uid);
  WriteFile("/proc/self/uid_map", line, Stage::kIdMaps);
}

}  // namespace

void EnterNamespaces(const Plan& plan) {
  // If the launcher died before this line, nobody says go, and the child ends there.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) Fail(Stage::kParentDeath, errno);
  MapIds(plan);
  WriteFile("/proc/self/oom_score_adj", "1000", Stage::kBadness);
  if (sethostname("box", 3) != 0) Fail(Stage::kHostName, errno);
  if (setdomainname("(none)", 6) != 0) Fail(Stage::kHostName, errno);
  if (setsid() < 0) Fail(Stage::kHostName, errno);
  if (personality(0) < 0) Fail(Stage::kHostName, errno);
  umask(077);
}

}  // namespace pinhole::sandbox::launcher
