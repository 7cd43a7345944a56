// What the front writes for its operator: events of the closed set, whatever callers send.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "server/front/front_log.h"
#include "tests/unit/front/front_fixture.h"

namespace pinhole::front {
namespace {

constexpr char kMarker[] = "marker7f3a";

// Lines that the closed set allows, by EventShapes.
bool IsEvent(const std::string& line) {
  for (const EventShape& shape : EventShapes()) {
    std::string pattern = "<[346]>event=" + shape.name;
    for (const std::string& field : shape.fields) {
      const size_t colon = field.find(": ");
      pattern += " " + field.substr(0, colon) + "=";
      pattern += colon == std::string::npos
                     ? "[0-9]+"
                     : "(" + absl::StrReplaceAll(field.substr(colon + 2), {{", ", "|"}}) + ")";
    }
    if (std::regex_match(line, std::regex(pattern))) return true;
  }
  return false;
}

TEST(FrontLogWords, AreTheReasonsOfTheContract) {
  for (int number = 1; number <= kLastReason; ++number) {
    const auto reason = static_cast<Reason>(number);
    std::string word(Name(reason));
    absl::AsciiStrToLower(&word);
    const std::string line = FormatEvent(event::CallsRefused{.reason = RefusalOf(reason)});
    EXPECT_EQ(line,
              "event=calls-refused reason=" + absl::StrReplaceAll(word, {{"_", "-"}}) + " calls=0");
  }
}

class LogTest : public FrontTest {
 protected:
  LogTest() : FrontTest(Limits()) {}
};

TEST_F(LogTest, HasEventsAndCountsAndNothingThatCallersSent) {
  Exchange();
  const std::string token = MustJoin(0);
  for (int i = 0; i < 3; ++i) {
    const auto context = NewContext(kMarker);
    v1::JoinRequest request;
    request.set_signed_request(std::string(kMarker) + "\n\nevent=stopped why=asked\n");
    v1::JoinResponse response;
    EXPECT_EQ(OutcomeOf(contestant_->Join(context.get(), request, &response), *context).reason,
              "BAD_REQUEST");
  }
  v1::Submission submission;
  EXPECT_EQ(Submit(kMarker, SubmitText(0, "x", "1"), &submission, kMarker).reason, "BAD_TOKEN");
  EXPECT_EQ(Upload(token, kMarker, Sha256("another")).reason, "BAD_PROGRAM");
  Exchange();
  EXPECT_EQ(Log().find("calls-refused"), std::string::npos) << "counted, not listed";
  StopFront();
  StartFront();
  vault_.Die();
  StopFront();
  const std::string log = Log();
  std::istringstream lines(log);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_TRUE(IsEvent(line)) << line;
  EXPECT_GT(count, 5);
  EXPECT_THAT(log, ::testing::Not(::testing::HasSubstr(kMarker)));
  for (const char* event : {"<6>event=serving ledger=0\n", "<6>event=mirrored entries=4 ledger=4\n",
                            "<6>event=calls-refused reason=bad-request calls=3\n",
                            "<6>event=calls-refused reason=bad-token calls=1\n",
                            "<6>event=calls-refused reason=bad-program calls=1\n"}) {
    EXPECT_THAT(log, ::testing::HasSubstr(event));
  }
  EXPECT_FALSE(IsEvent("<6>event=serving ledger=x")) << "the check itself";
}

TEST(FrontLog, WritesAFullDiskOnceAMinuteAndUse) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  FrontLog log(EventLog(ends[1], EventLog::Style::kJournal));
  for (int i = 0; i < 5; ++i) {
    log.DiskFull(DiskUse::kProgram);
    log.DiskFull(DiskUse::kLedger);
    log.CountCall(absl::InternalError(kMarker));
    log.CountCall(absl::CancelledError(kMarker));
  }
  log.Tick(1);
  log.Tick(FrontLog::kEveryMs);
  log.Tick(FrontLog::kEveryMs + 1);
  ::close(ends[1]);
  char text[1024];
  const ssize_t got = ::read(ends[0], text, sizeof text);
  ::close(ends[0]);
  EXPECT_EQ(std::string(text, got > 0 ? static_cast<size_t>(got) : 0),
            "<4>event=disk-full use=program\n<4>event=disk-full use=ledger\n"
            "<3>event=calls-failed code=13 calls=5\n");
}

}  // namespace
}  // namespace pinhole::front
