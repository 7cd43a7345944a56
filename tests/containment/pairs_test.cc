// Two boxes, side by side in two lanes or one after the other in one: neither sees the other.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "tests/containment/cases.h"
#include "tests/containment/lane_fixture.h"
#include "tests/containment/processes.h"

namespace pinhole::sandbox {
namespace {

constexpr uid_t kOneUser = 64301;
constexpr uid_t kOtherUser = 64302;

// A program that stays in a box until this goes.
class Staying {
 public:
  Staying(Lane& lane, std::string_view attack, int threads) {
    const std::string program = HostileProgram(attack);
    runner_ = std::thread([this, &lane, program] {
      BoxFds fds;
      fds.program = FileOf(program);
      fds.output_fd = output_.get();
      (void)lane.Run(SmallBox(), std::move(fds));
    });
    box_ = AwaitBox(lane.pid(), threads);
  }
  ~Staying() {
    if (box_ > 0) kill(box_, SIGKILL);
    runner_.join();
  }
  Staying(const Staying&) = delete;
  Staying& operator=(const Staying&) = delete;

  pid_t box() const { return box_; }
  bool HasSaid(const std::string& text) const {
    return Await([&] { return Contents(output_.get()) == text; });
  }

 private:
  const UniqueFd output_ = FileOf("");
  pid_t box_ = -1;
  std::thread runner_;
};

class PairsTest : public LaneTest {
 protected:
  void SetUp() override {
    LaneTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    one_ = StartLane(kOneUser, "one");
    other_ = StartLane(kOtherUser, "other");
  }
  static std::unique_ptr<Lane> StartLane(uid_t user, const char* name) {
    LaneConfig config = Config();
    config.uid = user;
    config.gid = user;
    config.cgroup_name += absl::StrFormat("-%s", name);
    absl::StatusOr<Lane> lane = Lane::Start(config);
    EXPECT_TRUE(lane.ok()) << lane.status();
    return std::make_unique<Lane>(*std::move(lane));
  }
  static int ExitOf(Lane& lane, std::string_view attack) {
    absl::StatusOr<Seen> seen = RunProgram(lane, HostileProgram(attack), SmallBox());
    if (!seen.ok() || seen->report.outcome != Outcome::kExited) return -1;
    return seen->report.exit_code;
  }

  std::unique_ptr<Lane> one_;
  std::unique_ptr<Lane> other_;
};

TEST_F(PairsTest, ALockOfTheSharedFileIsNone) {
  const Staying holder(*one_, "lock_and_stay", 1);
  ASSERT_TRUE(holder.HasSaid("locked"));
  EXPECT_EQ(ExitOf(*other_, "ask_lock"), EPERM);
  EXPECT_EQ(ExitOf(*other_, "flock_view"), 0);
  // Nor does the host see one: what was answered was never done.
  const UniqueFd file(open((view_path() + "/contest.db").c_str(), O_RDWR | O_CLOEXEC));
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  ASSERT_EQ(fcntl(file.get(), F_GETLK, &lock), 0);
  EXPECT_EQ(lock.l_type, F_UNLCK);
  EXPECT_EQ(flock(file.get(), LOCK_EX | LOCK_NB), 0);
}

// The control: the same locks taken outside of a box are seen.
TEST_F(PairsTest, ALockOutsideOfABoxIsSeen) {
  const std::string path = view_path() + "/contest.db";
  const UniqueFd holder(open(path.c_str(), O_RDWR | O_CLOEXEC));
  const UniqueFd asker(open(path.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(flock(holder.get(), LOCK_EX), 0);
  EXPECT_EQ(flock(asker.get(), LOCK_EX | LOCK_NB), -1);
}

TEST_F(PairsTest, ThreadsOfOneAreNotCountedToTheOther) {
  const Staying full(*one_, "stay_with_threads", 3);
  ASSERT_GT(full.box(), 0);
  EXPECT_EQ(ExitOf(*other_, "threads:4"), 0);
  EXPECT_EQ(ExitOf(*other_, "threads:5"), EAGAIN);
}

TEST_F(PairsTest, AFullScratchIsFullForOneAlone) {
  const Staying full(*one_, "fill_and_stay", 1);
  ASSERT_TRUE(full.HasSaid("full"));
  EXPECT_EQ(ExitOf(*other_, "write_scratch"), 0);
  EXPECT_EQ(ExitOf(*other_, "find_trace"), ENOENT);
}

TEST_F(PairsTest, NoSignalReachesTheOther) {
  const Staying victim(*one_, "stay_with_threads", 3);
  ASSERT_GT(victim.box(), 0);
  for (const char* attack : {"kill_everybody", "kill_own_group", "kill_parent", "signal_other"}) {
    EXPECT_EQ(ExitOf(*other_, attack), EPERM) << attack;
  }
  EXPECT_EQ(kill(victim.box(), 0), 0);
}

TEST_F(PairsTest, WhatARunLeavesTheNextDoesNotFind) {
  EXPECT_EQ(ExitOf(*one_, "leave_trace"), 0);
  EXPECT_EQ(ExitOf(*one_, "find_trace"), ENOENT);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(ExitOf(*one_, "plant_canary"), 0);
    EXPECT_EQ(ExitOf(*one_, "scan_memory"), ENOENT);
    EXPECT_EQ(ExitOf(*one_, "scan_stack"), ENOENT);
    EXPECT_EQ(ExitOf(*other_, "scan_memory"), ENOENT);
  }
}

// Two lanes differ in their user alone.
TEST_F(PairsTest, TheHostSeesTwoBoxesAlike) {
  const Staying one(*one_, "stay_with_threads", 3);
  const Staying other(*other_, "stay_with_threads", 3);
  ASSERT_GT(one.box(), 0);
  ASSERT_GT(other.box(), 0);
  const auto neutral = [](pid_t box, uid_t user) {
    std::set<std::string> lines;
    const std::string number = std::to_string(user);
    for (std::string line : RecordOf(box)) {
      for (size_t at; (at = line.find(number)) != std::string::npos;) {
        line.replace(at, number.size(), "its user");
      }
      lines.insert(line);
    }
    return lines;
  };
  EXPECT_EQ(neutral(one.box(), kOneUser), neutral(other.box(), kOtherUser));
}

std::string Mounts(pid_t process) {
  return ReadFile(absl::StrFormat("/proc/%d/mountinfo", process));
}

TEST_F(PairsTest, MountsPassNeitherWay) {
  const std::string ours = Mounts(getpid());
  const Staying staying(*one_, "stay_with_threads", 3);
  ASSERT_GT(staying.box(), 0);
  EXPECT_EQ(Mounts(getpid()), ours) << "the box's mounts are the host's";
  const std::string theirs = Mounts(staying.box());
  const std::string place = view_path() + "/later";
  ASSERT_EQ(mkdir(place.c_str(), 0755), 0);
  ASSERT_EQ(mount("later", place.c_str(), "tmpfs", 0, nullptr), 0);
  EXPECT_NE(Mounts(getpid()), ours);
  EXPECT_EQ(Mounts(staying.box()), theirs) << "a later mount of the host is the box's";
  EXPECT_EQ(umount(place.c_str()), 0);
  EXPECT_EQ(rmdir(place.c_str()), 0);
}

}  // namespace
}  // namespace pinhole::sandbox
