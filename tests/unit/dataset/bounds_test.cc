// What an import needs at most, and what it leaves when it gets less: memory, and room on the disk.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "server/dataset/importer.h"
#include "tests/unit/dataset/dataset_fixture.h"

namespace pinhole::dataset {
namespace {

using testing::ElementsAre;

constexpr char kSpec[] = R"(dataset = "small"
version = 1
deployment = "one-machine"
budget_bits = 100
target = "visit"
label = "cost"
person = "who"
[[table]]
name = "visit"
file = "visit.csv"
[[table]]
name = "place"
file = "place.csv"
)";

class BoundsTest : public DatasetTest {
 protected:
  // `rows` rows of about 300 bytes, of persons who come back after half of them.
  void PutVisits(int rows) const {
    std::ofstream file(Path("visit.csv"), std::ios::binary);
    file << "id,who,note,cost\n";
    const std::string padding(250, 'x');
    for (int i = 0; i < rows; ++i) {
      file << i << ",person-" << i % (rows / 2) << ",\"" << padding << i << "\"," << i % 100
           << ".25\n";
    }
  }

  absl::Status Run() const {
    const auto spec = ParseImportSpec(kSpec, Path("spec.toml"));
    if (!spec.ok()) return spec.status();
    return Import(*spec, Path("out"), AsBytes("k")).status();
  }

  // Runs in a child process, whose limits and memory are its own, and returns what it says.
  static std::string InChild(const std::function<std::string()>& work) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string said = work();
      const bool written = ::write(ends[1], said.data(), said.size()) >= 0;
      ::_exit(written ? 0 : 1);
    }
    ::close(ends[1]);
    std::string said;
    char chunk[4096];
    for (ssize_t got = 1; got > 0;) {
      got = ::read(ends[0], chunk, sizeof(chunk));
      if (got > 0) said.append(chunk, static_cast<size_t>(got));
    }
    ::close(ends[0]);
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    return said;
  }
};

// The most memory that this process ever had, in KiB (proc(5): VmHWM).
int64_t PeakKib() {
  std::istringstream lines(Slurp("/proc/self/status"));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6));
  }
  return -1;
}

TEST_F(BoundsTest, MemoryDoesNotGrowWithTheRows) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers keep memory of their own";
#endif
  Put("place.csv", "name\nNorth\n");
  const auto peak_of = [this](int rows) {
    PutVisits(rows);
    const std::string said = InChild([this] {
      const absl::Status status = Run();
      return status.ok() ? std::to_string(PeakKib()) : std::string(status.message());
    });
    std::filesystem::remove_all(Path("out"));
    EXPECT_NE(said.find_first_of("0123456789"), std::string::npos) << said;
    return std::atoll(said.c_str());
  };
  // Both are put aside in parts: 45 MB and 180 MB of text.
  const int64_t few = peak_of(150'000);
  const int64_t many = peak_of(600'000);
  EXPECT_GT(few, 1'000);
  EXPECT_LT(many, 128 << 10) << "KiB";
  // Persons grow from 75,000 to 300,000, of 40 bytes: 9 MB of it.
  EXPECT_LT(many - few, 24 << 10) << "KiB, from " << few;
  RecordProperty("peak_kib_150000_rows", std::to_string(few));
  RecordProperty("peak_kib_600000_rows", std::to_string(many));
}

TEST_F(BoundsTest, AWriteThatFailsAnywhereLeavesNothing) {
  std::string places = "name\n";
  for (int i = 0; i < 20'000; ++i) places += "a place with number " + std::to_string(i) + "\n";
  Put("place.csv", places);
  PutVisits(120'000);  // 36 MB, so that rows are put aside
  const auto run_with_limit = [this](rlim_t bytes) {
    return InChild([this, bytes]() -> std::string {
      ::signal(SIGXFSZ, SIG_IGN);  // then a write fails with EFBIG, as it does when a disk is full
      const rlimit limit{bytes, bytes};
      if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return "setrlimit";
      const absl::Status status = Run();
      return status.ok() ? "OK" : std::string(status.message());
    });
  };
  for (const rlim_t bytes : {rlim_t{0}, rlim_t{3'000}, rlim_t{200'000}, rlim_t{20'000'000}}) {
    SCOPED_TRACE(bytes);
    const std::string said = run_with_limit(bytes);
    EXPECT_NE(said, "OK");
    EXPECT_FALSE(said.empty());
    EXPECT_THAT(Names(), ElementsAre("place.csv", "visit.csv"));
  }
  EXPECT_EQ(run_with_limit(rlim_t{1} << 30), "OK");
  EXPECT_THAT(Names(), ElementsAre("out", "place.csv", "visit.csv"));
}

}  // namespace
}  // namespace pinhole::dataset
