// The limits without a network: buckets, the gate, addresses, page tokens, kept boards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/front/board_pages.h"
#include "server/front/call_gate.h"
#include "server/front/caller.h"
#include "server/front/daily_use.h"
#include "server/front/page_token.h"
#include "server/front/reason.h"
#include "server/front/token_bucket.h"
#include "server/front/upload_quota.h"

namespace pinhole::front {
namespace {

constexpr int64_t kDay = 86'400;
constexpr int64_t kNow = 1'000'000;

TEST(TokenBucket, GivesABurstThenARate) {
  TokenBucket bucket(/*capacity=*/5, /*per_day=*/10 * kDay);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bucket.Take(1, kNow), 0) << i;
  EXPECT_EQ(bucket.Take(1, kNow), 100) << "ten a second";
  EXPECT_EQ(bucket.Take(1, kNow + 99), 1);
  EXPECT_EQ(bucket.Take(1, kNow + 100), 0);
  EXPECT_EQ(bucket.Take(2, kNow + 100), 200);
  EXPECT_EQ(bucket.Take(6, kNow + 100), TokenBucket::kNever);
  EXPECT_EQ(bucket.Take(5, kNow + 1'000'000), 0) << "never more than its capacity";
  EXPECT_EQ(bucket.Take(1, kNow + 1'000'000), 100);
}

TEST(TokenBucket, AClockThatGoesBackFillsNothingAndBreaksNothing) {
  TokenBucket bucket(2, kDay);
  EXPECT_EQ(bucket.Take(2, kNow), 0);
  EXPECT_EQ(bucket.Take(1, kNow - 5000), 1000);
  EXPECT_EQ(bucket.Take(1, kNow - 4000), 0);
}

TEST(TokenBucket, LargeAmountsAndWhatIsGivenBack) {
  constexpr int64_t kCapacity = int64_t{1} << 50;
  TokenBucket bucket(kCapacity, kCapacity);
  EXPECT_EQ(bucket.Take(kCapacity, kNow), 0);
  EXPECT_EQ(bucket.Take(kCapacity, kNow), kDay * 1000) << "a whole day";
  bucket.Give(kCapacity);
  bucket.Give(kCapacity);
  EXPECT_TRUE(bucket.full(kNow));
  EXPECT_EQ(bucket.Take(kCapacity, kNow), 0);
  EXPECT_NE(bucket.Take(1, kNow), 0) << "not more than was there";
}

TEST(DailyUse, DrainsOverADay) {
  constexpr int64_t kPerDay = 1000;
  constexpr DailyUse kUse{.used_bytes = 800, .at_ms = kNow};
  struct Case {
    const char* name;
    int64_t now_ms;
    int64_t used_bytes;
  };
  const Case cases[] = {
      {"at once", kNow, 800},
      {"a byte's time, less one", kNow + 86'399, 800},
      {"a byte's time", kNow + 86'400, 799},
      {"half a day", kNow + kDayMs / 2, 300},
      {"a day", kNow + kDayMs, 0},
      {"a year", kNow + 365 * kDayMs, 0},
      {"a clock that went back", kNow - 5, 800},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const DailyUse use = At(kUse, kPerDay, test.now_ms);
    EXPECT_EQ(use.used_bytes, test.used_bytes);
    EXPECT_EQ(use.at_ms, test.now_ms);
  }
  EXPECT_EQ(WaitMs(kUse, kPerDay, 200), 0);
  EXPECT_EQ(WaitMs(kUse, kPerDay, 201), 86'400);
  EXPECT_EQ(WaitMs(kUse, kPerDay, 1000), 800 * 86'400);
}

TEST(TokenBuckets, AreBoundedAndForgetFullOnesFirst) {
  TokenBuckets buckets(1, kDay, /*most_keys=*/3);
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(buckets.Take(key, 1, kNow), 0);
  EXPECT_EQ(buckets.Take("d", 1, kNow), 0) << "newcomers share one";
  EXPECT_NE(buckets.Take("e", 1, kNow), 0) << "which d emptied";
  EXPECT_EQ(buckets.size(), 3u);
  EXPECT_EQ(buckets.Take("e", 1, kNow + 5000), 0) << "the others are full and forgotten";
  EXPECT_EQ(buckets.size(), 1u);
}

TEST(Caller, CountsByAddressAndByIpv6Network) {
  struct Case {
    const char* peer;
    const char* address;
  };
  const Case cases[] = {
      {"ipv4:192.0.2.1:50123", "192.0.2.1"},
      {"ipv6:%5B2001:db8:1:2:3:4:5:6%5D:443", "2001:db8:1:2::/64"},
      {"ipv6:[2001:db8:1:2:ffff::]:1", "2001:db8:1:2::/64"},
      {"ipv6:[::1]:1", "::/64"},
      {"ipv6:[::ffff:192.0.2.1]:1", "192.0.2.1"},
      {"ipv6:[fe80::1%25eth0]:1", "fe80::/64"},
      {"unix:/run/x", "unix:/run/x"},
      {"", ""},
  };
  for (const Case& test : cases) EXPECT_EQ(CallerAddress(test.peer), test.address) << test.peer;
}

struct Refusal {
  absl::StatusCode code;
  std::string reason;
};
Refusal RefusalOf(const absl::Status& status) {
  return {status.code(), ReasonOf(status).value_or("")};
}

TEST(CallGate, RefusesWithTheReasonAndServesOthers) {
  Limits limits;
  limits.requests_burst = 3;
  limits.requests_per_second = 1;
  CallGate gate(limits);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(gate.Enter("a", CallKind::kShort, kNow).ok());
  const absl::Status refused = gate.Enter("a", CallKind::kShort, kNow).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "RATE_LIMITED");
  EXPECT_EQ(RetryAfterOf(refused), "1");
  EXPECT_TRUE(gate.Enter("b", CallKind::kShort, kNow).ok());
  EXPECT_TRUE(gate.Enter("a", CallKind::kShort, kNow + 1000).ok());
}

TEST(CallGate, EachLimitOfPlaces) {
  struct Case {
    const char* name;
    int64_t Limits::*limit;
    CallKind kind;
    bool of_address;
  };
  const Case cases[] = {
      {"calls", &Limits::calls, CallKind::kShort, false},
      {"calls of an address", &Limits::calls_per_address, CallKind::kShort, true},
      {"watches", &Limits::watches, CallKind::kWatch, false},
      {"watches of an address", &Limits::watches_per_address, CallKind::kWatch, true},
      {"uploads", &Limits::uploads, CallKind::kUpload, false},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    Limits limits;
    limits.*test.limit = 2;
    CallGate gate(limits);
    std::optional<CallGate::Lease> first = gate.Enter("a", test.kind, kNow).value();
    const auto second = gate.Enter("a", test.kind, kNow);
    EXPECT_EQ(RefusalOf(gate.Enter("a", test.kind, kNow).status()).reason, "BUSY");
    EXPECT_EQ(gate.Enter("b", test.kind, kNow).ok(), test.of_address);
    first.reset();
    EXPECT_TRUE(gate.Enter("b", test.kind, kNow).ok());
    EXPECT_TRUE(gate.Enter("a", test.kind, kNow).ok());
  }
}

TEST(CallGate, AnswersThatNobodyReadsAreCountedUntilTheCallEnds) {
  Limits limits;
  limits.answer_bytes_per_address = 100;
  limits.answer_bytes = 150;
  CallGate gate(limits);
  std::optional<CallGate::Lease> first = gate.Enter("a", CallKind::kShort, kNow).value();
  EXPECT_TRUE(first->HoldAnswer(60).ok());
  CallGate::Lease second = gate.Enter("a", CallKind::kShort, kNow).value();
  EXPECT_EQ(RefusalOf(second.HoldAnswer(41)).reason, "BUSY") << "100 for an address";
  CallGate::Lease other = gate.Enter("b", CallKind::kShort, kNow).value();
  EXPECT_EQ(RefusalOf(other.HoldAnswer(91)).reason, "BUSY") << "150 for all";
  EXPECT_TRUE(other.HoldAnswer(90).ok());
  first.reset();
  EXPECT_TRUE(second.HoldAnswer(60).ok());
}

TEST(CallGate, AfterDrainOnlyHealthEnters) {
  CallGate gate{Limits()};
  const auto upload = gate.Enter("a", CallKind::kUpload, kNow);
  gate.Drain();
  const absl::Status refused = gate.Enter("a", CallKind::kShort, kNow).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(refused), "STOPPING");
  EXPECT_EQ(gate.uploads(), 1);
  EXPECT_TRUE(gate.Enter("a", CallKind::kHealth, kNow).ok()) << "who asks whether it stops";
}

TEST(CallGate, ATeamsCallsAreCountedWhereverTheyComeFrom) {
  Limits limits;
  limits.team_requests_burst = 2;
  limits.team_requests_per_second = 1;
  CallGate gate(limits);
  EXPECT_TRUE(gate.TakeTeamRequest("one", kNow).ok());
  EXPECT_TRUE(gate.TakeTeamRequest("one", kNow).ok());
  EXPECT_EQ(RefusalOf(gate.TakeTeamRequest("one", kNow)).reason, "RATE_LIMITED");
  EXPECT_TRUE(gate.TakeTeamRequest("two", kNow).ok());
}

TEST(UploadDue, MovesWithTheBytes) {
  Limits limits;
  limits.upload_grace_seconds = 20;
  limits.upload_bytes_per_second = 1000;
  EXPECT_EQ(UploadDueMs(limits, kNow, 0), kNow + 20'000);
  EXPECT_EQ(UploadDueMs(limits, kNow, 5000), kNow + 25'000);
}

TEST(PageToken, IsBoundToItsList) {
  const std::string token = MakePageToken("ListContests", "demo");
  EXPECT_EQ(OpenPageToken("ListContests", token).value(), "demo");
  for (const std::string& wrong :
       {std::string("x"), std::string("00"), token.substr(2), "00" + token, std::string(1024, '0'),
        MakePageToken("GetBoard demo", "demo")}) {
    const absl::Status status = OpenPageToken("ListContests", wrong).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wrong;
    EXPECT_EQ(ReasonOf(status), "BAD_PAGE_TOKEN") << wrong;
  }
}

TEST(BoardPages, KeepsTheLastFew) {
  BoardPages pages;
  const auto rows = std::make_shared<const std::vector<replay::BoardRow>>(3);
  for (int64_t size = 0; size <= static_cast<int64_t>(BoardPages::kKept); ++size) {
    pages.Keep("demo", size, rows);
    pages.Keep("demo", size, rows);  // counts once
  }
  EXPECT_EQ(pages.Find("demo", 0), nullptr);
  EXPECT_EQ(pages.Find("demo", 1), rows);
  EXPECT_EQ(pages.Find("other", 1), nullptr);
}

}  // namespace
}  // namespace pinhole::front
