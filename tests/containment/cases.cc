// The words of the table, and the box in which its rows run.
#include "tests/containment/cases.h"

#include <string.h>

#include "absl/strings/str_format.h"
#include "sandbox/explain.h"

namespace pinhole::sandbox {
namespace {

constexpr int64_t kMebibyte = int64_t{1} << 20;

}  // namespace

BoxSpec SmallBox() {
  BoxSpec spec;
  spec.wall = absl::Seconds(10);
  spec.cpu_seconds = 5;
  spec.memory_bytes = 64 * kMebibyte;
  spec.threads = 4;
  spec.output_bytes = 2 * kMebibyte;
  spec.diagnostics_bytes = kMebibyte;
  spec.scratch_bytes = 8 * kMebibyte;
  spec.scratch_inodes = 64;
  return spec;
}

std::string_view LayerName(Layer layer) {
  switch (layer) {
    case Layer::kFilter:
      return "filter";
    case Layer::kRoot:
      return "empty root";
    case Layer::kReadOnly:
      return "mounts";
    case Layer::kNamespace:
      return "namespaces";
    case Layer::kCgroup:
      return "cgroup";
    case Layer::kRlimit:
      return "rlimit";
    case Layer::kScratch:
      return "size of /tmp";
    case Layer::kClock:
      return "launcher's clock";
    case Layer::kPipe:
      return "pipe";
    case Layer::kKernel:
      return "kernel";
  }
  return "";
}

std::string_view OutsideName(Outside outside) {
  switch (outside) {
    case Outside::kSucceeds:
      return "succeeds";
    case Outside::kReachesKernel:
      return "reaches the kernel";
    case Outside::kIfKernelHas:
      return "as the kernel is built";
    case Outside::kGate:
      return "as the kernel's gate is";
    case Outside::kHarms:
      return "not run: harms";
    case Outside::kNoAttack:
      return "nothing to refuse";
  }
  return "";
}

std::string VerdictText(const Case& row) {
  if (row.outcome == Outcome::kForbiddenCall) {
    const std::string_view name = SyscallName(row.detail);
    if (name.empty()) return "killed";
    return absl::StrFormat("killed at %s", name);
  }
  if (row.outcome == Outcome::kSignaled) {
    return absl::StrFormat("ended by SIG%s", ::sigabbrev_np(row.detail));
  }
  if (row.outcome != Outcome::kExited) return std::string(OutcomeName(row.outcome));
  const char* const error = ::strerrorname_np(row.detail);
  if (row.detail == 0 || error == nullptr) return absl::StrFormat("exits, %d", row.detail);
  return absl::StrFormat("exits, %s", error);
}

}  // namespace pinhole::sandbox
