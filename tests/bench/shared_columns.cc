#include "tests/bench/shared_columns.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "absl/strings/str_format.h"
#include "server/system/unique_fd.h"
#include "tests/bench/programs.h"
#include "tests/bench/suite.h"

namespace pinhole::bench {
namespace {

// Of a "Name:   123 kB" line.
int64_t Kibibytes(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    int64_t value = 0;
    if (word == name + ":" && file >> value) return value * 1024;
  }
  Fail("no " + name + " in " + path);
}

pid_t BoxOf(pid_t launcher) {
  std::ifstream file(absl::StrFormat("/proc/%d/task/%d/children", launcher, launcher));
  pid_t box = -1;
  Check(static_cast<bool>(file >> box), "a lane without its box");
  return box;
}

int64_t Charged(const std::string& group) {
  for (const char* pattern : {"/sys/fs/cgroup/memory/pinhole/%s/memory.usage_in_bytes",
                              "/sys/fs/cgroup/pinhole/%s/memory.current"}) {
    std::ifstream file(absl::StrFormat(absl::ParsedFormat<'s'>(pattern), group));
    int64_t bytes = 0;
    if (file >> bytes) return bytes;
  }
  return 0;
}

}  // namespace

SharedMemory MeasureShared(std::vector<sandbox::Lane>& lanes,
                           const std::vector<std::string>& groups) {
  int ends[2];
  Check(::pipe2(ends, O_CLOEXEC) == 0, "pipe");
  const UniqueFd said(ends[0]);
  const UniqueFd sink(ends[1]);
  const int64_t free_before = Kibibytes("/proc/meminfo", "MemFree");
  std::vector<std::thread> threads;
  for (sandbox::Lane& lane : lanes) {
    threads.emplace_back([&lane, &sink] {
      sandbox::BoxSpec spec;
      spec.wall = absl::Seconds(60);
      sandbox::BoxFds fds;
      fds.program = sandbox::UniqueFd(::open(TestBin("bench_hold").c_str(), O_RDONLY | O_CLOEXEC));
      fds.output_fd = sink.get();
      const absl::StatusOr<sandbox::BoxReport> report = lane.Run(spec, std::move(fds));
      if (!report.ok()) Fail(report.status().ToString());
      if (report->signal != SIGKILL) Fail("a box that holds the column ended by itself");
    });
  }
  for (size_t i = 0; i < lanes.size(); ++i) {
    char sum = 0;
    Check(::read(said.get(), &sum, 1) == 1, "a box did not read the column");
  }
  SharedMemory shared;
  shared.free_bytes_less = free_before - Kibibytes("/proc/meminfo", "MemFree");
  std::vector<pid_t> boxes;
  for (const sandbox::Lane& lane : lanes) boxes.push_back(BoxOf(lane.pid()));
  for (const pid_t box : boxes) {
    const std::string maps = absl::StrFormat("/proc/%d/smaps_rollup", box);
    shared.seen_bytes += Kibibytes(maps, "Rss");
    shared.held_bytes += Kibibytes(maps, "Pss");
  }
  for (const std::string& group : groups) shared.charged_bytes += Charged(group);
  for (const pid_t box : boxes) ::kill(box, SIGKILL);
  for (std::thread& thread : threads) thread.join();
  return shared;
}

}  // namespace pinhole::bench
