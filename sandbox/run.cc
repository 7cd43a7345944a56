// One run from the client's side: ask the launcher, drain the pipes, take the report.
//
// The loop never waits for the end of a pipe: when the report comes, everything of the box is dead,
// and what lies in the pipes is taken without blocking.
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "sandbox/lane_impl.h"
#include "sandbox/packet.h"
#include "sandbox/program_image.h"

namespace pinhole::sandbox {
namespace {

constexpr int64_t kNanosPerMilli = 1'000'000;
// The launcher enforces the deadline; this much later it is given up.
constexpr int64_t kBackstopNanos = 2'000 * kNanosPerMilli;
constexpr size_t kChunkBytes = size_t{64} << 10;
constexpr int kChunksPerTurn = 16;  // then the report gets its turn
constexpr absl::Duration kLongestWall = absl::Hours(24 * 30);

int64_t MonotonicNanos() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

absl::Status CheckSpec(const BoxSpec& spec) {
  if (spec.wall <= absl::ZeroDuration() || spec.wall > kLongestWall || spec.cpu_seconds < 1 ||
      spec.memory_bytes < 1 || spec.threads < 1 || spec.output_bytes < 0 ||
      spec.diagnostics_bytes < 0 || spec.scratch_bytes < 1 || spec.scratch_inodes < 1) {
    return absl::InvalidArgumentError(
        "every limit of a box has to be positive, and wall at most 30 days");
  }
  return absl::OkStatus();
}

absl::Status CheckFds(const BoxSpec& spec, const BoxFds& fds) {
  if (!fds.program.valid() || fds.output_fd < 0) {
    return absl::InvalidArgumentError("a run needs a program and an output_fd");
  }
  const bool scorer = spec.profile == Profile::kScorer;
  if (fds.input.valid() != scorer || fds.labels.valid() != scorer) {
    return absl::InvalidArgumentError("a scorer needs input and labels; a model has neither");
  }
  if (fds.diagnostics_fd >= 0 && spec.diagnostics != Diagnostics::kRehearsal) {
    return absl::InvalidArgumentError("standard error of a sealed run cannot be kept");
  }
  return absl::OkStatus();
}

// The reading end of a pipe out of the box, and where its bytes go.
class Drain {
 public:
  Drain(int target, int64_t most_bytes) : target_(target), most_bytes_(most_bytes) {}

  // Returns the writing end, which blocks its writer when the pipe is full.
  absl::StatusOr<UniqueFd> Open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "make a box's pipe");
    reader_.Reset(ends[0]);
    UniqueFd writer(ends[1]);
    if (::fcntl(reader_.get(), F_SETFL, O_NONBLOCK) != 0) {
      return absl::ErrnoToStatus(errno, "make a box's pipe");
    }
    return writer;
  }

  int reader() const { return reader_.get(); }
  int64_t bytes() const { return bytes_; }
  bool overflowed() const { return overflowed_; }

