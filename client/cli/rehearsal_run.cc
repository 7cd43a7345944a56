#include "client/cli/rehearsal_run.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <variant>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/entries.h"
#include "server/core/score/sheet_writer.h"
#include "server/dataset/folder.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"

namespace pinhole::cli {
namespace {

constexpr size_t kLabelsLimitBytes = size_t{1} << 32;

absl::Status NoMockData(const std::string& folder, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s is no folder of mock data (%s): make one with \"pinhole mock -o FOLDER\"", folder, what));
}

absl::StatusOr<std::vector<score::SheetRow>> ReadLabels(const std::string& folder) {
  const std::string path = folder + "/" + std::string(dataset::kLabelsFile);
  const absl::StatusOr<std::string> bytes = ReadFile(path, kLabelsLimitBytes);
  if (!bytes.ok()) return NoMockData(folder, std::string(bytes.status().message()));
  absl::StatusOr<std::vector<score::SheetRow>> rows = score::ReadRows(AsBytes(*bytes));
  if (!rows.ok()) return NoMockData(folder, "its labels are cut off");
  return rows;
}

absl::StatusOr<std::string> AbsolutePath(const std::string& path) {
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("find %s", path));
  }
  return std::string(resolved);
}

sandbox::BoxSpec SpecOf(const contest::Limits& limits) {
  return {.profile = sandbox::Profile::kStatic,
          .diagnostics = sandbox::Diagnostics::kRehearsal,
          .wall = absl::Milliseconds(limits.wall_ms),
          .cpu_seconds = limits.cpu_seconds,
          .memory_bytes = limits.memory_bytes,
          .threads = limits.threads,
          .output_bytes = limits.output_bytes,
          .scratch_bytes = std::max<int64_t>(1, limits.scratch_bytes)};
}

absl::Status ThisMachineCannot(const absl::Status& status) {
  return absl::FailedPreconditionError(
      absl::StrFormat("this machine cannot start the box: %s", status.message()));
}

struct StartedLane {
  sandbox::Lane lane;
  MemoryLimit memory_limit;
};

absl::StatusOr<StartedLane> StartLane(const std::string& launcher, const std::string& view) {
  sandbox::LaneConfig config{.launcher_path = launcher, .view_path = view};
  if (::geteuid() == 0) {
    config.cgroup_name = absl::StrFormat("rehearsal-%d", ::getpid());
    absl::StatusOr<sandbox::Lane> lane = sandbox::Lane::Start(config);
    if (lane.ok()) return StartedLane{*std::move(lane), MemoryLimit::kTouchedPages};
    config.cgroup_name.clear();  // root without cgroups, as in many containers
  }
  absl::StatusOr<sandbox::Lane> lane = sandbox::Lane::Start(config);
  if (!lane.ok()) return ThisMachineCannot(lane.status());
  return StartedLane{*std::move(lane), MemoryLimit::kAddressSpace};
}

}  // namespace

absl::StatusOr<contest::Policy> ReadRehearsalPolicy(const std::string& folder) {
  const absl::StatusOr<std::string> bytes = ReadFile(folder + "/policy.entry", 1 << 16);
  if (!bytes.ok()) return NoMockData(folder, std::string(bytes.status().message()));
  const absl::StatusOr<log::Entry> entry = log::ParseEntry(*bytes);
  if (!entry.ok()) return NoMockData(folder, std::string(entry.status().message()));
  const auto* policy = std::get_if<log::PolicyEntry>(&*entry);
  if (policy == nullptr) return NoMockData(folder, "policy.entry is no POLICY entry");
  return policy->policy;
}

absl::StatusOr<RehearsalResult> Rehearse(const contest::Policy& policy, const std::string& folder,
                                         const std::string& program, const std::string& launcher) {
  ASSIGN_OR_RETURN(const std::vector<score::SheetRow> labels, ReadLabels(folder));
  ASSIGN_OR_RETURN(const std::string sheet, score::EncodeSheet(policy.scoring, labels));
  ASSIGN_OR_RETURN(const std::string view,
                   AbsolutePath(folder + "/" + std::string(dataset::kViewFolder)));
  ASSIGN_OR_RETURN(UniqueFd program_fd, OpenForRead(program));
  ASSIGN_OR_RETURN(const TempDir scratch, TempDir::Make());
  const std::string output_path = scratch.path() + "/output";
  const std::string diagnostics_path = scratch.path() + "/diagnostics";
  ASSIGN_OR_RETURN(const UniqueFd output, CreateForWrite(output_path, 0600));
  ASSIGN_OR_RETURN(const UniqueFd diagnostics, CreateForWrite(diagnostics_path, 0600));

  ASSIGN_OR_RETURN(StartedLane started, StartLane(launcher, view));
  sandbox::BoxFds fds{.program = sandbox::UniqueFd(program_fd.Release()),
                      .output_fd = output.get(),
                      .diagnostics_fd = diagnostics.get()};
  absl::StatusOr<sandbox::BoxReport> report =
      started.lane.Run(SpecOf(policy.limits), std::move(fds));
  if (!report.ok()) return ThisMachineCannot(report.status());

  RehearsalResult result{.report = *std::move(report), .memory_limit = started.memory_limit};
  ASSIGN_OR_RETURN(result.diagnostics, ReadFile(diagnostics_path));
  if (result.report.outcome != sandbox::Outcome::kExited || result.report.exit_code != 0) {
    return result;
  }
  ASSIGN_OR_RETURN(const std::string predictions,
                   ReadFile(output_path, static_cast<size_t>(policy.limits.output_bytes) + 1));
  absl::StatusOr<rehearsal::ExactScores> scores =
      rehearsal::RevealForRehearsal(AsBytes(predictions), AsBytes(sheet));
  if (scores.ok()) {
    result.scores = *scores;
  } else {
    result.fault = std::string(scores.status().message());
  }
  return result;
}

}  // namespace pinhole::cli
