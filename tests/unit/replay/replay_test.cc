// The fold that vault, front, client and audit share: what it accepts, what it refuses, and what it
// computes.
#include "server/core/replay/ledger_state.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <variant>

#include "absl/strings/str_format.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/entry_text.h"
#include "server/core/replay/board.h"
#include "server/core/replay/requests_check.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::replay {
namespace {

using testing::DemoPolicy;
using testing::LedgerBuilder;

LedgerBuilder Opened() {
  LedgerBuilder builder;
  builder.Start();
  builder.Dataset();
  builder.OpenContest(DemoPolicy());
  return builder;
}

// Three teams, improvements, failures, a shift, an early close.
LedgerBuilder WholeContest() {
  LedgerBuilder builder = Opened();
  builder.Release();
  for (const char* team : {"ada", "bob", "cyd"}) builder.Join(team);
  builder.EndRound();
  builder.Release();
  builder.Admit("ada", 20);
  builder.Admit("bob", std::nullopt);
  builder.Admit("cyd", 51);
  builder.EndRound();
  builder.Round();  // ada
  builder.Shift(4);
  builder.Start(8);
  builder.Round();  // bob
  builder.Release();
  builder.Admit("ada", 10, 15);
  builder.EndRound();
  builder.Round();
  builder.Release();
  builder.CloseEarly();
  builder.EndRound();
  builder.Close();
  return builder;
}

TEST(Fold, PlaysAWholeContest) {
  const LedgerBuilder builder = WholeContest();
  const Contest& contest = builder.contest();
  EXPECT_EQ(contest.phase, Phase::kClosed);
  EXPECT_EQ(contest.shifted, 4);
  const std::vector<BoardRow> board = MakeBoard(contest);
  ASSERT_EQ(board.size(), 3U);
  EXPECT_EQ(board[0].team, "ada");
  EXPECT_EQ(board[0].rank, 1);
  EXPECT_EQ(board[0].score, "0.85");  // level 10: 0.80 + 10 · 0.005
  EXPECT_EQ(board[0].scores_left, 8);
  EXPECT_EQ(board[1].rank, 0);
  EXPECT_EQ(board[1].score, "-");
  // What left is charged to the data set; the rest of the reservation came back.
  EXPECT_EQ(builder.state().account().reserved.thousandths, 0);
  EXPECT_EQ(builder.state().account().spent,
            counting::Bits::Whole(96) + contest.charged + contest.acts_used);
  EXPECT_LE(contest.charged + contest.acts_used, contest.policy.contest);
}

TEST(Fold, ReplaysTheSameBytesToTheSameState) {
  const LedgerBuilder builder = WholeContest();
  LedgerState state;
  for (const std::string& entry : builder.entries()) ASSERT_TRUE(state.Apply(entry).ok());
  EXPECT_EQ(state.Root(), builder.state().Root());
  EXPECT_EQ(state.account().spent, builder.state().account().spent);
  const auto verifier = NoteVerifier::FromVkey(builder.Vkey());
  const auto head = OpenCheckpoint(builder.Checkpoint(), *verifier);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->root, state.Root());
}

TEST(Fold, RefusesEveryEntryLeftOutOrDoubled) {
  const LedgerBuilder builder = WholeContest();
  const std::vector<std::string>& entries = builder.entries();
  const auto replays = [](const std::vector<std::string>& list) {
    LedgerState state;
    for (const std::string& entry : list) {
      if (!state.Apply(entry).ok()) return false;
    }
    // A ledger that ends early is valid; one that is whole must be closed.
    return state.Open() == nullptr;
  };
  ASSERT_TRUE(replays(entries));
  for (size_t i = 0; i < entries.size(); ++i) {
    std::vector<std::string> without = entries;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(replays(without)) << "without entry " << i << ": " << entries[i].substr(0, 60);
    std::vector<std::string> doubled = entries;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), entries[i]);
    EXPECT_FALSE(replays(doubled)) << "entry " << i << " twice: " << entries[i].substr(0, 60);
  }
}

