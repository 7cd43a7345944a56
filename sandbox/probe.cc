// A lane's first two boxes: one of each profile, with the launcher's own program, whose records
// have to be the golden ones.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sandbox/lane_impl.h"
#include "sandbox/packet.h"

namespace pinhole::sandbox {
namespace {

constexpr int64_t kPatienceSeconds = 10;
// The launcher ends the probe at its deadline; this much later it is given up.
constexpr int kBackstopMillis = (kPatienceSeconds + 2) * 1000;

absl::StatusOr<UniqueFd> NewFile() {
  UniqueFd file(::memfd_create("record", MFD_CLOEXEC));
  if (!file.valid()) return absl::ErrnoToStatus(errno, "make the record of a box");
  return file;
}

// As a scorer's predictions and labels come: a file that can only be read.
absl::StatusOr<UniqueFd> NewInput() {
  absl::StatusOr<UniqueFd> file = NewFile();
  if (!file.ok()) return file.status();
  const std::string path = absl::StrFormat("/proc/self/fd/%d", file->get());
  UniqueFd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader.valid()) return absl::ErrnoToStatus(errno, "make a probe's input");
  return reader;
}

absl::StatusOr<std::string> ReadAll(int file) {
  std::string text(1 << 16, '\0');
  const ssize_t length = ::pread(file, text.data(), text.size(), 0);
  if (length < 0) return absl::ErrnoToStatus(errno, "read the record of a box");
  text.resize(static_cast<size_t>(length));
  return text;
}

absl::StatusOr<protocol::Report> AwaitReport(int socket, uint64_t run_number) {
  pollfd event{socket, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&event, 1, kBackstopMillis);
  } while (ready < 0 && errno == EINTR);
  protocol::Report report;
  absl::StatusOr<size_t> length = 0;
  if (ready == 1) length = ReceivePacket(socket, std::as_writable_bytes(std::span(&report, 1)));
  if (!length.ok() || *length != sizeof report || report.header.kind != protocol::Kind::kReport ||
      report.run_number != run_number) {
    return absl::UnavailableError("the launcher did not show a box");
  }
  return report;
}

// The supplementary groups of a box whose launcher has kept its caller's.
std::vector<gid_t> OwnGroups() {
  const int count = ::getgroups(0, nullptr);
  std::vector<gid_t> groups(static_cast<size_t>(std::max(count, 0)));
  if (count > 0 && ::getgroups(count, groups.data()) != count) groups.clear();
  return groups;
}

}  // namespace

absl::StatusOr<std::string> Lane::Impl::Probe(protocol::Profile profile) {
  const bool scorer = profile == protocol::Profile::kScorer;
  absl::StatusOr<UniqueFd> record = NewFile();
  absl::StatusOr<UniqueFd> input = NewInput();
  absl::StatusOr<UniqueFd> labels = NewInput();
  for (const absl::StatusOr<UniqueFd>* file : {&record, &input, &labels}) {
    if (!file->ok()) return file->status();
  }
  const auto bit = [](protocol::Slot slot) { return 1U << static_cast<unsigned>(slot); };
  protocol::Run run = ProbeRun(profile);
  run.run_number = ++run_number_;
  run.slots = bit(protocol::Slot::kRecord);
  if (scorer) run.slots |= bit(protocol::Slot::kInput) | bit(protocol::Slot::kLabels);
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  run.deadline_nanos = (int64_t{now.tv_sec} + kPatienceSeconds) * 1'000'000'000;
  const std::array<int, 3> all = {input->get(), labels->get(), record->get()};
  const std::span<const int> sent = std::span(all).subspan(scorer ? 0 : 2);
  if (absl::Status status = SendPacket(socket_.get(), std::as_bytes(std::span(&run, 1)), sent);
      !status.ok()) {
    return absl::UnavailableError(status.message());
  }
  absl::StatusOr<protocol::Report> report = AwaitReport(socket_.get(), run.run_number);
  if (!report.ok()) return report.status();
  if (report->end == protocol::End::kSetupFailed || report->end == protocol::End::kNotExecutable) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the lane cannot make a box: %s", DescribeStage(report->stage, report->error)));
  }
  if (report->end != protocol::End::kStopped) {
    return absl::FailedPreconditionError("the lane's first box ended before it was seen");
  }
  return ReadAll(record->get());
}

absl::Status Lane::Impl::CheckBoxes(Promise promise) {
  for (protocol::Profile profile : {protocol::Profile::kStatic, protocol::Profile::kScorer}) {
    promise.profile = profile;
    absl::StatusOr<std::string> record = Probe(profile);
    if (!record.ok()) return record.status();
    if (absl::Status status = CheckRecord(promise, *record); !status.ok()) return status;
    absl::StrAppend(&facts_.record, profile == protocol::Profile::kStatic ? "model\n" : "scorer\n",
                    *record);
  }
  return absl::OkStatus();
}

Promise PromiseOf(const LaneConfig& config, protocol::Accounting accounting) {
  Promise promise;
  promise.uid = config.uid.value_or(::geteuid());
  promise.gid = config.gid.value_or(::getegid());
  if (!config.uid.has_value()) promise.groups = OwnGroups();
  if (config.view_gid.has_value()) promise.groups = {*config.view_gid};
  promise.view = !config.view_path.empty();
  promise.accounting = accounting;
  promise.core = config.core;
  return promise;
}

// A unit's launcher is in the group of the view and in no other.
absl::StatusOr<Promise> PromiseOf(const LaneSocket& lane, const Sender& launcher,
                                  protocol::Accounting accounting) {
  Promise promise;
  promise.uid = launcher.uid;
  promise.gid = launcher.gid;
  promise.view = !lane.view_path.empty();
  if (promise.view) {
    struct stat view {};
    if (::stat(lane.view_path.c_str(), &view) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrFormat("look at %s", lane.view_path));
    }
    promise.groups = {view.st_gid};
  }
  promise.accounting = accounting;
  promise.core = lane.core;
  return promise;
}

}  // namespace pinhole::sandbox
