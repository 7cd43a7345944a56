// The golden record: every line that sandbox/launcher/record.cc writes, with names where lanes
// differ.
#include "sandbox/record.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace pinhole::sandbox {
namespace {

using protocol::Accounting;
using protocol::Profile;

enum class When {
  kAlways,
  kModel,      // Profile::kStatic
  kScorer,     // Profile::kScorer
  kView,       // a model that has /data
  kPinned,     // the lane has a core
  kUnpinned,   // the lane has none
  kCounted,    // cgroups limit memory and tasks
  kUncounted,  // degraded: no cgroups
  kOwnUser,    // the lane's user is not root
  kRoot,       // degraded: the caller's user, and that is root
};

struct Line {
  When when;
  const char* text;
};

// The limits of a probe.
constexpr int64_t kMemoryBytes = int64_t{64} << 20;
constexpr int64_t kScratchBytes = int64_t{1} << 20;
constexpr int64_t kScratchInodes = 16;
constexpr int64_t kCpuSeconds = 5;

constexpr Line kGolden[] = {
    {When::kAlways, "personality: 00000000"},
    {When::kAlways, "Uid: {uid} {uid} {uid} {uid}"},
    {When::kAlways, "Gid: {gid} {gid} {gid} {gid}"},
    {When::kAlways, "Groups:{groups}"},
    {When::kAlways, "CapInh: 0000000000000000"},
    {When::kAlways, "CapPrm: 0000000000000000"},
    {When::kAlways, "CapEff: 0000000000000000"},
    {When::kAlways, "CapBnd: 0000000000000000"},
    {When::kAlways, "CapAmb: 0000000000000000"},
    {When::kAlways, "SigIgn: 0000000000000000"},
    {When::kAlways, "SigCgt: 0000000000000000"},
    {When::kPinned, "Cpus_allowed_list: {core}"},
    {When::kUnpinned, "Cpus_allowed_list: *"},
    {When::kAlways, "Threads: 1"},
    {When::kAlways, "uid_map: 1000 {uid} 1"},
    {When::kAlways, "gid_map: 1000 {gid} 1"},
    {When::kAlways, "setgroups: deny"},
    {When::kAlways, "oom_score_adj: 1000"},
    {When::kAlways, "limits: Max cpu time 6 6 seconds"},
    {When::kAlways, "limits: Max stack size 8388608 8388608 bytes"},
    {When::kAlways, "limits: Max core file size 0 0 bytes"},
    {When::kAlways, "limits: Max processes 1 1 processes"},
    {When::kAlways, "limits: Max open files 256 256 files"},
    {When::kAlways, "limits: Max locked memory 0 0 bytes"},
    {When::kAlways, "limits: Max pending signals 64 64 signals"},
    {When::kAlways, "limits: Max msgqueue size 0 0 bytes"},
    {When::kAlways, "limits: Max nice priority 0 0"},
    {When::kAlways, "limits: Max realtime priority 0 0"},
    {When::kUncounted, "limits: Max address space 67108864 67108864 bytes"},
    {When::kCounted, "memory group: holds it, at most 67108864"},
    {When::kCounted, "task group: holds it, at most 2"},  // the launcher is one
    {When::kAlways, "mount: / ro,nosuid,nodev,noexec size=4k nr_inodes=3 mode=555"},
    {When::kView, "mount: /data ro,nosuid,nodev,noexec"},
    {When::kModel, "mount: /tmp rw,nosuid,nodev,noexec size=1024k nr_inodes=16 mode=700"},
    {When::kAlways, "ns/user: its own"},
    {When::kAlways, "ns/mnt: its own"},
    {When::kAlways, "ns/pid: its own"},
    {When::kAlways, "ns/net: its own"},
    {When::kAlways, "ns/ipc: its own"},
    {When::kAlways, "ns/uts: its own"},
    {When::kAlways, "ns/cgroup: its own"},
    {When::kModel, "fd 0: pipe, reads"},
    {When::kScorer, "fd 0: memory file, reads"},
    {When::kAlways, "fd 1: pipe, writes"},
    {When::kAlways, "fd 2: /dev/null, writes"},
    {When::kScorer, "fd 3: memory file, reads"},
    {When::kAlways, "thread 0: NoNewPrivs 1, Seccomp 2, filters of its own 1"},
    {When::kOwnUser, "its files in /proc: not its user's"},
    {When::kRoot, "its files in /proc: its user's"},
    {When::kAlways, "session: its own"},
};

bool Holds(When when, const Promise& promise) {
  const bool model = promise.profile == Profile::kStatic;
  const bool counted = promise.accounting != Accounting::kNone;
  switch (when) {
    case When::kAlways:
      return true;
    case When::kModel:
      return model;
    case When::kScorer:
      return !model;
    case When::kView:
      return model && promise.view;
    case When::kPinned:
      return promise.core.has_value();
    case When::kUnpinned:
      return !promise.core.has_value();
    case When::kCounted:
      return counted;
    case When::kUncounted:
      return !counted;
    case When::kOwnUser:
      return promise.uid != 0;
    case When::kRoot:
      return promise.uid == 0;
  }
  return true;
}

bool Matches(std::string_view golden, std::string_view line) {
  if (!golden.ends_with('*')) return golden == line;
  golden.remove_suffix(1);
  return line.starts_with(golden);
}

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

protocol::Run ProbeRun(Profile profile) {
  protocol::Run run;
  run.profile = profile;
  run.cpu_seconds = kCpuSeconds;
  run.memory_bytes = kMemoryBytes;
  run.threads = 1;
  run.scratch_bytes = kScratchBytes;
  run.scratch_inodes = kScratchInodes;
  return run;
}

std::vector<std::string> GoldenRecord(const Promise& promise) {
  std::string groups;
  for (gid_t group : promise.groups) {
    if (group != promise.gid) absl::StrAppend(&groups, " ", group);
  }
  const std::string uid = absl::StrCat(promise.uid);
  const std::string gid = absl::StrCat(promise.gid);
  const std::string core = absl::StrCat(promise.core.value_or(-1));
  std::vector<std::string> lines;
  for (const Line& line : kGolden) {
    if (!Holds(line.when, promise)) continue;
    lines.push_back(absl::StrReplaceAll(
        line.text, {{"{uid}", uid}, {"{gid}", gid}, {"{groups}", groups}, {"{core}", core}}));
  }
  return lines;
}

absl::Status CheckRecord(const Promise& promise, std::string_view record) {
  const std::vector<std::string> golden = GoldenRecord(promise);
  const std::vector<std::string> found = LinesOf(record);
  for (size_t i = 0; i < std::max(golden.size(), found.size()); ++i) {
    if (i < golden.size() && i < found.size() && Matches(golden[i], found[i])) continue;
    return absl::FailedPreconditionError(absl::StrFormat(
        "the %s's box is not as promised: expected \"%s\", found \"%s\" (line %d of its record)",
        promise.profile == Profile::kStatic ? "model" : "scorer",
        i < golden.size() ? golden[i] : "no more", i < found.size() ? found[i] : "no more", i + 1));
  }
  return absl::OkStatus();
}

}  // namespace pinhole::sandbox