  // Takes what is there, at most `chunks` of it. Bytes past the limit are dropped.
  absl::Status Take(int chunks, std::vector<char>* chunk) {
    for (; reader_.valid() && chunks > 0; --chunks) {
      const ssize_t got = ::read(reader_.get(), chunk->data(), chunk->size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return absl::OkStatus();
      if (got <= 0) {
        reader_.Reset();
        return absl::OkStatus();
      }
      if (absl::Status status = Keep(chunk->data(), got); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Keep(const char* bytes, int64_t count) {
    const int64_t room = most_bytes_ - bytes_;
    if (count > room) overflowed_ = true;
    int64_t left = std::min(count, room);
    while (left > 0) {
      const ssize_t written =
          target_ < 0 ? left : ::write(target_, bytes, static_cast<size_t>(left));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return absl::ErrnoToStatus(errno, "write what a box said");
      bytes += written;
      left -= written;
      bytes_ += written;
    }
    return absl::OkStatus();
  }

  int target_;  // -1: nowhere
  int64_t most_bytes_;
  int64_t bytes_ = 0;
  bool overflowed_ = false;
  UniqueFd reader_;
};

protocol::Run MakeRequest(const BoxSpec& spec, uint64_t run_number) {
  protocol::Run run;
  run.run_number = run_number;
  run.profile =
      spec.profile == Profile::kScorer ? protocol::Profile::kScorer : protocol::Profile::kStatic;
  run.diagnostics = spec.diagnostics == Diagnostics::kRehearsal ? protocol::Diagnostics::kRehearsal
                                                                : protocol::Diagnostics::kSealed;
  run.deadline_nanos = MonotonicNanos() + absl::ToInt64Nanoseconds(spec.wall);
  if (spec.deadline_monotonic_nanos != 0) {
    run.deadline_nanos = std::min(run.deadline_nanos, spec.deadline_monotonic_nanos);
  }
  run.cpu_seconds = spec.cpu_seconds;
  run.memory_bytes = spec.memory_bytes;
  run.threads = spec.threads;
  run.scratch_bytes = spec.scratch_bytes;
  run.scratch_inodes = spec.scratch_inodes;
  return run;
}

// Collects the descriptors of a request in the order of their slots.
class Parcel {
 public:
  void Add(protocol::Slot slot, int fd) {
    if (fd < 0) return;
    slots_ |= 1U << static_cast<unsigned>(slot);
    descriptors_[count_++] = fd;
  }
  uint32_t slots() const { return slots_; }
  std::span<const int> descriptors() const { return std::span(descriptors_).first(count_); }

 private:
  uint32_t slots_ = 0;
  size_t count_ = 0;
  std::array<int, protocol::kSlotCount> descriptors_{};
};

Outcome ToOutcome(protocol::End end) {
  switch (end) {
    case protocol::End::kExited:
      return Outcome::kExited;
    case protocol::End::kSignaled:
      return Outcome::kSignaled;
    case protocol::End::kWallLimit:
      return Outcome::kWallLimit;
    case protocol::End::kCpuLimit:
      return Outcome::kCpuLimit;
    case protocol::End::kMemoryLimit:
      return Outcome::kMemoryLimit;
    case protocol::End::kStopped:
      return Outcome::kOutputLimit;
    case protocol::End::kForbiddenCall:
      return Outcome::kForbiddenCall;
    case protocol::End::kNotExecutable:
      return Outcome::kNotExecutable;
    case protocol::End::kSetupFailed:
      break;
  }
  return Outcome::kSetupFailed;
}

BoxReport ToReport(const protocol::Report& report, const Drain& output, const Drain& diagnostics) {
  BoxReport result;
  result.outcome = ToOutcome(report.end);
  // Whether the kill or the program's own end came first is chance; that it wrote too much is not.
  if (output.overflowed()) result.outcome = Outcome::kOutputLimit;
  result.exit_code = result.outcome == Outcome::kExited ? report.exit_code : 0;
  result.signal = result.outcome == Outcome::kSignaled ? report.signal : 0;
  result.syscall = result.outcome == Outcome::kForbiddenCall ? report.call : -1;
  if (report.stage != protocol::Stage::kNone) {
    result.setup = DescribeStage(report.stage, report.error);
  }
  result.wall_micros = report.wall_micros;
  result.cpu_micros = report.cpu_micros;
  result.peak_memory_bytes = report.peak_memory_bytes;
  result.output_bytes = output.bytes();
  result.diagnostics_bytes = diagnostics.bytes();
  return result;
}

// Waits on the pipes and the socket until the report is there; on the way ends a run that says too
// much.
class Attendance {
 public:
  Attendance(int socket, const protocol::Run& run, Drain* output, Drain* diagnostics)
      : socket_(socket),
        run_(run),
        output_(output),
        diagnostics_(diagnostics),
        give_up_nanos_(std::max(run.deadline_nanos, MonotonicNanos()) + kBackstopNanos),
        chunk_(kChunkBytes) {}

  // UNAVAILABLE: the launcher is gone, silent or out of order.
  absl::StatusOr<protocol::Report> AwaitReport() {
    for (;;) {
      const int64_t left = give_up_nanos_ - MonotonicNanos();
      if (left <= 0) {
        return absl::UnavailableError("the launcher did not end a run at its deadline");
      }
      pollfd events[] = {{socket_, POLLIN, 0},
                         {stopped_ ? -1 : output_->reader(), POLLIN, 0},
                         {diagnostics_->reader(), POLLIN, 0}};
      const int patience = static_cast<int>(std::min<int64_t>(left / kNanosPerMilli + 1, 60'000));
      if (::poll(events, 3, patience) < 0 && errno != EINTR) {
        return absl::ErrnoToStatus(errno, "wait for a box");
      }
      TakeBoth(kChunksPerTurn);
      if (events[0].revents != 0) return ReadReport();
      if (!stopped_ && (output_->overflowed() || !sink_.ok())) {
        if (absl::Status status = SendStop(); !status.ok()) return status;
      }
    }
  }

  // The box is dead: what a pipe holds is at most its own size.
  absl::Status TakeRest() {
    TakeBoth(INT_MAX);
    return sink_;
  }

 private:
  void TakeBoth(int chunks) {
    for (Drain* drain : {output_, diagnostics_}) {
      absl::Status status = drain->Take(chunks, &chunk_);
      if (sink_.ok()) sink_ = std::move(status);
    }
  }

  absl::Status SendStop() {
    stopped_ = true;
    protocol::Stop stop;
    stop.run_number = run_.run_number;
    return SendPacket(socket_, std::as_bytes(std::span(&stop, 1)), {});
  }

  absl::StatusOr<protocol::Report> ReadReport() {
    protocol::Report report;
    absl::StatusOr<size_t> length =
        ReceivePacket(socket_, std::as_writable_bytes(std::span(&report, 1)));
    if (!length.ok()) return length.status();
    if (*length == 0) return absl::UnavailableError("the launcher died during a run");
    if (*length != sizeof report || report.header.magic != protocol::kMagic ||
        report.header.version != protocol::kVersion ||
        report.header.kind != protocol::Kind::kReport || report.run_number != run_.run_number) {
      return absl::UnavailableError("the launcher sent something other than the run's report");
    }
    return report;
  }

  int socket_;
  const protocol::Run& run_;
  Drain* output_;
  Drain* diagnostics_;
  int64_t give_up_nanos_;
  std::vector<char> chunk_;
  absl::Status sink_;  // the first error of writing what the box said
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<BoxReport> Lane::Impl::Run(const BoxSpec& spec, BoxFds fds) {
  if (broken_) {
    return absl::FailedPreconditionError("an earlier error broke this lane; start it anew");
  }
  if (absl::Status status = CheckSpec(spec); !status.ok()) return status;
  if (absl::Status status = CheckFds(spec, fds); !status.ok()) return status;
  absl::StatusOr<UniqueFd> image = MakeProgramImage(fds.program.get());
  if (!image.ok()) return image.status();

  Drain output(fds.output_fd, spec.output_bytes);
  Drain diagnostics(fds.diagnostics_fd, spec.diagnostics_bytes);
  absl::StatusOr<UniqueFd> output_end = output.Open();
  if (!output_end.ok()) return output_end.status();
  absl::StatusOr<UniqueFd> diagnostics_end = UniqueFd();
  if (spec.diagnostics == Diagnostics::kRehearsal) diagnostics_end = diagnostics.Open();
  if (!diagnostics_end.ok()) return diagnostics_end.status();

  Parcel parcel;
  parcel.Add(protocol::Slot::kProgram, image->get());
  parcel.Add(protocol::Slot::kOutput, output_end->get());
  parcel.Add(protocol::Slot::kDiagnostics, diagnostics_end->get());
  parcel.Add(protocol::Slot::kInput, fds.input.get());
  parcel.Add(protocol::Slot::kLabels, fds.labels.get());
  protocol::Run run = MakeRequest(spec, ++run_number_);
  run.slots = parcel.slots();

  broken_ = true;  // until the report is there
  absl::Status sent =
      SendPacket(socket_.get(), std::as_bytes(std::span(&run, 1)), parcel.descriptors());
  if (!sent.ok()) return absl::UnavailableError(sent.message());
  // The launcher has its own now; ours would keep the pipes from ending.
  output_end->Reset();
  diagnostics_end->Reset();
  image->Reset();
  Attendance attendance(socket_.get(), run, &output, &diagnostics);
  absl::StatusOr<protocol::Report> report = attendance.AwaitReport();
  if (!report.ok()) {
    socket_.Reset();  // at which the launcher kills the box, if it still can
    return report.status();
  }
  broken_ = false;
  if (absl::Status status = attendance.TakeRest(); !status.ok()) return status;
  return ToReport(*report, output, diagnostics);
}

}  // namespace pinhole::sandbox
