// A batch as frames bring it: what arrives whole, what is dropped, and what breaks the connection.
#include "server/vault/intake.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "server/core/pipe/frames.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::vault {
namespace {

using pipe::ToVaultType;

class IntakeTest : public ::testing::Test {
 protected:
  IntakeTest() : folder_(*TempDir::Make()) {
    builder_.Start();
    builder_.Dataset();
    builder_.OpenContest(testing::DemoPolicy());
    builder_.Release();
    builder_.Join("ada");
    builder_.EndRound();
  }

  static std::string Frame(ToVaultType type, std::string payload) {
    return pipe::EncodeToVault({type, std::move(payload)});
  }
  static std::string Hello() { return Frame(ToVaultType::kHello, pipe::EncodeHello(3)); }

  // The frames of one submission and its program.
  static std::vector<std::string> Frames(const pipe::SubmitRequest& request,
                                         const std::string& program) {
    std::vector<std::string> frames = {Frame(ToVaultType::kRequest, pipe::Encode(request))};
    for (size_t at = 0; at < program.size(); at += pipe::kToVaultPayload) {
      frames.push_back(Frame(ToVaultType::kProgram, program.substr(at, pipe::kToVaultPayload)));
    }
    return frames;
  }
  // Files left in the programs' folder.
  int Stored(const pipe::SubmitRequest& request) const {
    return OpenForRead(ProgramPath(folder_.path(), request.team_key, request.program)).ok() ? 1 : 0;
  }
  // Names in the programs' folder, whatever they are.
  int Files() const {
    int count = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
      static_cast<void>(file);
      ++count;
    }
    return count;
  }

  testing::LedgerBuilder builder_;
  TempDir folder_;
};

