// A lane with a view of its own, and programs to run in it.
#include "tests/containment/lane_fixture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_format.h"

namespace pinhole::sandbox {
namespace {

constexpr std::string_view kMark = "PINHOLE-ATTACK: ";
constexpr size_t kRoom = 79;  // for a name and its end

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

void WriteFile(const std::string& path, std::string_view bytes, mode_t mode) {
  std::ofstream(path, std::ios::binary) << bytes;
  ASSERT_EQ(chmod(path.c_str(), mode), 0);
}

}  // namespace

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

UniqueFd FileOf(std::string_view bytes) {
  UniqueFd file(memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string Contents(int fd) {
  std::string text;
  char chunk[4096];
  for (off_t at = 0;;) {
    const ssize_t got = pread(fd, chunk, sizeof chunk, at);
    if (got <= 0) return text;
    text.append(chunk, static_cast<size_t>(got));
    at += got;
  }
}

bool MustWork() { return Variable("PINHOLE_MUST_WORK") == "1"; }

std::string LauncherPath() { return Variable("PINHOLE_BIN") + "/pinhole-box"; }

std::string ProgramPath(std::string_view name) {
  return absl::StrFormat("%s/%s", Variable("PINHOLE_TEST_BIN"), name);
}

std::string HostileProgram(std::string_view attack) {
  static const std::string kProgram = ReadFile(ProgramPath("hostile"));
  std::string program = kProgram;
  const size_t mark = program.find(kMark);
  if (mark == std::string::npos || attack.size() >= kRoom) {
    ADD_FAILURE() << "cannot patch " << attack << " into the hostile program";
    return program;
  }
  std::string name(attack);
  name.resize(kRoom, '\0');
  return program.replace(mark + kMark.size(), kRoom, name);
}

absl::StatusOr<Seen> RunProgram(Lane& lane, std::string_view program, const BoxSpec& spec,
                                BoxFds fds) {
  const UniqueFd output = FileOf("");
  const UniqueFd diagnostics = FileOf("");
  fds.program = FileOf(program);
  fds.output_fd = output.get();
  if (spec.diagnostics == Diagnostics::kRehearsal) fds.diagnostics_fd = diagnostics.get();
  absl::StatusOr<BoxReport> report = lane.Run(spec, std::move(fds));
  if (!report.ok()) return report.status();
  return Seen{*report, Contents(output.get()), Contents(diagnostics.get())};
}

std::string LaneTest::folder_;
std::string LaneTest::view_path_;
std::unique_ptr<Lane> LaneTest::lane_;

LaneConfig LaneTest::Config() {
  LaneConfig config;
  config.launcher_path = LauncherPath();
  config.view_path = view_path_;
  config.uid = kLaneUid;
  config.gid = kLaneGid;
  config.view_gid = kViewGid;
  config.cgroup_name = absl::StrFormat("test-%d", getpid());
  return config;
}

void LaneTest::SetUpTestSuite() {
  if (geteuid() != 0) return;
  std::string pattern = (std::filesystem::temp_directory_path() / "pinhole-box-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  folder_ = pattern;
  ASSERT_EQ(chmod(folder_.c_str(), 0711), 0);
  view_path_ = folder_ + "/view";
  ASSERT_EQ(mkdir(view_path_.c_str(), 0700), 0);
  // Modes let the group write, so that nothing but the read-only mount keeps a box from it.
  ASSERT_EQ(chmod(view_path_.c_str(), 0770), 0);
  ASSERT_EQ(chown(view_path_.c_str(), 0, kViewGid), 0);
  absl::StatusOr<Lane> lane = Lane::Start(Config());
  ASSERT_TRUE(lane.ok()) << lane.status();
  lane_ = std::make_unique<Lane>(*std::move(lane));
}

void LaneTest::TearDownTestSuite() {
  lane_.reset();
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
  folder_.clear();
}

void LaneTest::SetUp() {
  if (geteuid() != 0) SKIP_OR_FAIL("a lane with a uid of its own needs root");
  ASSERT_TRUE(lane_ != nullptr);
  // Anew each time, as a control outside may have changed them.
  for (const char* name : {"/new", "/link"}) std::filesystem::remove(view_path_ + name);
  WriteFile(view_path_ + "/contest.db", "rows of the view", 0660);
  WriteFile(view_path_ + "/program", ReadFile(ProgramPath("hostile")), 0755);
  for (const char* name : {"/contest.db", "/program"}) {
    ASSERT_EQ(chown((view_path_ + name).c_str(), 0, kViewGid), 0);
  }
}

}  // namespace pinhole::sandbox