TEST(Fold, RefusesEveryChangedDigit) {
  const LedgerBuilder builder = WholeContest();
  int changed = 0;
  for (size_t i = 0; i < builder.entries().size(); ++i) {
    for (size_t at = 0; at < builder.entries()[i].size(); ++at) {
      std::string entry = builder.entries()[i];
      if (entry[at] < '0' || entry[at] > '9') continue;
      // What a person chose freely and the rest of the ledger does not repeat may differ: it is
      // another, equally valid ledger.
      const size_t word = entry.rfind(' ', at) + 1;
      const std::string_view field =
          std::string_view(entry).substr(word, entry.find('=', word) - word);
      if (field == "build" || field == "nonce" || field == "program" || field == "request" ||
          field == "request_id" || field == "size_class" || field == "invitation" ||
          field == "key" || field == "show_below" || field == "name") {
        continue;
      }
      entry[at] = entry[at] == '9' ? '8' : static_cast<char>(entry[at] + 1);
      LedgerState state;
      absl::Status status;
      for (size_t j = 0; j < builder.entries().size() && status.ok(); ++j) {
        status = state.Apply(j == i ? entry : builder.entries()[j]);
      }
      EXPECT_FALSE(status.ok()) << "entry " << i << " at " << at << ": " << entry.substr(word, 60);
      ++changed;
    }
  }
  EXPECT_GT(changed, 500);
}

std::string HexOrDash(const std::optional<Digest>& digest) {
  return digest.has_value() ? HexEncode(*digest) : "-";
}

// An entry's line written again from its values, by the format and not by the code that reads it.
std::string SpelledAgain(const log::Entry& entry) {
  const auto text = [](const std::string& line) {
    return line + std::string(log::kEntryBytes - 1 - line.size(), ' ') + "\n";
  };
  if (const auto* e = std::get_if<log::AdmitEntry>(&entry)) {
    return text(absl::StrFormat(
        "ADMIT 1 contest=%s round=%d team=%d try=%d program=%s size_class=%d request=%s "
        "request_id=%s run_round=%d result_round=%d show_below=%s",
        e->contest, e->round, e->team, e->try_number, HexEncode(e->program), e->size_class,
        HexEncode(e->request), HexEncode(e->request_id), e->run_round, e->result_round,
        e->show_below.has_value() ? absl::StrFormat("%d", *e->show_below) : "-"));
  }
  if (const auto* e = std::get_if<log::ResultEntry>(&entry)) {
    return text(absl::StrFormat(
        "RESULT 1 contest=%s round=%d admit=%d team=%d symbol=%d text=%s charge_bits=%d.%03d "
        "tries_left=%d levels_left=%d scores_left=%d failures_left=%d blind=%s",
        e->contest, e->round, e->admit, e->team, counting::SymbolIndex(e->symbol), e->text,
        e->charge.thousandths / 1000, e->charge.thousandths % 1000, e->after.tries, e->after.levels,
        e->after.scores, e->after.failures, HexOrDash(e->blind)));
  }
  const auto* e = std::get_if<log::RoundEntry>(&entry);
  if (e == nullptr) return "";
  return text(absl::StrFormat(
      "ROUND 1 contest=%s round=%d admitted=%d released=%d root_before=%s blinding=%s", e->contest,
      e->round, e->admitted, e->released, HexEncode(e->root_before), HexOrDash(e->blinding)));
}

