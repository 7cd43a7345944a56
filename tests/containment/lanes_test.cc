// A lane's record at its start, in each of the ways in which a lane can be started.
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "tests/containment/lane_fixture.h"

namespace pinhole::sandbox {
namespace {

using testing::HasSubstr;

class LanesTest : public LaneTest {
 protected:
  static LaneConfig OwnConfig() {
    LaneConfig config = Config();
    config.cgroup_name += "-lanes";
    return config;
  }

  static std::string RecordOf(const LaneConfig& config) {
    absl::StatusOr<Lane> lane = Lane::Start(config);
    return lane.ok() ? lane->facts().record : std::string(lane.status().message());
  }

  // The record of a lane of `config` that a child starts after `prepare`.
  template <typename Prepare>
  static std::string RecordInChild(const LaneConfig& config, Prepare prepare) {
    const UniqueFd said = FileOf("");
    const pid_t child = fork();
    if (child == 0) {
      const std::string record = prepare() ? RecordOf(config) : "could not prepare";
      const bool written = pwrite(said.get(), record.data(), record.size(), 0) ==
                           static_cast<ssize_t>(record.size());
      _exit(written ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    return Contents(said.get());
  }
};

TEST_F(LanesTest, ARecordHoldsBothProfilesAndIsOneForAllLanesOfAUser) {
  const std::string record = RecordOf(OwnConfig());
  std::printf("%s", record.c_str());
  EXPECT_THAT(record, testing::StartsWith("model\n"));
  EXPECT_THAT(record, HasSubstr("\nscorer\n"));
  EXPECT_EQ(record, SharedLane().facts().record);
  LaneConfig other = OwnConfig();
  other.uid = kLaneUid + 1;
  EXPECT_NE(RecordOf(other), record);
  // The lane is as good as new after its probes.
  EXPECT_EQ(RunProgram(SharedLane(), HostileProgram("exit:7"), BoxSpec())->report.exit_code, 7);
}

// As a unit has it: ProtectProc=invisible, ProcSubset=pid. A box that its launcher may not read
// would not be there at all.
TEST_F(LanesTest, WhereProcHidesOthersTheLauncherSeesItsBox) {
  const std::string record = RecordInChild(OwnConfig(), [] {
    return unshare(CLONE_NEWNS) == 0 &&
           mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           mount("proc", "/proc", "proc", 0, "hidepid=invisible,subset=pid") == 0;
  });
  EXPECT_EQ(record, SharedLane().facts().record);
}

TEST_F(LanesTest, DegradedModesAreSeenAsSuch) {
  LaneConfig config = OwnConfig();
  config.cgroup_name.clear();
  EXPECT_THAT(RecordOf(config), HasSubstr("limits: Max address space 67108864 67108864 bytes\n"));
  config.uid.reset();
  config.gid.reset();
  config.view_gid.reset();
  EXPECT_THAT(RecordOf(config), HasSubstr("its files in /proc: its user's\n"));
  config.view_path.clear();
  const std::string plain = RecordInChild(config, [] {
    const gid_t groups[] = {kViewGid, kLaneGid};
    return setgroups(2, groups) == 0 && setresgid(kLaneGid, kLaneGid, kLaneGid) == 0 &&
           setresuid(kLaneUid, kLaneUid, kLaneUid) == 0;
  });
  EXPECT_THAT(plain, HasSubstr("\nUid: 64101 64101 64101 64101\nGid: 64101 64101 64101 64101\n"
                               "Groups: 64100\n"));
}

}  // namespace
}  // namespace pinhole::sandbox
