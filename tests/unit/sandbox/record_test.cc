// The golden record: what it names, and how a difference is told.
#include "sandbox/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"

namespace pinhole::sandbox {
namespace {

using protocol::Accounting;
using protocol::Profile;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Promise Whole() {
  return {.profile = Profile::kStatic,
          .uid = 501,
          .gid = 502,
          .groups = {502, 503},
          .view = true,
          .accounting = Accounting::kVersion2,
          .core = 3};
}

std::string Text(const Promise& promise) {
  return absl::StrJoin(GoldenRecord(promise), "\n") + "\n";
}

TEST(RecordTest, NamesOfTheLaneStandInTheirPlaces) {
  const std::vector<std::string> lines = GoldenRecord(Whole());
  for (const char* line :
       {"Uid: 501 501 501 501", "Gid: 502 502 502 502", "Groups: 503", "uid_map: 1000 501 1",
        "gid_map: 1000 502 1", "Cpus_allowed_list: 3", "its files in /proc: not its user's"}) {
    EXPECT_THAT(lines, Contains(line));
  }
  for (const std::string& line : lines) EXPECT_EQ(line.find('{'), std::string::npos) << line;
}

TEST(RecordTest, ProfilesAndDegradedModesHaveLinesOfTheirOwn) {
  const auto lines = [](auto change) {
    Promise promise = Whole();
    change(promise);
    return GoldenRecord(promise);
  };
  EXPECT_THAT(lines([](Promise& promise) { promise.profile = Profile::kScorer; }),
              testing::AllOf(Not(Contains(HasSubstr("/data"))), Not(Contains(HasSubstr("/tmp"))),
                             Contains("fd 3: memory file, reads")));
  EXPECT_THAT(lines([](Promise& promise) { promise.view = false; }),
              Not(Contains(HasSubstr("/data"))));
  EXPECT_THAT(lines([](Promise& promise) { promise.accounting = Accounting::kNone; }),
              testing::AllOf(Not(Contains(HasSubstr(" group: "))),
                             Contains(StartsWith("limits: Max address space 67108864"))));
  EXPECT_THAT(lines([](Promise& promise) { promise.uid = 0; }),
              Contains("its files in /proc: its user's"));
  EXPECT_THAT(lines([](Promise& promise) { promise.core.reset(); }),
              Contains("Cpus_allowed_list: *"));
}

TEST(RecordTest, TheGoldenRecordIsAsPromised) {
  EXPECT_TRUE(CheckRecord(Whole(), Text(Whole())).ok());
  Promise anywhere = Whole();
  anywhere.core.reset();
  EXPECT_TRUE(CheckRecord(anywhere, Text(Whole())).ok());
}

// Each line in turn is changed, left out and doubled: none of them is there for nothing.
TEST(RecordTest, EveryLineThatDiffersIsNamed) {
  const std::vector<std::string> golden = GoldenRecord(Whole());
  for (size_t i = 0; i < golden.size(); ++i) {
    std::vector<std::string> changed = golden;
    changed[i] += "0";
    std::vector<std::string> shorter = golden;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    std::vector<std::string> longer = golden;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(i), "mount: / rw");
    for (const auto& record : {changed, shorter, longer}) {
      const absl::Status status = CheckRecord(Whole(), absl::StrJoin(record, "\n") + "\n");
      EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << golden[i];
      EXPECT_THAT(std::string(status.message()),
                  HasSubstr("expected \"" + golden[i] + "\", found \""));
    }
  }
  EXPECT_THAT(std::string(CheckRecord(Whole(), Text(Whole()) + "fd 9: pipe, reads\n").message()),
              HasSubstr("expected \"no more\", found \"fd 9: pipe, reads\""));
  EXPECT_THAT(std::string(CheckRecord(Whole(), "").message()), HasSubstr("found \"no more\""));
}

}  // namespace
}  // namespace pinhole::sandbox