TEST(Entries, HaveOneSpellingWhateverByteIsChangedDroppedOrDoubled) {
  int read = 0;
  int refused = 0;
  const auto check = [&](const std::string& bytes) {
    const absl::StatusOr<log::Entry> entry = log::ParseEntry(bytes);
    if (!entry.ok()) {
      ++refused;
      return;
    }
    ++read;
    ASSERT_EQ(SpelledAgain(*entry), bytes);
  };
  const LedgerBuilder builder = WholeContest();
  for (const std::string& original : builder.entries()) {
    const std::string_view type = log::EntryType(original);
    if (type != "ADMIT" && type != "RESULT" && type != "ROUND") continue;
    for (size_t at = 0; at < original.size(); ++at) {
      for (const char c : std::string_view("019+-. =aAfFx\t\n\0\xff", 16)) {
        std::string changed = original;
        changed[at] = c;
        check(changed);
        changed = original;
        changed.insert(at, 1, c);
        changed.erase(changed.size() - 2, 1);
        check(changed);
      }
      std::string changed = original;
      changed.erase(at, 1);
      changed.insert(changed.size() - 1, 1, ' ');
      check(changed);
    }
  }
  EXPECT_GT(read, 1'000);
  EXPECT_GT(refused, 10'000);
}

TEST(PlanJoin, SaysWhatIsWrong) {
  LedgerBuilder builder = Opened();
  const SigningKey once = testing::TestKey(50);
  const SigningKey team = testing::TestKey(51);
  const auto join = [&](const SigningKey& organizer, const char* contest, const char* name,
                        const SigningKey& key) {
    return PlanJoin(builder.state(), pipe::SignJoin(once, key,
                                                    pipe::SignInvitation(organizer, contest, name,
                                                                         once.public_key())))
        .status()
        .code();
  };
  const SigningKey organizer = testing::TestKey(1);
  EXPECT_EQ(join(organizer, "demo", "eve", team), absl::StatusCode::kOk);
  EXPECT_EQ(join(testing::TestKey(9), "demo", "eve", team), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(join(organizer, "other", "eve", team), absl::StatusCode::kNotFound);
  builder.Join("ada");
  EXPECT_EQ(join(organizer, "demo", "ada", team), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(join(organizer, "demo", "eve", builder.TeamKey("ada")),
            absl::StatusCode::kAlreadyExists);
  builder.Join("bob");
  builder.Join("cyd");
  EXPECT_EQ(join(organizer, "demo", "eve", team), absl::StatusCode::kResourceExhausted);
}

TEST(PlanAdmit, SaysWhatIsWrong) {
  LedgerBuilder builder = Opened();
  builder.Release();
  builder.Join("ada");
  const auto plan = [&](const std::function<void(pipe::SubmitRequest&)>& change,
                        const SigningKey& key) {
    pipe::SubmitRequest request = builder.Request("ada", "a program");
    change(request);
    return PlanAdmit(builder.state(), pipe::SignSubmit(key, request), Digest{}).status().code();
  };
  const SigningKey ada = builder.TeamKey("ada");
  EXPECT_EQ(plan([](auto&) {}, ada), absl::StatusCode::kOk);
  EXPECT_EQ(plan([](auto&) {}, testing::TestKey(77)), absl::StatusCode::kNotFound);
  EXPECT_EQ(plan([](auto& r) { r.policy[0] ^= 1; }, ada), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(plan([](auto& r) { r.contest = "other"; }, ada), absl::StatusCode::kNotFound);
  EXPECT_EQ(plan([](auto& r) { r.program_bytes = 1 << 30; }, ada),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(plan([](auto& r) { r.show_below = 99; }, ada), absl::StatusCode::kInvalidArgument);
  builder.Admit("ada", 1);
  builder.Admit("ada", 1);
  EXPECT_EQ(plan([](auto&) {}, ada), absl::StatusCode::kResourceExhausted);
}

// Rounds of 6 hours: a day is four of them, and what was admitted in round 2 counts until round 5.
TEST(TriesPerDay, AreCountedInARollingDayOfRounds) {
  contest::Policy policy = DemoPolicy();
  policy.rounds.length_ms = int64_t{6} * 3600 * 1000;
  policy.rounds.lanes = 8;
  policy.release.tries_per_day = 2;
  policy.release.waiting = 8;
  LedgerBuilder builder;
  builder.Start();
  builder.Dataset();
  builder.OpenContest(policy);
  builder.Join("ada");
  builder.Join("bob");
  builder.Round();
  const auto plan = [&builder](const char* team) {
    return PlanAdmit(builder.state(), builder.Request(team, "another program"), Digest{}).status();
  };
  builder.Admit("ada", 20);
  EXPECT_TRUE(plan("ada").ok());
  const int64_t second = builder.Admit("ada", 20);
  EXPECT_EQ(TriesOfDay(builder.contest(), builder.contest().teams[0]), 2);
  for (int round = 2; round <= 5; ++round) {
    const absl::Status refused = plan("ada");
    EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << round;
    EXPECT_NE(std::string(refused.message()).find("submit again after round 5"), std::string::npos)
        << refused;
    EXPECT_TRUE(plan("bob").ok()) << "each team has its own";
    // Nor can a vault write it: the fold refuses the entry.
    log::AdmitEntry entry = builder.contest().admissions.at(second).entry;
    entry.round = builder.contest().NextRound();
    entry.try_number = 3;
    entry.request_id[0] ^= 1;
    entry.run_round = entry.result_round = builder.contest().queue.Peek(entry.round);
    const absl::Status broken = builder.Append(*log::Encode(entry));
    EXPECT_NE(std::string(broken.message()).find("no more tries in 24 h"), std::string::npos)
        << broken;
    builder.Round();
  }
  EXPECT_EQ(TriesOfDay(builder.contest(), builder.contest().teams[0]), 0);
  EXPECT_TRUE(plan("ada").ok());
  builder.Admit("ada", 20);
  EXPECT_EQ(TriesOfDay(builder.contest(), builder.contest().teams[0]), 1);
}

// Whether or not a state remembers what became of the first.
TEST(RequestIds, ServeOnce) {
  LedgerBuilder builder;
  builder.Start();
  builder.Dataset();
  builder.OpenContest(DemoPolicy());
  builder.Join("ada");
  builder.Join("bob");
  builder.Round();
  const int64_t first = builder.Admit("ada", 20);
  log::AdmitEntry entry = builder.contest().admissions.at(first).entry;
  builder.Round();
  builder.Round();
  entry.round = builder.contest().NextRound();
  entry.try_number = 2;
  entry.run_round = entry.result_round = builder.contest().queue.Peek(entry.round);
  log::AdmitEntry of_bob = entry;
  of_bob.team = 2;
  of_bob.try_number = 1;
  for (const Keep keep : {Keep::kEverything, Keep::kWhatTheRulesNeed}) {
    LedgerState state(keep);
    for (const std::string& bytes : builder.entries()) ASSERT_TRUE(state.Apply(bytes).ok());
    EXPECT_EQ(state.Find("demo")->admissions.contains(first), keep == Keep::kEverything);
    const absl::Status refused = state.Apply(log::Encode(entry)->bytes());
    EXPECT_NE(std::string(refused.message()).find("a request id serves once"), std::string::npos)
        << refused;
    EXPECT_TRUE(state.Apply(log::Encode(of_bob)->bytes()).ok()) << "each team has its own";
  }
}

// What the data set decides cannot be otherwise in a POLICY.
TEST(Policy, MustFitTheDataSetInTheLedger) {
  for (const auto& [change, says] :
       {std::pair<void (*)(contest::Policy&), const char*>{
            [](contest::Policy& p) { p.rounds.settle_ms = 1500; }, "time to settle"},
        {[](contest::Policy& p) { p.limits.output_bytes = 39'998; }, "limits.output"},
        {[](contest::Policy& p) { p.scoring.weights = contest::RowWeights::kColumn; },
         "score.weights"}}) {
    LedgerBuilder builder;
    builder.Start();
    builder.Dataset();
    contest::Policy policy = DemoPolicy();
    change(policy);
    const absl::Status status = builder.TryOpen(policy);
    ASSERT_FALSE(status.ok()) << says;
    EXPECT_NE(std::string(status.message()).find(says), std::string::npos) << status;
  }
}

TEST(Queue, GivesRoundsByPlaceAlone) {
  LedgerBuilder builder = Opened();  // one lane, one run a round
  builder.Release();
  for (const char* team : {"ada", "bob", "cyd"}) builder.Join(team);
  builder.EndRound();
  builder.Release();
  std::vector<int64_t> rounds;
  for (const char* team : {"ada", "bob", "cyd", "ada"}) {
    const int64_t index = builder.Admit(team, 3);
    rounds.push_back(builder.contest().admissions.at(index).entry.run_round);
  }
  EXPECT_EQ(rounds, (std::vector<int64_t>{3, 4, 5, 6}));
}

}  // namespace
}  // namespace pinhole::replay
