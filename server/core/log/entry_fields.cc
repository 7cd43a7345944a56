#include "server/core/log/entry_fields.h"

#include <array>
#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "server/core/base/hex.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/log/policy_fields.h"

namespace pinhole::log {
namespace {

constexpr int64_t kCountLimit = int64_t{1} << 48;
constexpr int64_t kMaxTeams = 100'000;
constexpr int64_t kMaxTries = 100'000;
constexpr std::array<std::string_view, 7> kActs = {
    "close-early", "disqualify",         "reinstate",           "stop",
    "lower-tries", "lower-shown-scores", "lower-shown-failures"};

absl::StatusOr<counting::Bits> TakeBits(EntryReader& reader, std::string_view key) {
  ASSIGN_OR_RETURN(const std::string_view text, reader.Take(key));
  ASSIGN_OR_RETURN(const int64_t thousandths, ParseThousandths(text));
  return counting::Bits{thousandths};
}

template <size_t N>
absl::StatusOr<std::array<uint8_t, N>> TakeHex(EntryReader& reader, std::string_view key) {
  ASSIGN_OR_RETURN(const std::string_view text, reader.Take(key));
  std::array<uint8_t, N> bytes;
  RETURN_IF_ERROR(HexDecodeTo(text, bytes));
  return bytes;
}

absl::StatusOr<PublicKey> TakeKey(EntryReader& reader, std::string_view key) {
  PublicKey value;
  ASSIGN_OR_RETURN(value.bytes, TakeHex<32>(reader, key));
  return value;
}

absl::StatusOr<std::string> TakeId(EntryReader& reader, std::string_view key) {
  ASSIGN_OR_RETURN(const std::string_view text, reader.Take(key));
  if (!IsId(text))
    return absl::InvalidArgumentError(absl::StrFormat("%s \"%s\" is no id", key, text));
  return std::string(text);
}

// Of 0 to `high`, or "-" for none.
template <typename T>
absl::StatusOr<std::optional<T>> TakeNumberOrDash(EntryReader& reader, std::string_view key,
                                                  int64_t high) {
  ASSIGN_OR_RETURN(const std::string_view text, reader.Take(key));
  if (text == "-") return std::optional<T>();
  ASSIGN_OR_RETURN(const int64_t number, ParseIntegerIn(text, 0, high));
  return std::optional<T>(static_cast<T>(number));
}

absl::StatusOr<std::optional<int>> TakeLevelOrDash(EntryReader& reader, std::string_view key) {
  return TakeNumberOrDash<int>(reader, key, contest::kMaxLevels);
}

std::optional<ActKind> FindAct(std::string_view word) {
  for (size_t i = 0; i < kActs.size(); ++i) {
    if (kActs[i] == word) return static_cast<ActKind>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string NumberOrDash(const std::optional<int64_t>& number) {
  return number.has_value() ? absl::StrFormat("%d", *number) : "-";
}

std::string_view Name(ActKind kind) { return kActs[static_cast<size_t>(kind)]; }

std::optional<counting::Limit> LimitOf(ActKind kind) {
  switch (kind) {
    case ActKind::kLowerTries:
      return counting::Limit::kTries;
    case ActKind::kLowerShownScores:
      return counting::Limit::kShownScores;
    case ActKind::kLowerShownFailures:
      return counting::Limit::kShownFailures;
    case ActKind::kCloseEarly:
    case ActKind::kDisqualify:
    case ActKind::kReinstate:
    case ActKind::kStop:
      break;
  }
  return std::nullopt;
}

EntryWriter Write(const StartEntry& e) {
  return std::move(EntryWriter("START", "-", 0)
                       .AddHex("build", e.build)
                       .AddHex("nonce", e.nonce)
                       .Add("previous_size", e.previous_size)
                       .Add("charge_bits", e.charge.ToString())
                       .AddDigestOrDash("blinding", e.blinding));
}

absl::StatusOr<StartEntry> ReadStart(EntryReader& r) {
  StartEntry e;
  ASSIGN_OR_RETURN(e.build, TakeHex<32>(r, "build"));
  ASSIGN_OR_RETURN(e.nonce, TakeHex<32>(r, "nonce"));
  ASSIGN_OR_RETURN(e.previous_size, r.TakeInteger("previous_size", 0, kCountLimit));
  ASSIGN_OR_RETURN(e.charge, TakeBits(r, "charge_bits"));
  ASSIGN_OR_RETURN(e.blinding, r.TakeDigestOrDash("blinding"));
  return e;
}

EntryWriter WriteUnsigned(const DatasetEntry& e) {
  return std::move(EntryWriter("DATASET", "-", 0)
                       .Add("dataset", e.dataset)
                       .Add("version", e.version)
                       .Add("deployment", contest::Name(e.deployment))
                       .Add("tables", contest::FormatTables(e.shape))
                       .Add("target", e.shape.target)
                       .Add("label", e.shape.label)
                       .Add("weight", e.shape.weight.empty() ? "-" : e.shape.weight)
                       .Add("train_rows", e.train_rows)
                       .Add("public_rows", e.public_rows)
                       .Add("final_rows", e.final_rows)
                       .Add("declassified_bits", e.declassified.ToString())
                       .Add("budget_bits", e.budget.ToString())
                       .AddHex("commitment", e.commitment)
                       .AddHex("owner", e.owner.bytes));
}

EntryWriter Write(const DatasetEntry& e) {
  return std::move(WriteUnsigned(e).AddHex("signature", e.signature));
}

absl::StatusOr<DatasetEntry> ReadDataset(EntryReader& r) {
  DatasetEntry e;
  ASSIGN_OR_RETURN(e.dataset, TakeId(r, "dataset"));
  ASSIGN_OR_RETURN(const int64_t version, r.TakeInteger("version", 1, 1'000'000));
  e.version = static_cast<int>(version);
  ASSIGN_OR_RETURN(const std::string_view deployment, r.Take("deployment"));
  ASSIGN_OR_RETURN(e.deployment, contest::ParseDeployment(deployment));
  ASSIGN_OR_RETURN(const std::string_view tables, r.Take("tables"));
  ASSIGN_OR_RETURN(const std::string_view target, r.Take("target"));
  ASSIGN_OR_RETURN(const std::string_view label, r.Take("label"));
  ASSIGN_OR_RETURN(std::string_view weight, r.Take("weight"));
  if (weight == "-") weight = {};
  ASSIGN_OR_RETURN(e.shape, contest::ParseShape(tables, target, label, weight));
  ASSIGN_OR_RETURN(e.train_rows, r.TakeInteger("train_rows", 0, kCountLimit));
  ASSIGN_OR_RETURN(e.public_rows, r.TakeInteger("public_rows", 1, kCountLimit));
  ASSIGN_OR_RETURN(e.final_rows, r.TakeInteger("final_rows", 0, kCountLimit));
  ASSIGN_OR_RETURN(e.declassified, TakeBits(r, "declassified_bits"));
  ASSIGN_OR_RETURN(e.budget, TakeBits(r, "budget_bits"));
  ASSIGN_OR_RETURN(e.commitment, TakeHex<32>(r, "commitment"));
  ASSIGN_OR_RETURN(e.owner, TakeKey(r, "owner"));
  ASSIGN_OR_RETURN(e.signature, TakeHex<64>(r, "signature"));
  return e;
}

EntryWriter WriteUnsigned(const PolicyEntry& e) {
  EntryWriter writer("POLICY", e.policy.contest, 0);
  AddPolicyFields(e.policy, writer);
  writer.Add("team_count", e.team_count.ToHex())
      .Add("team_bits", e.team.ToString())
      .Add("shared_count", e.shared_count.ToHex())
      .Add("shared_bits", e.shared.ToString())
      .Add("final_bits", e.final_board.ToString())
      .Add("contest_bits", e.contest.ToString());
  return writer;
}

EntryWriter Write(const PolicyEntry& e) {
  return std::move(WriteUnsigned(e)
                       .AddHex("organizer_signature", e.organizer_signature)
                       .AddHex("owner_signature", e.owner_signature));
}

absl::StatusOr<PolicyEntry> ReadPolicy(EntryReader& r) {
  PolicyEntry e;
  ASSIGN_OR_RETURN(e.policy, TakePolicyFields(r));
  ASSIGN_OR_RETURN(const std::string_view count, r.Take("team_count"));
  ASSIGN_OR_RETURN(e.team_count, counting::BigCount::FromHex(count));
  ASSIGN_OR_RETURN(e.team, TakeBits(r, "team_bits"));
  ASSIGN_OR_RETURN(const std::string_view shared_count, r.Take("shared_count"));
  ASSIGN_OR_RETURN(e.shared_count, counting::BigCount::FromHex(shared_count));
  ASSIGN_OR_RETURN(e.shared, TakeBits(r, "shared_bits"));
  ASSIGN_OR_RETURN(e.final_board, TakeBits(r, "final_bits"));
  ASSIGN_OR_RETURN(e.contest, TakeBits(r, "contest_bits"));
  ASSIGN_OR_RETURN(e.organizer_signature, TakeHex<64>(r, "organizer_signature"));
  ASSIGN_OR_RETURN(e.owner_signature, TakeHex<64>(r, "owner_signature"));
  return e;
}

EntryWriter Write(const TeamEntry& e) {
  return std::move(EntryWriter("TEAM", e.contest, e.round)
                       .Add("number", e.number)
                       .Add("name", e.name)
                       .AddHex("key", e.key.bytes)
                       .AddHex("invitation", e.invitation)
                       .Add("reserved_bits", e.reserved.ToString()));
}

absl::StatusOr<TeamEntry> ReadTeam(EntryReader& r) {
  TeamEntry e{.contest = std::string(r.contest()), .round = r.round()};
  ASSIGN_OR_RETURN(const int64_t number, r.TakeInteger("number", 1, kMaxTeams));
  e.number = static_cast<int>(number);
  ASSIGN_OR_RETURN(e.name, TakeId(r, "name"));
  ASSIGN_OR_RETURN(e.key, TakeKey(r, "key"));
  ASSIGN_OR_RETURN(e.invitation, TakeHex<32>(r, "invitation"));
  ASSIGN_OR_RETURN(e.reserved, TakeBits(r, "reserved_bits"));
  return e;
}

EntryWriter Write(const AdmitEntry& e) {
  return std::move(EntryWriter("ADMIT", e.contest, e.round)
                       .Add("team", e.team)
                       .Add("try", e.try_number)
                       .AddHex("program", e.program)
                       .Add("size_class", e.size_class)
                       .AddHex("request", e.request)
                       .AddHex("request_id", e.request_id)
                       .Add("run_round", e.run_round)
                       .Add("result_round", e.result_round)
                       .Add("show_below", NumberOrDash(e.show_below)));
}

absl::StatusOr<AdmitEntry> ReadAdmit(EntryReader& r) {
  AdmitEntry e{.contest = std::string(r.contest()), .round = r.round()};
  ASSIGN_OR_RETURN(const int64_t team, r.TakeInteger("team", 1, kMaxTeams));
  ASSIGN_OR_RETURN(const int64_t try_number, r.TakeInteger("try", 1, kMaxTries));
  ASSIGN_OR_RETURN(e.program, TakeHex<32>(r, "program"));
  ASSIGN_OR_RETURN(const int64_t size_class, r.TakeInteger("size_class", 0, 63));
  ASSIGN_OR_RETURN(e.request, TakeHex<32>(r, "request"));
  ASSIGN_OR_RETURN(e.request_id, TakeHex<16>(r, "request_id"));
  ASSIGN_OR_RETURN(e.run_round, r.TakeInteger("run_round", 1, kCountLimit));
  ASSIGN_OR_RETURN(e.result_round, r.TakeInteger("result_round", 1, kCountLimit));
  ASSIGN_OR_RETURN(e.show_below, TakeLevelOrDash(r, "show_below"));
  e.team = static_cast<int>(team);
  e.try_number = static_cast<int>(try_number);
  e.size_class = static_cast<int>(size_class);
  return e;
}

EntryWriter Write(const ResultEntry& e) {
  return std::move(EntryWriter("RESULT", e.contest, e.round)
                       .Add("admit", e.admit)
                       .Add("team", e.team)
                       .Add("symbol", counting::SymbolIndex(e.symbol))
                       .Add("text", e.text)
                       .Add("charge_bits", e.charge.ToString())
                       .Add("tries_left", e.after.tries)
                       .Add("levels_left", e.after.levels)
                       .Add("scores_left", e.after.scores)
                       .Add("failures_left", e.after.failures)
                       .AddDigestOrDash("blind", e.blind));
}

absl::StatusOr<ResultEntry> ReadResult(EntryReader& r) {
  ResultEntry e{.contest = std::string(r.contest()), .round = r.round()};
  ASSIGN_OR_RETURN(e.admit, r.TakeInteger("admit", 0, kCountLimit));
  ASSIGN_OR_RETURN(const int64_t team, r.TakeInteger("team", 1, kMaxTeams));
  ASSIGN_OR_RETURN(const int64_t symbol, r.TakeInteger("symbol", 0, contest::kMaxLevels + 1));
  ASSIGN_OR_RETURN(e.symbol, counting::SymbolFromIndex(symbol, contest::kMaxLevels));
  ASSIGN_OR_RETURN(const std::string_view text, r.Take("text"));
  ASSIGN_OR_RETURN(e.charge, TakeBits(r, "charge_bits"));
  ASSIGN_OR_RETURN(const int64_t tries, r.TakeInteger("tries_left", 0, kMaxTries));
  ASSIGN_OR_RETURN(const int64_t levels, r.TakeInteger("levels_left", 0, contest::kMaxLevels));
  ASSIGN_OR_RETURN(const int64_t scores, r.TakeInteger("scores_left", 0, kMaxTries));
  ASSIGN_OR_RETURN(const int64_t failures, r.TakeInteger("failures_left", 0, kMaxTries));
  ASSIGN_OR_RETURN(e.blind, r.TakeDigestOrDash("blind"));
  e.team = static_cast<int>(team);
  e.text = std::string(text);
  e.after = {static_cast<int>(tries), static_cast<int>(levels), static_cast<int>(scores),
             static_cast<int>(failures)};
  return e;
}

EntryWriter Write(const RoundEntry& e) {
  return std::move(EntryWriter("ROUND", e.contest, e.round)
                       .Add("admitted", e.admitted)
                       .Add("released", e.released)
                       .AddHex("root_before", e.root_before)
                       .AddDigestOrDash("blinding", e.blinding));
}

absl::StatusOr<RoundEntry> ReadRound(EntryReader& r) {
  RoundEntry e{.contest = std::string(r.contest()), .round = r.round()};
  ASSIGN_OR_RETURN(e.admitted, r.TakeInteger("admitted", 0, kCountLimit));
  ASSIGN_OR_RETURN(e.released, r.TakeInteger("released", 0, kCountLimit));
  ASSIGN_OR_RETURN(e.root_before, TakeHex<32>(r, "root_before"));
  ASSIGN_OR_RETURN(e.blinding, r.TakeDigestOrDash("blinding"));
  return e;
}

EntryWriter Write(const ShiftEntry& e) {
  return std::move(EntryWriter("SHIFT", e.contest, e.round)
                       .Add("moved", e.moved)
                       .Add("count", e.count)
                       .Add("charge_bits", e.charge.ToString()));
}

absl::StatusOr<ShiftEntry> ReadShift(EntryReader& r) {
  ShiftEntry e{.contest = std::string(r.contest()), .round = r.round()};
  ASSIGN_OR_RETURN(e.moved, r.TakeInteger("moved", 1, 1'000'000));
  ASSIGN_OR_RETURN(const int64_t count, r.TakeInteger("count", 1, 1'000'000));
  e.count = static_cast<int>(count);
  ASSIGN_OR_RETURN(e.charge, TakeBits(r, "charge_bits"));
  return e;
}

EntryWriter Write(const ActEntry& e) {
  return std::move(EntryWriter("ACT", e.contest, e.round)
                       .Add("act", Name(e.kind))
                       .Add("team", e.team)
                       .Add("value", NumberOrDash(e.value))
                       .Add("charge_bits", e.charge.ToString())
                       .AddHex("signature", e.signature));
}

absl::StatusOr<ActEntry> ReadAct(EntryReader& r) {
  ActEntry e{.contest = std::string(r.contest()), .round = r.round()};
  ASSIGN_OR_RETURN(const std::string_view word, r.Take("act"));
  const std::optional<ActKind> kind = FindAct(word);
  if (!kind.has_value()) {
    return absl::InvalidArgumentError(absl::StrFormat("\"%s\" is no act", word));
  }
  e.kind = *kind;
  ASSIGN_OR_RETURN(const int64_t team, r.TakeInteger("team", 0, kMaxTeams));
  e.team = static_cast<int>(team);
  ASSIGN_OR_RETURN(e.value, TakeNumberOrDash<int>(r, "value", INT32_MAX));
  ASSIGN_OR_RETURN(e.charge, TakeBits(r, "charge_bits"));
  ASSIGN_OR_RETURN(e.signature, TakeHex<64>(r, "signature"));
  return e;
}

EntryWriter Write(const ChoiceEntry& e) {
  return std::move(EntryWriter("CHOICE", e.contest, e.round)
                       .Add("team", e.team)
                       .Add("admit", NumberOrDash(e.admit))
                       .AddHex("signature", e.signature));
}

absl::StatusOr<ChoiceEntry> ReadChoice(EntryReader& r) {
  ChoiceEntry e{.contest = std::string(r.contest()), .round = r.round()};
  ASSIGN_OR_RETURN(const int64_t team, r.TakeInteger("team", 1, kMaxTeams));
  e.team = static_cast<int>(team);
  ASSIGN_OR_RETURN(e.admit, TakeNumberOrDash<int64_t>(r, "admit", kCountLimit));
  ASSIGN_OR_RETURN(e.signature, TakeHex<64>(r, "signature"));
  return e;
}

EntryWriter Write(const FinalEntry& e) {
  return std::move(EntryWriter("FINAL", e.contest, e.round)
                       .Add("place", e.place)
                       .Add("team", e.team)
                       .Add("admit", e.admit)
                       .Add("level", NumberOrDash(e.level))
                       .Add("text", e.text)
                       .Add("charge_bits", e.charge.ToString())
                       .AddDigestOrDash("blind", e.blind));
}

absl::StatusOr<FinalEntry> ReadFinal(EntryReader& r) {
  FinalEntry e{.contest = std::string(r.contest()), .round = r.round()};
  ASSIGN_OR_RETURN(const int64_t place, r.TakeInteger("place", 1, kMaxTeams));
  ASSIGN_OR_RETURN(const int64_t team, r.TakeInteger("team", 1, kMaxTeams));
  ASSIGN_OR_RETURN(e.admit, r.TakeInteger("admit", 0, kCountLimit));
  ASSIGN_OR_RETURN(e.level, TakeLevelOrDash(r, "level"));
  ASSIGN_OR_RETURN(const std::string_view text, r.Take("text"));
  ASSIGN_OR_RETURN(e.charge, TakeBits(r, "charge_bits"));
  ASSIGN_OR_RETURN(e.blind, r.TakeDigestOrDash("blind"));
  e.place = static_cast<int>(place);
  e.team = static_cast<int>(team);
  e.text = std::string(text);
  return e;
}

EntryWriter Write(const CloseEntry& e) {
  return std::move(EntryWriter("CLOSE", e.contest, e.round)
                       .Add("used_bits", e.used.ToString())
                       .AddDigestOrDash("blind", e.blind));
}

absl::StatusOr<CloseEntry> ReadClose(EntryReader& r) {
  CloseEntry e{.contest = std::string(r.contest()), .round = r.round()};
  ASSIGN_OR_RETURN(e.used, TakeBits(r, "used_bits"));
  ASSIGN_OR_RETURN(e.blind, r.TakeDigestOrDash("blind"));
  return e;
}

}  // namespace pinhole::log
