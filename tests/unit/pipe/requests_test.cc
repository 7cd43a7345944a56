// Requests are canonical text, signed; any changed byte is refused.
#include "server/core/pipe/requests.h"

#include <gtest/gtest.h>

#include "tests/support/ledger_builder.h"

namespace pinhole::pipe {
namespace {

using testing::TestKey;

JoinRequest Join() {
  return SignJoin(TestKey(20), TestKey(30),
                  SignInvitation(TestKey(1), "demo", "ada", TestKey(20).public_key()));
}

SubmitRequest Submit(std::optional<int> show_below) {
  SubmitRequest request{.contest = "demo",
                        .policy = Sha256("policy"),
                        .program = Sha256("program"),
                        .program_bytes = 7};
  request.show_below = show_below;
  return SignSubmit(TestKey(30), request);
}

TEST(Requests, ComeBackAsTheyWere) {
  const auto join = ParseRequest(Encode(Join()));
  ASSERT_TRUE(join.ok()) << join.status();
  EXPECT_EQ(std::get<JoinRequest>(*join), Join());
  for (const std::optional<int> show_below :
       {std::optional<int>(), std::optional<int>(0), std::optional<int>(50)}) {
    const auto submit = ParseRequest(Encode(Submit(show_below)));
    ASSERT_TRUE(submit.ok()) << submit.status();
    EXPECT_EQ(std::get<SubmitRequest>(*submit), Submit(show_below));
  }
  EXPECT_LE(Encode(Join()).size(), kMaxRequestBytes);
}

TEST(Requests, RefuseEveryChangedByte) {
  for (const std::string& text : {Encode(Join()), Encode(Submit(5))}) {
    for (size_t at = 0; at < text.size(); ++at) {
      std::string changed = text;
      changed[at] = changed[at] == '0' ? '1' : '0';
      EXPECT_FALSE(ParseRequest(changed).ok()) << "at " << at << ": " << changed.substr(at, 20);
    }
    EXPECT_FALSE(ParseRequest(text + "\n").ok());
    EXPECT_FALSE(ParseRequest(text.substr(0, text.size() - 1)).ok());
  }
}

TEST(Join, CannotBeTurnedToAnotherTeamKey) {
  // Who sees the join has the invitation, but not its one-use key.
  JoinRequest stolen = Join();
  stolen.team_key = TestKey(66).public_key();
  stolen = [&] {
    JoinRequest forged = SignJoin(TestKey(66), TestKey(66), stolen.invitation);
    return forged;
  }();
  EXPECT_EQ(ParseRequest(Encode(stolen)).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST(Invitation, IsTheOrganizersAlone) {
  const Invitation invitation = SignInvitation(TestKey(1), "demo", "ada", TestKey(20).public_key());
  EXPECT_TRUE(VerifyInvitation(TestKey(1).public_key(), invitation));
  EXPECT_FALSE(VerifyInvitation(TestKey(2).public_key(), invitation));
  Invitation other = invitation;
  other.team = "eve";
  EXPECT_FALSE(VerifyInvitation(TestKey(1).public_key(), other));
}

}  // namespace
}  // namespace pinhole::pipe
