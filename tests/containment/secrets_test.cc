// What a box must not learn or inherit, looked for with planted secrets; and how a run can end.
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "tests/containment/cases.h"
#include "tests/containment/lane_fixture.h"

namespace pinhole::sandbox {
namespace {

// In two pieces, as the hostile program spells it.
std::string Canary() { return std::string("PINHOLE-") + "CANARY"; }

class SecretsTest : public LaneTest {
 protected:
  static Seen Run(std::string_view attack) {
    absl::StatusOr<Seen> seen = RunProgram(SharedLane(), HostileProgram(attack), SmallBox());
    EXPECT_TRUE(seen.ok()) << attack << ": " << seen.status();
    return seen.ok() ? *seen : Seen{};
  }
};

// The client's memory and the page cache are full of a text when the box is made.
TEST_F(SecretsTest, NoMemoryOfTheClientIsInABox) {
  std::string secret;
  while (secret.size() < size_t{32} << 20) secret += Canary();
  const UniqueFd cached = FileOf(secret);
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(Run("scan_memory").report.exit_code, ENOENT);
    EXPECT_EQ(Run("scan_stack").report.exit_code, ENOENT);
  }
  // The launcher of a lane that is started now has no page of it either.
  absl::StatusOr<Lane> lane = Lane::Start([] {
    LaneConfig config = Config();
    config.cgroup_name += "-late";
    return config;
  }());
  ASSERT_TRUE(lane.ok()) << lane.status();
  std::istringstream maps(ReadFile(absl::StrFormat("/proc/%d/maps", lane->pid())));
  std::set<std::string> files;
  for (std::string line; std::getline(maps, line);) {
    const size_t path = line.find_first_of("/[");
    if (path != std::string::npos) files.insert(line.substr(path));
  }
  const std::string launcher = std::filesystem::canonical(LauncherPath()).string();
  for (const std::string& file : files) {
    EXPECT_TRUE(file == launcher || file == "[heap]" || file == "[stack]" ||
                file.rfind("[v", 0) == 0)
        << file;
  }
  std::istringstream status(ReadFile(absl::StrFormat("/proc/%d/statm", lane->pid())));
  int64_t pages = 0;
  status >> pages;
  EXPECT_LT(pages * sysconf(_SC_PAGESIZE), int64_t{8} << 20) << "too large to be without it";
}

// What a server could leave open without close-on-exec, all at once.
TEST_F(SecretsTest, NoKindOfLeakedDescriptorIsInherited) {
  const std::string path = view_path() + "/contest.db";
  std::vector<UniqueFd> leaks;
  leaks.emplace_back(open(path.c_str(), O_RDWR));
  leaks.emplace_back(open("/", O_RDONLY | O_DIRECTORY));
  leaks.emplace_back(socket(AF_UNIX, SOCK_STREAM, 0));
  leaks.emplace_back(epoll_create1(0));
  leaks.emplace_back(static_cast<int>(syscall(SYS_memfd_create, "leak", 0U)));
  leaks.emplace_back(fcntl(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)), F_DUPFD, 0));
  for (const UniqueFd& leak : leaks) ASSERT_TRUE(leak.valid());
  LaneConfig config = Config();
  config.cgroup_name += "-leaks";
  absl::StatusOr<Lane> lane = Lane::Start(config);
  ASSERT_TRUE(lane.ok()) << lane.status();
  absl::StatusOr<Seen> seen = RunProgram(*lane, HostileProgram("descriptors"), SmallBox());
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->output, "0 1 2 ");
}

TEST_F(SecretsTest, TheAuxiliaryVectorIsConstant) {
  const std::string text = Run("auxiliary").output;
  EXPECT_EQ(text, Run("auxiliary").output);
  EXPECT_EQ(text, "/dev/fd/512 1000 1000 1000 1000 0\n");
}

TEST_F(SecretsTest, EveryRunHasALayoutOfItsOwn) {
  std::set<std::string> seen[4];
  constexpr int kRuns = 8;
  for (int run = 0; run < kRuns; ++run) {
    std::istringstream layout(Run("layout").output);
    for (std::set<std::string>& words : seen) {
      std::string word;
      layout >> word;
      words.insert(word);
    }
  }
  // Code, stack, heap and the kernel's random bytes.
  for (const std::set<std::string>& words : seen) EXPECT_EQ(words.size(), size_t{kRuns});
}

TEST_F(SecretsTest, EveryExitCodeIsReported) {
  for (int code = 0; code < 256; ++code) {
    const BoxReport report = Run(absl::StrFormat("exit:%d", code)).report;
    ASSERT_EQ(OutcomeName(report.outcome), OutcomeName(Outcome::kExited)) << code;
    ASSERT_EQ(report.exit_code, code);
  }
}

// A program is the first process of its box, which no signal of its own ends or stops.
TEST_F(SecretsTest, NoSignalToItselfIsAnEnd) {
  for (int number = 1; number <= 64; ++number) {
    if (number == 32 || number == 33) continue;  // the C library's own
    const BoxReport report = Run(absl::StrFormat("signal_itself:%d", number)).report;
    EXPECT_EQ(OutcomeName(report.outcome), OutcomeName(Outcome::kExited)) << number;
    EXPECT_EQ(report.exit_code, 0) << number;
  }
}

}  // namespace
}  // namespace pinhole::sandbox
