#include "tests/support/ledger_builder.h"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "server/core/counting/acts.h"
#include "server/core/counting/worst_case.h"
#include "server/core/gate/final_board.h"
#include "server/core/gate/gate.h"
#include "server/core/log/checkpoint.h"
#include "server/core/replay/requests_check.h"
#include "server/core/score/answer.h"
#include "server/core/score/decode_answer.h"

namespace pinhole::testing {
namespace {

[[noreturn]] void Fail(const absl::Status& status) {
  std::fprintf(stderr, "ledger builder: %s\n", status.ToString().c_str());
  std::abort();
}

template <typename T>
T Value(absl::StatusOr<T> result) {
  if (!result.ok()) Fail(result.status());
  return *std::move(result);
}

}  // namespace

SigningKey TestKey(uint8_t byte) {
  std::array<uint8_t, 32> seed;
  seed.fill(byte);
  return SigningKey::FromSeed(seed);
}

contest::Policy DemoPolicy() {
  contest::Policy policy;
  policy.contest = "demo";
  policy.scoring = {.metric = contest::Metric::kRmse,
                    .range_low = 500'000,
                    .range_high = 5'000'000,
                    .scale = {.best = 800'000, .worst = 1'050'000, .step = 5'000}};
  policy.release = {.rule = contest::ReleaseRule::kImprovements,
                    .tries = 20,
                    .shown_scores = 10,
                    .shown_failures = 3,
                    .waiting = 2,
                    .teams = 3,
                    .acts_thousandths = 64'000};
  policy.rounds = {.origin_ms = 1'000'000'000,
                   .length_ms = 15'000,
                   .run_window_ms = 12'000,
                   .count = 240,
                   .lanes = 1,
                   .settle_ms = contest::SettleMs(contest::PredictionFormat::kText, 20'000),
                   .max_shift = 1000};
  policy.limits = {.wall_ms = 10'000,
                   .cpu_seconds = 20,
                   .memory_bytes = int64_t{512} << 20,
                   .threads = 4,
                   .output_bytes = int64_t{1} << 20,
                   .scratch_bytes = int64_t{16} << 20,
                   .program_bytes = int64_t{16} << 20};
  policy.organizer = TestKey(1).public_key();
  return policy;
}

log::PolicyEntry SignedPolicy(const contest::Policy& policy) {
  const counting::WorstCase worst = counting::CountWorstCase(policy);
  log::PolicyEntry entry{.policy = policy,
                         .team_count = worst.team_count,
                         .team = worst.team,
                         .shared_count = worst.shared_count,
                         .shared = worst.shared,
                         .final_board = worst.final_board,
                         .contest = worst.contest};
  // Keys are made once: simulated worlds are many.
  static const SigningKey organizer = TestKey(1);
  static const SigningKey owner = TestKey(2);
  const std::string statement = log::PolicyStatement(entry);
  entry.organizer_signature = organizer.Sign(statement);
  entry.owner_signature = owner.Sign(statement);
  return entry;
}

std::optional<score::Level> LevelOfIndex(int index, int level_count) {
  std::array<uint8_t, score::kAnswerSize> answer = {
      'L', 1, 0, static_cast<uint8_t>(index), static_cast<uint8_t>(index >> 8), 0, 0, 0};
  answer.back() = score::AnswerCheck(answer);
  const auto levels = Value(score::DecodeAnswer(answer, level_count));
  return levels.has_value() ? std::optional(levels->public_level) : std::nullopt;
}

WitnessSigner TestWitness(int n) {
  return Value(WitnessSigner::Create(absl::StrFormat("witness.example/%d", n),
                                     TestKey(static_cast<uint8_t>(200 + n))));
}

void AskWitnesses(contest::Policy& policy, int count, int quorum) {
  policy.witnesses = {.quorum = quorum};
  for (int n = 1; n <= count; ++n) policy.witnesses.verifiers.push_back(TestWitness(n).verifier());
  policy.witnesses.blinding = *TestBlinder(policy, 0).blinding();
}

log::Blinder TestBlinder(const contest::Policy& policy, int64_t round,
                         const std::optional<log::Nonce>& chain) {
  if (!policy.witnesses.asked()) return {};
  // As a vault with this key finds it.
  const NoteSigner signer = Value(NoteSigner::Create("vault.example/test", TestKey(3)));
  const Digest secret =
      Sha256(Value(signer.Sign(absl::StrFormat("pinhole blinding v1\n%s\n%s\n", policy.contest,
                                               chain.has_value() ? HexEncode(*chain) : "-"))));
  return log::Blinder(log::BlindingAt(secret, policy.rounds.count, round));
}

LedgerBuilder::LedgerBuilder()
    : signer_(Value(NoteSigner::Create("vault.example/test", TestKey(3)))) {}

absl::Status LedgerBuilder::Append(const log::EncodedEntry& entry) {
  absl::Status status = state_.Apply(entry.bytes());
  if (status.ok()) entries_.push_back(entry.bytes());
  return status;
}

void LedgerBuilder::Must(const absl::StatusOr<log::EncodedEntry>& entry) {
  if (!entry.ok()) Fail(entry.status());
  if (const absl::Status status = Append(*entry); !status.ok()) Fail(status);
}

void LedgerBuilder::Start(uint8_t nonce) {
  const replay::StartTerms terms = state_.TermsOfStart();
  log::StartEntry entry{
      .build = Sha256("a build"), .previous_size = state_.size(), .charge = terms.charge};
  entry.nonce.fill(nonce);
  if (const replay::Contest* open = state_.Open(); open != nullptr)
    entry.blinding = TestBlinder(open->policy.policy, open->last_round, entry.nonce).blinding();
  Must(log::Encode(entry));
  if (terms.must_stop) Stop();
}

void LedgerBuilder::Dataset() {
  const SigningKey owner = TestKey(2);
  log::DatasetEntry entry{
      .dataset = "ratings",
      .shape = Value(contest::ParseShape(
          "ratings(userId:i32,movieId:i32,rating:f64[0.5..5]);movies(movieId:i32,title:str)",
          "ratings", "rating")),
      .train_rows = 80'000,
      .public_rows = 10'000,
      .final_rows = 10'000,
      .declassified = counting::Bits::Whole(96),
      .budget = counting::Bits::Whole(8192),
      .commitment = Sha256("data"),
      .owner = owner.public_key()};
  entry.signature = owner.Sign(log::DatasetStatement(entry));
  Must(log::Encode(entry));
}

absl::Status LedgerBuilder::TryOpen(const contest::Policy& policy) {
  const absl::StatusOr<log::EncodedEntry> encoded = log::Encode(SignedPolicy(policy));
  if (!encoded.ok()) return encoded.status();
  return Append(*encoded);
}

void LedgerBuilder::OpenContest(const contest::Policy& policy) {
  if (const absl::Status status = TryOpen(policy); !status.ok()) Fail(status);
  contest_ = policy.contest;
}

void LedgerBuilder::Join(std::string_view team) {
  const auto number = static_cast<uint8_t>(contest().teams.size());
  const SigningKey one_use = TestKey(static_cast<uint8_t>(100 + number));
  const SigningKey key = TestKey(static_cast<uint8_t>(10 + number));
  const pipe::Invitation invitation =
      pipe::SignInvitation(TestKey(1), contest_, team, one_use.public_key());
  Must(log::Encode(Value(replay::PlanJoin(state_, pipe::SignJoin(one_use, key, invitation)))));
  team_keys_.emplace(team, key);
}

pipe::SubmitRequest LedgerBuilder::Request(std::string_view team, std::string_view program,
                                           std::optional<int> show_below) const {
  pipe::SubmitRequest request{.contest = contest_,
                              .policy = contest().policy_digest,
                              .program = Sha256(program),
                              .program_bytes = static_cast<int64_t>(program.size()),
                              .nonce = Sha256(absl::StrFormat("nonce %s", program)),
                              .show_below = show_below};
  const Digest id = Sha256(absl::StrFormat("id %s %s", team, program));
  std::copy_n(id.begin(), request.request_id.size(), request.request_id.begin());
  return pipe::SignSubmit(TeamKey(team), request);
}

int64_t LedgerBuilder::Admit(std::string_view team, std::optional<int> level,
                             std::optional<int> show_below) {
  const int64_t index = state_.size();
  const std::string program = absl::StrFormat("program %d", index);
  const pipe::SubmitRequest request = Request(team, program, show_below);
  replay::ProgramCommitment commitment(request.nonce);
  commitment.Update(AsBytes(program));
  Must(log::Encode(Value(replay::PlanAdmit(state_, request, commitment.Finish()))));
  levels_[index] = level;
  return index;
}

void LedgerBuilder::Release() {
  const auto due = contest().due.find(contest().NextRound());
  if (due == contest().due.end()) return;
  const std::vector<int64_t> admits = due->second;
  for (const int64_t admit : admits) {
    std::optional<score::Level> level;
    if (levels_[admit].has_value()) {
      level = LevelOfIndex(*levels_[admit], contest().policy.policy.scoring.scale.level_count());
    }
    const log::Blinder blinder =
        TestBlinder(contest().policy.policy, contest().NextRound(), contest().chain);
    Must(
        gate::Release(contest(), contest().admissions.at(admit), level, blinder.Of(state_.size())));
  }
}

void LedgerBuilder::EndRound() {
  const int64_t round = contest().NextRound();
  Must(log::Encode(log::RoundEntry{
      .contest = contest_,
      .round = round,
      .admitted = contest().admitted,
      .released = contest().released,
      .root_before = state_.Root(),
      .blinding = TestBlinder(contest().policy.policy, round, contest().chain).blinding()}));
}

void LedgerBuilder::Shift(int64_t rounds) {
  Must(log::Encode(log::ShiftEntry{.contest = contest_,
                                   .round = contest().NextRound(),
                                   .moved = rounds,
                                   .count = contest().shifts + 1,
                                   .charge = counting::ShiftCharge(contest().policy.policy)}));
}

void LedgerBuilder::Act(log::ActEntry act) {
  act.contest = contest_;
  act.round = contest().NextRound();
  act.signature = TestKey(1).Sign(log::ActStatement(act, contest().acts));
  Must(log::Encode(act));
}

void LedgerBuilder::CloseEarly() {
  Act({.charge = counting::CloseEarlyCharge(contest().policy.policy)});
}

void LedgerBuilder::ActOnTeam(log::ActKind kind, std::string_view team) {
  Act({.kind = kind,
       .team = contest().FindTeam(team)->entry.number,
       .charge = counting::TeamActCharge(contest().policy.policy)});
}

void LedgerBuilder::Lower(log::ActKind kind, int value) {
  Act({.kind = kind, .value = value, .charge = counting::TightenCharge(contest().policy.policy)});
}

void LedgerBuilder::Choose(std::string_view team, std::optional<int64_t> admit) {
  const replay::Team& chooser = *contest().FindTeam(team);
  const pipe::ChooseRequest request = pipe::SignChoose(TeamKey(team), {.contest = contest_,
                                                                       .team = chooser.entry.number,
                                                                       .admit = admit,
                                                                       .number = chooser.choices});
  Must(log::Encode(Value(replay::PlanChoice(state_, request))));
}

void LedgerBuilder::Stop() {
  Must(log::Encode(log::ActEntry{.contest = contest_,
                                 .round = contest().NextRound(),
                                 .kind = log::ActKind::kStop,
                                 .charge = counting::StopCharge(contest().policy.policy)}));
}

void LedgerBuilder::Final() {
  gate::FinalLevels levels;
  for (const int number : replay::FinalTeams(contest())) {
    const auto found = levels_.find(contest().teams[static_cast<size_t>(number - 1)].JudgedBy());
    if (!found->second.has_value()) continue;
    levels[number] =
        LevelOfIndex(*found->second, contest().policy.policy.scoring.scale.level_count());
  }
  const auto places = gate::FinalBoard::Release(
      contest(), levels, state_.size(),
      TestBlinder(contest().policy.policy, contest().last_round, contest().chain));
  if (!places.ok()) Fail(places.status());
  for (const log::EncodedEntry& place : *places) Must(place);
}

void LedgerBuilder::Close() {
  const log::Blinder blinder =
      TestBlinder(contest().policy.policy, contest().last_round, contest().chain);
  Must(log::Encode(log::CloseEntry{.contest = contest_,
                                   .round = contest().last_round,
                                   .used = contest().Used(),
                                   .blind = blinder.Of(state_.size())}));
}

std::string LedgerBuilder::Checkpoint() const {
  return Value(SignCheckpoint({.origin = signer_.verifier().name(),
                               .size = static_cast<uint64_t>(state_.size()),
                               .root = state_.Root()},
                              signer_));
}

}  // namespace pinhole::testing
