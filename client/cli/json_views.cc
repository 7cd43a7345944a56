#include "client/cli/json_views.h"

#include <nlohmann/json.hpp>

#include "client/cli/contest_screens.h"
#include "client/cli/team_screens.h"
#include "server/core/base/text.h"
#include "server/core/log/merkle.h"
#include "server/core/replay/board.h"

namespace pinhole::cli {
namespace {

using Json = nlohmann::ordered_json;

// Program names and messages are bytes that a person typed: what is no UTF-8 is replaced.
std::string Print(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string Text(std::string_view text) { return std::string(text); }

Json ContestObject(const replay::Contest& contest) {
  const contest::Policy& policy = contest.policy.policy;
  return {{"contest", policy.contest},
          {"phase", Text(Name(contest.phase))},
          {"last_round", contest.last_round},
          {"rounds", policy.rounds.count},
          {"teams", contest.teams.size()},
          {"team_limit", policy.release.teams},
          {"metric", Text(contest::Name(policy.scoring.metric))},
          {"release", Text(contest::Name(policy.release.rule))},
          {"next_exchange_unix_ms", contest.Clock().ExchangeMs(contest.NextRound())}};
}

Json DataObject(const log::DatasetEntry& data) {
  Json tables = Json::array();
  for (const contest::Table& table : data.shape.tables) {
    Json columns = Json::array();
    for (const contest::Column& column : table.columns) {
      Json object = {{"name", column.name}, {"type", Text(ColumnTypeName(column.type))}};
      if (column.range.has_value()) {
        object["low"] = FormatRangeEnd(column.type, column.range->low);
        object["high"] = FormatRangeEnd(column.type, column.range->high);
      }
      columns.push_back(std::move(object));
    }
    tables.push_back({{"name", table.name}, {"columns", std::move(columns)}});
  }
  return {{"dataset", data.dataset},
          {"version", data.version},
          {"target", data.shape.target},
          {"label", data.shape.label},
          {"weight", data.shape.weight.empty() ? Json(nullptr) : Json(data.shape.weight)},
          {"train_rows", data.train_rows},
          {"public_rows", data.public_rows},
          {"final_rows", data.final_rows},
          {"tables", std::move(tables)}};
}

Json SubmissionObject(const replay::Contest& contest, const replay::Admission& admission) {
  Json object = {{"request_id", HexEncode(admission.entry.request_id)},
                 {"try", admission.entry.try_number},
                 {"admit_index", admission.index},
                 {"result_round", admission.entry.result_round},
                 {"result_unix_ms", contest.Clock().ExchangeMs(admission.entry.result_round)},
                 {"state", admission.result.has_value() ? "released" : "scheduled"}};
  if (admission.result.has_value()) {
    object["result_index"] = admission.result_index;
    object["symbol"] = admission.result->text;
    object["charge_bits"] = admission.result->charge.ToString();
    object["why"] = WhyText(contest, admission);
  }
  return object;
}

Json VerdictObject(Verdict verdict) { return verdict == Verdict::kHolds; }

Json QuorumObject(const Quorum& quorum) {
  Json given = Json::array();
  for (const Cosignature& cosignature : quorum.given) {
    given.push_back({{"witness", cosignature.witness}, {"unix_seconds", cosignature.unix_seconds}});
  }
  return {{"reached", quorum.problem.empty()},
          {"needed", quorum.needed},
          {"witnesses", quorum.witnesses},
          {"cosigned", std::move(given)}};
}

}  // namespace

std::string ContestsJson(const replay::LedgerState& state) {
  Json contests = Json::array();
  for (const auto& [name, contest] : state.contests()) contests.push_back(ContestObject(contest));
  return Print({{"ledger_size", state.size()}, {"contests", std::move(contests)}});
}

std::string RulesJson(const replay::LedgerState& state, const replay::Contest& contest) {
  const contest::Policy& policy = contest.policy.policy;
  const contest::LevelScale& scale = policy.scoring.scale;
  Json json = ContestObject(contest);
  json["deployment"] = Text(contest::Name(policy.deployment));
  json["degraded"] = contest::Name(policy.degraded);
  json["bits_per_row"] = policy.bits_per_row;
  json["data"] = DataObject(*state.dataset());
  json["score"] = {{"metric", Text(contest::Name(policy.scoring.metric))},
                   {"higher_is_better", contest::HigherIsBetter(policy.scoring.metric)},
                   {"format", Text(contest::Name(policy.scoring.format))},
                   {"weights", Text(contest::Name(policy.scoring.weights))},
                   {"range_low", FormatMillionths(policy.scoring.range_low)},
                   {"range_high", FormatMillionths(policy.scoring.range_high)},
                   {"best", FormatMillionths(scale.best)},
                   {"worst", FormatMillionths(scale.worst)},
                   {"step", FormatMillionths(scale.step)},
                   {"levels", scale.level_count()}};
  json["shown"] = {{"tries", policy.release.tries},
                   {"tries_per_day", policy.release.tries_per_day},
                   {"waiting", policy.release.waiting},
                   {"shown_scores", policy.release.shown_scores},
                   {"shown_failures", policy.release.shown_failures},
                   {"min_gain", policy.release.min_gain},
                   {"final", Text(contest::Name(policy.release.final_rule))}};
  json["in_force"] = {{"tries", contest.limits.tries},
                      {"shown_scores", contest.limits.shown_scores},
                      {"shown_failures", contest.limits.shown_failures}};
  json["quorum"] = policy.witnesses.quorum;
  json["witnesses"] = Json::array();
  for (const WitnessVerifier& witness : policy.witnesses.verifiers)
    json["witnesses"].push_back(witness.ToVkey());
  json["round_ms"] = policy.rounds.length_ms;
  json["run_window_ms"] = policy.rounds.run_window_ms;
  json["lanes"] = policy.rounds.lanes;
  json["settle_ms"] = policy.rounds.settle_ms;
  json["limits"] = {{"wall_ms", policy.limits.wall_ms},
                    {"cpu_seconds", policy.limits.cpu_seconds},
                    {"memory_bytes", policy.limits.memory_bytes},
                    {"threads", policy.limits.threads},
                    {"output_bytes", policy.limits.output_bytes},
                    {"scratch_bytes", policy.limits.scratch_bytes},
                    {"program_bytes", policy.limits.program_bytes}};
  json["team_bits"] = contest.policy.team.ToString();
  json["contest_bits"] = contest.policy.contest.ToString();
  json["policy_index"] = contest.policy_index;
  json["policy_sha256"] = HexEncode(contest.policy_digest);
  return Print(json);
}

std::string BoardJson(const replay::Contest& contest) {
  Json rows = Json::array();
  for (const replay::BoardRow& row : replay::MakeBoard(contest)) {
    rows.push_back({{"rank", row.rank},
                    {"team", row.team},
                    {"score", row.score},
                    {"tries_used", row.tries_used},
                    {"tries_left", row.tries_left},
                    {"scores_left", row.scores_left},
                    {"disqualified", row.disqualified}});
  }
  Json finals = Json::array();
  for (const log::FinalEntry& place : contest.finals) {
    finals.push_back({{"place", place.place},
                      {"team", contest.teams[static_cast<size_t>(place.team - 1)].entry.name},
                      {"level", place.text}});
  }
  Json json = ContestObject(contest);
  json["rows"] = std::move(rows);
  json["final"] = std::move(finals);
  return Print(json);
}

std::string StatusJson(const replay::Contest& contest, const replay::Team& team,
                       const std::vector<Receipt>& receipts) {
  Json submissions = Json::array();
  for (const int64_t index : team.admissions) {
    submissions.push_back(SubmissionObject(contest, contest.admissions.at(index)));
  }
  Json pending = Json::array();
  for (const Receipt& receipt : receipts) {
    if (contest.requests.contains({team.entry.number, receipt.request.request_id})) continue;
    constexpr const char* kStates[] = {"signed", "sent", "refused"};
    pending.push_back({{"request_id", RequestIdText(receipt)},
                       {"program", receipt.program_name},
                       {"state", kStates[static_cast<size_t>(receipt.state)]}});
  }
  Json json = ContestObject(contest);
  json["team"] = team.entry.name;
  json["number"] = team.entry.number;
  json["tries_left"] = std::max(0, contest.limits.tries - team.tries_used);
  json["scores_left"] = contest.StateOf(team).scores;
  json["failures_left"] = team.state.failures;
  json["chosen"] = team.choice.has_value() ? Json(*team.choice) : Json(nullptr);
  json["judged_by"] = team.best_admit < 0 ? Json(nullptr) : Json(team.JudgedBy());
  json["submissions"] = std::move(submissions);
  json["not_in_ledger"] = std::move(pending);
  return Print(json);
}

std::string SubmissionJson(const replay::Contest& contest, const replay::Admission& admission) {
  return Print(SubmissionObject(contest, admission));
}

std::vector<std::pair<std::string, std::string>> EntryFields(std::string_view bytes) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find_first_of(" \n"), bytes.size());
    const std::string_view word = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (word.empty()) continue;
    const size_t equals = word.find('=');
    if (equals != std::string_view::npos) {
      fields.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    } else {
      fields.emplace_back(fields.empty() ? "type" : "format", word);
    }
  }
  return fields;
}

