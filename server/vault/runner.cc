#include "server/vault/runner.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "server/core/base/status.h"
#include "server/vault/fault.h"
#include "server/vault/prediction_feed.h"

namespace pinhole::vault {
namespace {

// Runs that ended, handed from the lanes' threads to the one that commits.
class Inbox {
 public:
  void Put(absl::StatusOr<FinishedRun> run) {
    const absl::MutexLock lock(&mutex_);
    runs_.push_back(std::move(run));
  }
  absl::StatusOr<FinishedRun> Take() {
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](std::deque<absl::StatusOr<FinishedRun>>* runs) { return !runs->empty(); }, &runs_));
    absl::StatusOr<FinishedRun> run = std::move(runs_.front());
    runs_.pop_front();
    return run;
  }

 private:
  absl::Mutex mutex_;
  std::deque<absl::StatusOr<FinishedRun>> runs_ ABSL_GUARDED_BY(mutex_);
};

absl::StatusOr<sandbox::UniqueFd> Open(const std::string& path, int flags) {
  sandbox::UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) return absl::ErrnoToStatus(errno, absl::StrFormat("open %s", path));
  return file;
}

absl::StatusOr<Digest> HashSlot(int file, off_t offset, int64_t bytes) {
  Sha256Hasher hasher;
  std::array<uint8_t, 65536> block;
  while (bytes > 0) {
    const auto most = static_cast<size_t>(std::min<int64_t>(bytes, block.size()));
    const ssize_t got = ::pread(file, block.data(), most, offset);
    if (got < 0) return absl::ErrnoToStatus(errno, "read predictions");
    if (got == 0) return absl::DataLossError("predictions are shorter than what was written");
    hasher.Update(ByteView(block.data(), static_cast<size_t>(got)));
    offset += got;
    bytes -= got;
  }
  return hasher.Finish();
}

sandbox::BoxSpec ProgramSpec(const contest::Limits& limits, int64_t deadline_monotonic_nanos) {
  return {.wall = absl::Milliseconds(limits.wall_ms),
          .deadline_monotonic_nanos = deadline_monotonic_nanos,
          .cpu_seconds = limits.cpu_seconds,
          .memory_bytes = limits.memory_bytes,
          .threads = limits.threads,
          .output_bytes = limits.output_bytes,
          .scratch_bytes = limits.scratch_bytes};
}

RunEvidence EvidenceOf(const sandbox::BoxReport& report) {
  return {.outcome = report.outcome,
          .exit_code = report.exit_code,
          .signal = report.signal,
          .wall_micros = report.wall_micros,
          .cpu_micros = report.cpu_micros,
          .peak_memory_bytes = report.peak_memory_bytes,
          .output_bytes = report.output_bytes};
}

}  // namespace

absl::StatusOr<Answer> Runner::Score(sandbox::Lane& lane, const contest::Policy& policy,
                                     int container, int64_t offset, int64_t bytes,
                                     int64_t deadline_monotonic_nanos) const {
  const UniqueFd answer_file(::memfd_create("answer", MFD_CLOEXEC));
  if (!answer_file.valid()) return absl::ErrnoToStatus(errno, "memfd_create");
  // The slots beside this run's are other runs' business, so no scorer gets the file.
  ASSIGN_OR_RETURN(PredictionFeed feed, PredictionFeed::Start(container, offset, bytes));
  sandbox::BoxFds fds;
  fds.input = feed.TakeReader();
  ASSIGN_OR_RETURN(fds.program, Open(scorer_path_, O_RDONLY));
  ASSIGN_OR_RETURN(fds.labels, Open(layout_.sheet(policy.contest), O_RDONLY));
  fds.output_fd = answer_file.get();
  const sandbox::BoxSpec spec{.profile = sandbox::Profile::kScorer,
                              .wall = absl::Milliseconds(policy.rounds.settle_ms),
                              .deadline_monotonic_nanos = deadline_monotonic_nanos,
                              .cpu_seconds = 1 + policy.rounds.settle_ms / 1000,
                              .memory_bytes = int64_t{64} << 20,
                              .output_bytes = score::kAnswerSize};
  ASSIGN_OR_RETURN(const sandbox::BoxReport report, lane.Run(spec, std::move(fds)));
  Answer answer;
  if (report.outcome != sandbox::Outcome::kExited || report.exit_code != 0 ||
      ::pread(answer_file.get(), answer.data(), answer.size(), 0) !=
          static_cast<ssize_t>(answer.size())) {
    return score::EncodeAnswer(std::nullopt);
  }
  return answer;
}

absl::StatusOr<FinishedRun> Runner::RunOne(sandbox::Lane& lane, const contest::Policy& policy,
                                           const DueRun& due,
                                           int64_t deadline_monotonic_nanos) const {
  // An opening of its own: the box's output goes to the file position.
  ASSIGN_OR_RETURN(const sandbox::UniqueFd output, Open(due.predictions_path, O_RDWR));
  if (::lseek(output.get(), due.predictions_offset, SEEK_SET) != due.predictions_offset)
    return absl::ErrnoToStatus(errno, "find the place of predictions");
  sandbox::BoxFds fds;
  ASSIGN_OR_RETURN(fds.program, Open(due.program_path, O_RDONLY));
  fds.output_fd = output.get();
  PINHOLE_FAULT_POINT("run-begin");
  ASSIGN_OR_RETURN(const sandbox::BoxReport report,
                   lane.Run(ProgramSpec(policy.limits, deadline_monotonic_nanos), std::move(fds)));
  FinishedRun finished{.admit = due.admit,
                       .answer = score::EncodeAnswer(std::nullopt),
                       .evidence = EvidenceOf(report)};
  finished.evidence.box = Sha256(lane.facts().record);
  ASSIGN_OR_RETURN(finished.evidence.output,
                   HashSlot(output.get(), due.predictions_offset, report.output_bytes));
  if (report.outcome == sandbox::Outcome::kExited && report.exit_code == 0) {
    ASSIGN_OR_RETURN(finished.answer, Score(lane, policy, output.get(), due.predictions_offset,
                                            report.output_bytes, deadline_monotonic_nanos));
  }
  // A level that is final has its predictions on the disk.
  if (::fdatasync(output.get()) != 0) return absl::ErrnoToStatus(errno, "sync predictions");
  return finished;
}

absl::Status Runner::RunAll(const contest::Policy& policy, const std::vector<DueRun>& due,
                            int64_t deadline_monotonic_nanos,
                            const std::function<absl::Status(const FinishedRun&)>& commit) {
  Inbox inbox;
  std::vector<std::jthread> threads;
  for (size_t lane = 0; lane < lanes_.size() && lane < due.size(); ++lane) {
    threads.emplace_back([&, lane] {
      for (size_t i = lane; i < due.size(); i += lanes_.size()) {
        inbox.Put(RunOne(lanes_[lane], policy, due[i], deadline_monotonic_nanos));
      }
    });
  }
  absl::Status first_error;
  for (size_t i = 0; i < due.size(); ++i) {
    const absl::StatusOr<FinishedRun> finished = inbox.Take();
    const absl::Status status = finished.ok() ? commit(*finished) : finished.status();
    if (first_error.ok()) first_error = status;
  }
  return first_error;
}

}  // namespace pinhole::vault
