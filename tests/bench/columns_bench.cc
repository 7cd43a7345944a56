// A program in a real box maps the data set's columns and sums them, beside the same sums outside
// by mmap alone.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "sandbox/box.h"
#include "server/system/temp_dir.h"
#include "server/system/unique_fd.h"
#include "tests/bench/programs.h"
#include "tests/bench/suite.h"

namespace pinhole::bench {
namespace {

// The box's own user and group; no test has them.
constexpr uid_t kLaneUser = 64161;
constexpr gid_t kViewGroup = 64160;

struct Run {
  double seconds = 0;  // from opening the files to the sums
  std::string sums;
};

Run ReadRun(const std::string& line) {
  const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 1));
  int64_t nanos = 0;
  if (words.size() != 2 || !absl::SimpleAtoi(words[0], &nanos)) Fail("no sums, but: " + line);
  return {static_cast<double>(nanos) * 1e-9, words[1]};
}

template <class T, class Value>
std::string WriteColumn(const std::string& path, int64_t rows, Value value) {
  std::ofstream file(path, std::ios::binary);
  int64_t sum = 0;
  std::vector<T> part;
  for (int64_t row = 0; row < rows; ++row) {
    part.push_back(static_cast<T>(value(row)));
    sum += part.back();
    if (part.size() == 65'536 || row + 1 == rows) {
      file.write(reinterpret_cast<const char*>(part.data()),
                 static_cast<std::streamsize>(part.size() * sizeof(T)));
      part.clear();
    }
  }
  file.close();
  Check(file.good() && ::chmod(path.c_str(), 0644) == 0, "cannot write " + path);
  return absl::StrFormat("%d", sum);
}

class ColumnsFixture final : public Fixture {
 public:
  explicit ColumnsFixture(Suite& suite)
      : folder_(*TempDir::Make()), rows_(suite.Pick(20'000'000, 20'000)) {
    WriteColumns();
    StartLane();
    program_ = ::open(TestBin("bench_column_sum").c_str(), O_RDONLY | O_CLOEXEC);
    Check(program_ >= 0, "bench_column_sum is not built");
    Check(Boxed().sums == sums_, "other sums in the box");
    Check(Outside().sums == sums_, "other sums outside");
    AddCases(suite);
  }
  ~ColumnsFixture() override { ::close(program_); }

 private:
  std::string View() const { return folder_.path() + "/view"; }

  void WriteColumns() {
    const std::string columns = View() + "/columns/ratings";
    for (const std::string& path : {View(), View() + "/columns", columns}) {
      Check(::mkdir(path.c_str(), 0755) == 0, "a folder");
    }
    Check(::chmod(folder_.path().c_str(), 0755) == 0, "chmod");
    sums_ = WriteColumn<int32_t>(columns + "/user.i32", rows_,
                                 [](int64_t row) { return row * 7 % 480'189; });
    sums_ += " " + WriteColumn<int32_t>(columns + "/item.i32", rows_,
                                        [](int64_t row) { return row / 1'000 % 17'770; });
    sums_ += " " + WriteColumn<int16_t>(columns + "/day.i16", rows_,
                                        [](int64_t row) { return row % 2'243; });
    sums_ += " " + WriteColumn<int8_t>(columns + "/rating.i8", rows_,
                                       [](int64_t row) { return row % 5 + 1; });
    sums_ += "\n";
  }

  void StartLane() {
    sandbox::LaneConfig config{.launcher_path = Bin("pinhole-box"), .view_path = View()};
    // As a vault does it; anybody but root measures a lesser box.
    if (::geteuid() == 0) {
      config.uid = kLaneUser;
      config.gid = kLaneUser;
      config.view_gid = kViewGroup;
      config.cgroup_name = absl::StrFormat("bench-%d", ::getpid());
    }
    absl::StatusOr<sandbox::Lane> lane = sandbox::Lane::Start(config);
    if (!lane.ok()) Fail(lane.status().ToString());
    lane_.emplace(*std::move(lane));
  }

  // Rehearsal-like: no private row is near, so its output may be read.
  std::string InBox() {
    const UniqueFd output(::memfd_create("output", MFD_CLOEXEC));
    sandbox::BoxSpec spec;
    spec.memory_bytes = int64_t{1} << 30;
    spec.wall = absl::Seconds(30);
    sandbox::BoxFds fds;
    fds.program = sandbox::UniqueFd(::fcntl(program_, F_DUPFD_CLOEXEC, 3));
    fds.output_fd = output.get();
    const absl::StatusOr<sandbox::BoxReport> report = lane_->Run(spec, std::move(fds));
    if (!report.ok()) Fail(report.status().ToString());
    if (report->outcome != sandbox::Outcome::kExited || report->exit_code != 0) {
      Fail(absl::StrFormat("the boxed program: %s, %d", sandbox::OutcomeName(report->outcome),
                           report->exit_code));
    }
    std::string text(4096, '\0');
    const ssize_t got = ::pread(output.get(), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return text;
  }

  Run Boxed() { return ReadRun(InBox()); }
  Run Outside() { return ReadRun(OutputOf({TestBin("bench_column_sum"), "--raw", View()})); }

  void AddCases(Suite& suite) {
    const auto rows = static_cast<double>(rows_);
    const auto own = [&](std::string name, std::function<double()> timed) {
      suite.Add(Case{
          .name = std::move(name), .amount = rows, .unit = "rows", .self_timed = std::move(timed)});
    };
    own("boxed", [this] { return Boxed().seconds; });
    own("raw", [this] { return Outside().seconds; });
    const auto whole = [&](std::string name, std::function<void()> run) {
      suite.Add(Case{.name = std::move(name), .unit = "runs", .run = std::move(run)});
    };
    whole("whole", [this] { Boxed(); });
    whole("whole_raw", [this] { Outside(); });
    suite.Add(
        Row{.what = absl::StrFormat("four columns of %d rows mapped and summed in a box", rows_),
            .subject = "boxed",
            .floor = "raw",
            .floor_text = "the same by mmap, outside",
            .aim = Aim::kAtMost,
            .ratio_aim = 1.1});
    suite.Add(Row{.what = "the same, from the request for a box to its end",
                  .subject = "whole",
                  .floor = "whole_raw",
                  .floor_text = "fork, exec, the same by mmap, wait",
                  .aim = Aim::kAtMost});
  }

  TempDir folder_;
  int64_t rows_;
  std::string sums_;
  std::optional<sandbox::Lane> lane_;
  int program_ = -1;
};

}  // namespace

std::unique_ptr<Fixture> Define(Suite& suite) { return std::make_unique<ColumnsFixture>(suite); }

}  // namespace pinhole::bench
