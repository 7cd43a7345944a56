// A lane with a view of its own, and programs to run in it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sandbox/box.h"

namespace pinhole::sandbox {

// Ids that no account of the machine has.
inline constexpr uid_t kLaneUid = 64101;
inline constexpr gid_t kLaneGid = 64101;
inline constexpr gid_t kViewGid = 64100;

// Bytes of a file; of one that cannot be read, a test failure.
std::string ReadFile(const std::string& path);

// A descriptor on a memory file that holds `bytes`, at its start.
UniqueFd FileOf(std::string_view bytes);

// All that was written to `fd`, from its start.
std::string Contents(int fd);

// $PINHOLE_BIN/pinhole-box.
std::string LauncherPath();
// A program of this build's tests, by name.
std::string ProgramPath(std::string_view name);

// The hostile program with `attack` patched in.
std::string HostileProgram(std::string_view attack);

// What one run was, and said.
struct Seen {
  BoxReport report;
  std::string output;
  std::string diagnostics;
};

// Runs `program` in `lane`; the descriptors of `fds` that are not set are made here.
absl::StatusOr<Seen> RunProgram(Lane& lane, std::string_view program, const BoxSpec& spec,
                                BoxFds fds = {});

// Owns a folder with a view that only root and kViewGid can read: contest.db (some bytes) and
// program (an executable). As root; a test that needs it skips otherwise, or fails with
// PINHOLE_MUST_WORK=1.
class LaneTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  // Under kLaneUid, in cgroups of this process, shows the view.
  static LaneConfig Config();
  static Lane& SharedLane() { return *lane_; }
  static const std::string& view_path() { return view_path_; }
  // For files of a test's own; gone when the suite ends.
  static const std::string& folder() { return folder_; }

 private:
  static std::string folder_;
  static std::string view_path_;
  static std::unique_ptr<Lane> lane_;
};

// PINHOLE_MUST_WORK=1 is set: nothing may be skipped.
bool MustWork();

// Ends the test: skipped with `reason`, or failed when MustWork.
#define SKIP_OR_FAIL(reason)                                              \
  do {                                                                    \
    if (MustWork()) GTEST_FAIL() << (reason) << " (PINHOLE_MUST_WORK=1)"; \
    GTEST_SKIP() << (reason);                                             \
  } while (false)

}  // namespace pinhole::sandbox
