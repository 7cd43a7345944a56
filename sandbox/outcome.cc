// Names of outcomes, and what a failed stage means to the operator.
#include <cstring>

#include "absl/strings/str_format.h"
#include "sandbox/lane_impl.h"

namespace pinhole::sandbox {
namespace {

using protocol::Stage;

struct StageText {
  const char* step;
  const char* advice;
};

StageText Text(Stage stage) {
  constexpr const char* kNamespaces =
      "user namespaces have to be allowed for this user (user.max_user_namespaces, "
      "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)";
  constexpr const char* kKernel =
      "Linux 5.14 or newer is needed; pinhole-vault doctor shows what is missing";
  switch (stage) {
    case Stage::kNone:
      return {"nothing failed", ""};
    case Stage::kProtocol:
      return {"talk to the launcher", "client and launcher have to come from one build"};
    case Stage::kIdentity:
      return {"take the lane's uid, gid and core", "check the lane's numbers"};
    case Stage::kAccounting:
      return {"set the limits of the lane's cgroups",
              "check that the cgroups are there and not shared"};
    case Stage::kFilterBuild:
      return {"compile the system call filter", kKernel};
    case Stage::kClone:
      return {"create the namespaces", kNamespaces};
    case Stage::kParentDeath:
      return {"tie the box to its launcher", kKernel};
    case Stage::kIdMaps:
      return {"map the box's uid and gid", kNamespaces};
    case Stage::kBadness:
      return {"make the box the first to be killed", "/proc has to be mounted and writable"};
    case Stage::kMountPrivate:
      return {"make the mounts private", kNamespaces};
    case Stage::kRootMount:
      return {"mount the empty root", kKernel};
    case Stage::kViewMount:
      return {"mount the view at /data",
              "the lane's uid or view_gid has to be able to reach and read view_path"};
    case Stage::kScratchMount:
      return {"mount /tmp", kKernel};
    case Stage::kRootPivot:
      return {"enter the empty root", kKernel};
    case Stage::kRootReadOnly:
      return {"make the root read-only", kKernel};
    case Stage::kHostName:
      return {"set the constant host name", kNamespaces};
    case Stage::kLimits:
      return {"set the resource limits", "1024 open files have to be allowed"};
    case Stage::kCapabilities:
      return {"drop the capabilities", kKernel};
    case Stage::kNoNewPrivileges:
      return {"refuse new privileges", kKernel};
    case Stage::kLandlock:
      return {"restrict files with Landlock", kKernel};
    case Stage::kSignals:
      return {"reset the signals", kKernel};
    case Stage::kDescriptors:
      return {"arrange the descriptors", kKernel};
    case Stage::kFilterLoad:
      return {"load the system call filter", "the kernel needs CONFIG_SECCOMP_FILTER"};
    case Stage::kFilterListener:
      return {"listen for refused calls", kKernel};
    case Stage::kProgramSeals:
      return {"check the seals of the program", "the launcher takes a sealed image only"};
    case Stage::kExec:
      return {"execute the program", "it has to be a static ELF program for x86-64"};
    case Stage::kWait:
      return {"wait for the box", "it ended before its program began"};
    case Stage::kRecord:
      return {"write down what the box is", "the vault's memory has to suffice"};
  }
  return {"do an unknown step", "client and launcher have to come from one build"};
}

}  // namespace

std::string DescribeStage(protocol::Stage stage, int error) {
  const StageText text = Text(stage);
  if (error == 0) return absl::StrFormat("could not %s; %s", text.step, text.advice);
  return absl::StrFormat("could not %s: %s; %s", text.step, std::strerror(error), text.advice);
}

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kExited:
      return "exited";
    case Outcome::kSignaled:
      return "signaled";
    case Outcome::kWallLimit:
      return "wall limit";
    case Outcome::kCpuLimit:
      return "cpu limit";
    case Outcome::kMemoryLimit:
      return "memory limit";
    case Outcome::kOutputLimit:
      return "output limit";
    case Outcome::kForbiddenCall:
      return "forbidden call";
    case Outcome::kNotExecutable:
      return "not executable";
    case Outcome::kSetupFailed:
      return "setup failed";
  }
  return "unknown";
}

}  // namespace pinhole::sandbox