std::string EntryJson(int64_t index, std::string_view bytes) {
  Json json = {{"index", index}, {"leaf", HexEncode(LeafHash(bytes))}};
  for (const auto& [key, value] : EntryFields(bytes)) json[key] = value;
  // One line an entry, so that `watch --json` is a stream of lines.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string AuditJson(const AuditReport& report, const replay::Contest* contest) {
  const Lifetime lifetime = LifetimeOf(report.state);
  Json json = {{"holds", report.holds()},
               {"problems", report.problems},
               {"entries", report.entry_count},
               {"entry_types", report.type_counts},
               {"signature", VerdictObject(report.signature)},
               {"root", VerdictObject(report.root)},
               {"replay", VerdictObject(report.replay)},
               {"lengths", VerdictObject(report.lengths)},
               {"lifetime",
                {{"used_bits", lifetime.used.ToString()},
                 {"reserved_bits", lifetime.reserved.ToString()},
                 {"budget_bits", lifetime.budget.ToString()}}}};
  if (report.head.has_value()) {
    json["checkpoint"] = {{"origin", report.head->origin},
                          {"size", report.head->size},
                          {"root", HexEncode(report.head->root)}};
  }
  if (report.quorum.has_value()) json["quorum"] = QuorumObject(*report.quorum);
  if (contest != nullptr) {
    Json object = ContestObject(*contest);
    object["used_bits"] = contest->Used().ToString();
    object["contest_bits"] = contest->policy.contest.ToString();
    object["shifts"] = contest->shifts;
    object["starts"] = contest->starts;
    object["admitted"] = contest->Tries();
    Json teams = Json::array();
    for (const replay::Team& team : contest->teams) {
      teams.push_back({{"team", team.entry.name},
                       {"used_bits", team.charged.ToString()},
                       {"team_bits", contest->policy.team.ToString()}});
    }
    object["team_budgets"] = std::move(teams);
    json["contest"] = std::move(object);
  }
  return Print(json);
}

std::string ObjectJson(const std::vector<std::pair<std::string, std::string>>& fields) {
  Json json = Json::object();
  for (const auto& [key, value] : fields) json[key] = value;
  return Print(json);
}

}  // namespace pinhole::cli
