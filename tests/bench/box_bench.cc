// What a box costs: from the request to the reaped program beside fork and exec, and beside
// bubblewrap with the same filter and namespaces; what the filter adds to a call; whether boxes
// share the memory of the columns.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "sandbox/box.h"
#include "sandbox/launcher/filter.h"
#include "server/system/temp_dir.h"
#include "server/system/unique_fd.h"
#include "tests/bench/call_cost.h"
#include "tests/bench/programs.h"
#include "tests/bench/shared_columns.h"
#include "tests/bench/suite.h"

namespace pinhole::bench {
namespace {

constexpr int kLanes = 4;
// The lanes that starts are measured in: with a core of its own and without.
constexpr int kOnItsCore = 0;
constexpr int kAnywhere = 1;
// The boxes' own users and group; no test has them.
constexpr uid_t kFirstUser = 64311;
constexpr gid_t kViewGroup = 64310;
constexpr const char* kBubblewrap = "/usr/bin/bwrap";

// The core that a vault gives to its first lane when there are more cores than lanes.
std::optional<int> OwnCore() {
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  return cores > 1 ? std::optional(cores - 1) : std::nullopt;
}

// fork, not posix_spawn, which shares the caller's memory until the program starts.
void ForkAndExec(const std::string& program) {
  const pid_t child = ::fork();
  if (child == 0) {
    char* const arguments[] = {const_cast<char*>(program.c_str()), nullptr};
    char* const environment[] = {nullptr};
    ::execve(program.c_str(), arguments, environment);
    ::_exit(127);
  }
  int status = 0;
  Check(::waitpid(child, &status, 0) == child && status == 0, "the program did not end well");
}

// Bubblewrap starts the program by execve, and its own first process waits for it by wait4, under
// the filter both; the box allows neither. So these two come before the filter, which is otherwise
// the box's, instruction by instruction.
UniqueFd WithOwnCalls(const sandbox::launcher::Filter& filter) {
  const sock_filter before[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_wait4, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  UniqueFd file(::memfd_create("filter", 0));  // bubblewrap inherits it
  const auto size = static_cast<ssize_t>(filter.count * sizeof(sock_filter));
  Check(::write(file.get(), before, sizeof before) == sizeof before &&
            ::write(file.get(), filter.instructions, static_cast<size_t>(size)) == size,
        "cannot write the filter");
  return file;
}

class BoxFixture final : public Fixture {
 public:
  explicit BoxFixture(Suite& suite)
      : folder_(*TempDir::Make()),
        column_bytes_(suite.Pick(int64_t{1} << 30, int64_t{16} << 20)),
        program_(::open(TestBin("bench_nothing").c_str(), O_RDONLY | O_CLOEXEC)) {
    Check(::geteuid() == 0, "the box's suite needs root");
    Check(program_.valid(), "bench_nothing is not built");
    Check(sandbox::launcher::CompileFilter(sandbox::protocol::Profile::kStatic,
                                           sandbox::protocol::Diagnostics::kSealed, &filter_) == 0,
          "the filter cannot be compiled");
    Check(::chmod(folder_.path().c_str(), 0755) == 0, "chmod");
    WriteColumn();
    for (int lane = 0; lane < kLanes; ++lane) StartLane(lane);
    RunBox(kOnItsCore);
    suite.Shuffle();
    suite.set_repetitions(300);
    AddStarts(suite);
    AddCalls(suite);
    AddSharing(suite);
  }

 private:
  std::string View() const { return folder_.path() + "/view"; }

  // Written here, so that its pages are in memory, as a view's are while a round runs, and no box
  // is charged for them.
  void WriteColumn() {
    Check(::mkdir(View().c_str(), 0755) == 0, "a folder");
    std::ofstream file(View() + "/column", std::ios::binary);
    const std::string block(size_t{1} << 20, 'x');
    for (int64_t at = 0; at < column_bytes_; at += int64_t{1} << 20) file << block;
    file.close();
    Check(file.good() && ::chmod((View() + "/column").c_str(), 0644) == 0, "cannot write a column");
  }

  void StartLane(int number) {
    const auto user = kFirstUser + static_cast<uid_t>(number);
    groups_.push_back(absl::StrFormat("bench-box-%d-%d", ::getpid(), number));
    absl::StatusOr<sandbox::Lane> lane =
        sandbox::Lane::Start({.launcher_path = Bin("pinhole-box"),
                              .view_path = View(),
                              .uid = user,
                              .gid = user,
                              .view_gid = kViewGroup,
                              .cgroup_name = groups_.back(),
                              .core = number == kOnItsCore ? OwnCore() : std::nullopt});
    if (!lane.ok()) Fail(lane.status().ToString());
    lanes_.push_back(*std::move(lane));
  }

  // Everything of a run: the copy of the program, its seals, seven namespaces, root, limits,
  // filter, groups.
  void RunBox(size_t lane) {
    const UniqueFd output(::memfd_create("output", MFD_CLOEXEC));
    sandbox::BoxFds fds;
    fds.program = sandbox::UniqueFd(::fcntl(program_.get(), F_DUPFD_CLOEXEC, 3));
    fds.output_fd = output.get();
    const absl::StatusOr<sandbox::BoxReport> report = lanes_[lane].Run({}, std::move(fds));
    if (!report.ok()) Fail(report.status().ToString());
    Check(report->outcome == sandbox::Outcome::kExited && report->exit_code == 0,
          "the boxed program did not end well");
  }

  // The same namespaces, root and filter; no memory limit, since bubblewrap has none. Its own first
  // process is its default; without it the program is the first, as in a box, and it is faster.
  enum class FirstProcess { kItsOwn, kProgram };
  void RunBubblewrap(FirstProcess first) {
    const UniqueFd filter = WithOwnCalls(filter_);
    Check(::lseek(filter.get(), 0, SEEK_SET) == 0, "lseek");
    std::vector<std::string> command = {kBubblewrap,     "--unshare-all",
                                        "--new-session", "--clearenv",
                                        "--cap-drop",    "ALL",
                                        "--uid",         "1000",
                                        "--gid",         "1000",
                                        "--hostname",    "box",
                                        "--ro-bind",     TestBin("bench_nothing"),
                                        "/model",        "--ro-bind",
                                        View(),          "/data",
                                        "--tmpfs",       "/tmp",
                                        "--seccomp",     absl::StrFormat("%d", filter.get())};
    if (first == FirstProcess::kProgram) command.push_back("--as-pid-1");
    command.push_back("/model");
    RunProgram(command);
  }

  void AddStarts(Suite& suite) {
    const auto add = [&](std::string name, std::function<void()> run) {
      suite.Add(Case{.name = std::move(name), .unit = "runs", .run = std::move(run)});
    };
    add("box", [this] { RunBox(kOnItsCore); });
    add("box_anywhere", [this] { RunBox(kAnywhere); });
    add("fork", [path = TestBin("bench_nothing")] { ForkAndExec(path); });
    suite.Add(Row{.what = "a program that does nothing in a box, in a lane with a core of its own: "
                          "request to reaped",
                  .subject = "box",
                  .floor = "fork",
                  .floor_text = "fork, exec and wait",
                  .aim = Aim::kAtMost,
                  .ratio_aim = 3});
    suite.Add(Row{.what = "of it: 95 of 100 take at most",
                  .subject = "box",
                  .floor = "box",
                  .floor_text = "the median",
                  .aim = Aim::kAtMost,
                  .ratio_aim = 2.5,
                  .take = Take::kTail});
    suite.Add(Row{.what = "fork, exec and wait: 95 of 100 take at most",
                  .subject = "fork",
                  .floor = "fork",
                  .floor_text = "the median",
                  .aim = Aim::kAtMost,
                  .take = Take::kTail});
    if (::access(kBubblewrap, X_OK) != 0) Fail("bubblewrap is not installed: see deploy/install");
    add("bubblewrap", [this] { RunBubblewrap(FirstProcess::kItsOwn); });
    add("bubblewrap_first", [this] { RunBubblewrap(FirstProcess::kProgram); });
    add("spawn", [path = TestBin("bench_nothing")] { RunProgram({path}); });
    suite.Add(Row{.what = "the same box beside bubblewrap with the same filter and namespaces",
                  .subject = "box",
                  .floor = "bubblewrap",
                  .floor_text = "bwrap --unshare-all --seccomp",
                  .aim = Aim::kAtMost,
                  .ratio_aim = 0.5});
    suite.Add(Row{.what = "the same, bubblewrap without its own first process",
                  .subject = "box",
                  .floor = "bubblewrap_first",
                  .floor_text = "bwrap --unshare-all --as-pid-1 --seccomp",
                  .aim = Aim::kAtMost});
    suite.Add(Row{.what = "a box in a lane without a core of its own",
                  .subject = "box_anywhere",
                  .floor = "fork",
                  .floor_text = "fork, exec and wait",
                  .aim = Aim::kAtMost});
    suite.Add(Row{.what = "the same, beside bubblewrap",
                  .subject = "box_anywhere",
                  .floor = "bubblewrap",
                  .floor_text = "bwrap --unshare-all --seccomp",
                  .aim = Aim::kAtMost});
    suite.Add(Row{
        .what = "the box in a lane with its core, beside a start that copies nothing of the caller",
        .subject = "box",
        .floor = "spawn",
        .floor_text = "posix_spawn and wait",
        .aim = Aim::kAtMost});
  }

  void AddCalls(Suite& suite) {
    const auto batches = static_cast<int>(suite.Pick(5, 1));
    const auto calls = static_cast<int>(suite.Pick(4'000, 100));
    const auto add = [&](const std::string& name, Call call, std::string what) {
      // One measurement gives both times, so that the difference is of the same moment.
      suite.Add(Case{.name = name + "_cost", .unit = "calls", .self_timed = [=, this] {
                       const CallTimes times = MeasureCalls(filter_, call, batches, calls);
                       return times.filtered - times.bare;
                     }});
      suite.Add(Case{.name = name + "_bare", .unit = "calls", .self_timed = [=, this] {
                       return MeasureCalls(filter_, call, batches, calls).bare;
                     }});
      suite.Add(Row{.what = std::move(what),
                    .subject = name + "_cost",
                    .floor = name + "_bare",
                    .floor_text = "the call without the filter",
                    .aim = Aim::kAtMost,
                    .seconds_aim = 100e-9});
    };
    add("number", Call::kNumber, "what the filter adds to a call (getpid)");
    add("argument", Call::kArgument, "what it adds to a call with tested arguments (fcntl)");
    suite.Add(Case{.name = "argument_least", .unit = "calls", .self_timed = [=, this] {
                     const CallTimes times =
                         MeasureCalls(least_filter_, Call::kArgument, batches, calls);
                     return times.filtered - times.bare;
                   }});
    suite.Add(Row{.what = "the same, beside the least that any filter of arguments costs",
                  .subject = "argument_cost",
                  .floor = "argument_least",
                  .floor_text = "what a filter of six instructions adds",
                  .aim = Aim::kAtMost});
  }

  void AddSharing(Suite& suite) {
    const SharedMemory shared = MeasureShared(lanes_, groups_);
    const auto bytes = static_cast<double>(column_bytes_);
    Check(shared.seen_bytes >= kLanes * column_bytes_, "a box does not see the whole column");
    const std::string columns = "the columns";
    const auto add = [&](std::string what, int64_t amount, std::optional<double> aim) {
      suite.Add(Quantity{.what = std::move(what),
                         .amount = static_cast<double>(amount),
                         .floor = bytes,
                         .unit = "bytes",
                         .floor_text = columns,
                         .ratio_aim = aim});
    };
    add(absl::StrFormat("%d boxes that map and read the same columns: memory seen", kLanes),
        shared.seen_bytes, std::nullopt);
    add("the same: memory held, a shared page counted once", shared.held_bytes, 1.05);
    add("the same: charged to the boxes by their groups", shared.charged_bytes, 0.05);
    add("the same: by how much the machine's free memory fell", shared.free_bytes_less,
        std::nullopt);
  }

  TempDir folder_;
  int64_t column_bytes_;
  UniqueFd program_;
  sandbox::launcher::Filter filter_;
  sandbox::launcher::Filter least_filter_ = LeastFilter();
  std::vector<std::string> groups_;
  std::vector<sandbox::Lane> lanes_;
};

}  // namespace

std::unique_ptr<Fixture> Define(Suite& suite) { return std::make_unique<BoxFixture>(suite); }

}  // namespace pinhole::bench