TEST_F(IntakeTest, TakesProgramsOfEverySize) {
  for (const size_t size :
       {size_t{1}, pipe::kToVaultPayload, pipe::kToVaultPayload + 1, size_t{100'000}}) {
    const std::string program(size, 'p');
    const pipe::SubmitRequest request = builder_.Request("ada", program);
    Intake intake(builder_.state(), folder_.path());
    ASSERT_TRUE(intake.Take(Hello()).ok());
    for (const std::string& frame : Frames(request, program)) ASSERT_TRUE(intake.Take(frame).ok());
    ASSERT_TRUE(intake.Take(Frame(ToVaultType::kEnd, "")).ok());
    EXPECT_TRUE(intake.ended());
    ASSERT_EQ(intake.arrived().size(), 1U);
    EXPECT_EQ(*ReadFile(intake.arrived()[0].program_path), program);
    EXPECT_EQ(intake.arrived()[0].commitment, Sha256(std::string(AsText(request.nonce)) + program));
  }
}

TEST_F(IntakeTest, DropsAProgramThatIsNotTheSignedOne) {
  const pipe::SubmitRequest request = builder_.Request("ada", "program");
  Intake intake(builder_.state(), folder_.path());
  ASSERT_TRUE(intake.Take(Hello()).ok());
  for (const std::string& frame : Frames(request, "PROGRAM")) ASSERT_TRUE(intake.Take(frame).ok());
  EXPECT_TRUE(intake.arrived().empty());
  EXPECT_EQ(Stored(request), 0);
}

TEST_F(IntakeTest, StoresNothingForATeamThatIsNotThere) {
  pipe::SubmitRequest request = builder_.Request("ada", "program");
  request = pipe::SignSubmit(testing::TestKey(77), request);
  Intake intake(builder_.state(), folder_.path());
  ASSERT_TRUE(intake.Take(Hello()).ok());
  for (const std::string& frame : Frames(request, "program")) ASSERT_TRUE(intake.Take(frame).ok());
  EXPECT_TRUE(intake.arrived().empty());
  EXPECT_EQ(Stored(request), 0);
}

TEST_F(IntakeTest, TakesAJoinAndItsFirstSubmissionInOneBatch) {
  const SigningKey once = testing::TestKey(50);
  const SigningKey team = testing::TestKey(51);
  const auto join = pipe::SignJoin(
      once, team, pipe::SignInvitation(testing::TestKey(1), "demo", "eve", once.public_key()));
  const pipe::SubmitRequest request = pipe::SignSubmit(team, builder_.Request("ada", "program"));
  Intake intake(builder_.state(), folder_.path());
  ASSERT_TRUE(intake.Take(Hello()).ok());
  ASSERT_TRUE(intake.Take(Frame(ToVaultType::kRequest, pipe::Encode(join))).ok());
  for (const std::string& frame : Frames(request, "program")) ASSERT_TRUE(intake.Take(frame).ok());
  EXPECT_EQ(intake.arrived().size(), 2U);
  EXPECT_EQ(Stored(request), 1);
}

TEST_F(IntakeTest, StoresNoMoreOfATeamThanMayWait) {
  Intake intake(builder_.state(), folder_.path());
  ASSERT_TRUE(intake.Take(Hello()).ok());  // the policy lets two wait
  for (const char* program : {"one", "two", "three", "four"}) {
    for (const std::string& frame : Frames(builder_.Request("ada", program), program))
      ASSERT_TRUE(intake.Take(frame).ok());
  }
  EXPECT_EQ(intake.arrived().size(), 2U);
}

TEST_F(IntakeTest, TakesOneChoiceOfATeamAndNoneThatCannotBe) {
  testing::LedgerBuilder builder;
  builder.Start();
  builder.Dataset();
  contest::Policy policy = testing::DemoPolicy();
  policy.release.final_rule = contest::FinalRule::kWinner;
  builder.OpenContest(policy);
  builder.Join("ada");
  builder.Join("bob");
  const int64_t first = builder.Admit("ada", 40);
  const int64_t second = builder.Admit("ada", 30);
  builder.EndRound();
  const auto choice = [&](uint8_t key, int team, std::optional<int64_t> admit) {
    return Frame(ToVaultType::kRequest,
                 pipe::Encode(pipe::SignChoose(testing::TestKey(key),
                                               {.contest = "demo", .team = team, .admit = admit})));
  };
  Intake intake(builder.state(), folder_.path());
  ASSERT_TRUE(intake.Take(Hello()).ok());
  ASSERT_TRUE(intake.Take(choice(11, 2, first)).ok());  // ada's, by bob
  ASSERT_TRUE(intake.Take(choice(77, 1, first)).ok());  // by a stranger
  ASSERT_TRUE(intake.Take(choice(10, 1, second)).ok());
  ASSERT_TRUE(intake.Take(choice(10, 1, first)).ok());
  ASSERT_EQ(intake.arrived().size(), 1U);
  EXPECT_EQ(std::get<pipe::ChooseRequest>(intake.arrived()[0].request).admit, second);
}

TEST_F(IntakeTest, EndsTheConnectionOfAFrontThatBreaksTheProtocol) {
  const std::string program(5000, 'p');
  const std::vector<std::string> frames = Frames(builder_.Request("ada", program), program);
  const std::string end = Frame(ToVaultType::kEnd, "");
  struct Case {
    const char* name;
    std::vector<std::string> batch;  // the last frame is the fault
  };
  for (const Case& c :
       {Case{"a request before the hello", {frames[0]}}, Case{"two hellos", {Hello(), Hello()}},
        Case{"a program without its request", {Hello(), frames[1]}},
        Case{"an end inside a program", {Hello(), frames[0], frames[1], end}},
        Case{"a request inside a program", {Hello(), frames[0], frames[1], frames[0]}},
        Case{"a short frame inside a program",
             {Hello(), frames[0], Frame(ToVaultType::kProgram, "p")}},
        Case{"frames after the end", {Hello(), end, Hello()}},
        Case{"a request that is none", {Hello(), Frame(ToVaultType::kRequest, "please")}},
        Case{"no frame", {Hello(), "x"}}}) {
    SCOPED_TRACE(c.name);
    Intake intake(builder_.state(), folder_.path());
    for (size_t i = 0; i < c.batch.size(); ++i) {
      EXPECT_EQ(intake.Take(c.batch[i]).ok(), i + 1 < c.batch.size()) << i;
    }
    EXPECT_TRUE(intake.arrived().empty());
  }
}

TEST_F(IntakeTest, LeavesNothingOfAProgramThatCameInPart) {
  const std::string program(3 * pipe::kToVaultPayload, 'p');
  const std::vector<std::string> frames = Frames(builder_.Request("ada", program), program);
  {
    Intake intake(builder_.state(), folder_.path());
    ASSERT_TRUE(intake.Take(Hello()).ok());
    for (size_t i = 0; i + 1 < frames.size(); ++i) ASSERT_TRUE(intake.Take(frames[i]).ok());
    EXPECT_EQ(Files(), 1);
  }
  EXPECT_EQ(Files(), 0);
}

// What the exchange looks at again costs it signatures to check: it must not grow with what a
// front sends.
TEST_F(IntakeTest, KeepsOneJoinOfAnInvitationAndNoneThatNobodySigned) {
  const SigningKey once = testing::TestKey(50);
  const SigningKey forger = testing::TestKey(60);
  const auto good = pipe::SignInvitation(testing::TestKey(1), "demo", "eve", once.public_key());
  const auto forged = pipe::SignInvitation(forger, "demo", "eve", once.public_key());
  Intake intake(builder_.state(), folder_.path());
  ASSERT_TRUE(intake.Take(Hello()).ok());
  for (const auto& join : {pipe::SignJoin(once, testing::TestKey(51), forged),
                           pipe::SignJoin(once, testing::TestKey(52), good),
                           pipe::SignJoin(once, testing::TestKey(52), good),
                           pipe::SignJoin(once, testing::TestKey(53), good)}) {
    ASSERT_TRUE(intake.Take(Frame(ToVaultType::kRequest, pipe::Encode(join))).ok());
  }
  ASSERT_EQ(intake.arrived().size(), 1U);
  EXPECT_EQ(std::get<pipe::JoinRequest>(intake.arrived()[0].request).team_key,
            testing::TestKey(52).public_key());
}

}  // namespace
}  // namespace pinhole::vault
