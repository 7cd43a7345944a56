// `pinhole-vault evidence list | show | verify | replay`: what runs left, for the operator's eyes.
// Each look is a record of the evidence itself, written before anything is shown.
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/core/base/status.h"
#include "server/core/score/decode_answer.h"
#include "server/system/clock.h"
#include "server/vault/commands.h"
#include "server/vault/evidence_replay.h"
#include "server/vault/folder.h"
#include "server/vault/ledger.h"
#include "server/vault/run_store.h"

namespace pinhole::vault {
namespace {

using Json = nlohmann::ordered_json;

struct NumberedRecord {
  int64_t number = 0;
  EvidenceRecord record;
};

// What all commands read.
struct Opened {
  Config config;
  std::unique_ptr<storage::Database> database;  // ledger and runs point to it
  Ledger ledger;
  RunStore runs;
  std::vector<NumberedRecord> records;
  EvidenceRoot root;
};

absl::Status RecordAccess(storage::Database& database, AccessCommand command,
                          std::optional<int64_t> admit) {
  ASSIGN_OR_RETURN(EvidenceChain chain, EvidenceChain::Open(database));
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(database));
  RETURN_IF_ERROR(chain.Append(transaction, AccessRecord{.command = command,
                                                         .user = ::getuid(),
                                                         .admit = admit,
                                                         .at_ms = SystemClock().NowUnixMs()}));
  return transaction.CommitUnlogged();
}

absl::StatusOr<Opened> Open(const Layout& layout, AccessCommand command,
                            std::optional<int64_t> admit, int64_t most = INT64_MAX) {
  ASSIGN_OR_RETURN(Config config, ReadConfig(layout));
  ASSIGN_OR_RETURN(storage::Database opened, OpenDatabase(layout));
  auto database = std::make_unique<storage::Database>(std::move(opened));
  RETURN_IF_ERROR(RecordAccess(*database, command, admit));
  ASSIGN_OR_RETURN(NoteSigner signer, ReadSigner(layout, config));
  ASSIGN_OR_RETURN(Ledger ledger, Ledger::Open(*database, std::move(signer)));
  ASSIGN_OR_RETURN(RunStore runs, RunStore::Open(*database));
  ASSIGN_OR_RETURN(EvidenceChain chain, EvidenceChain::Open(*database));
  std::vector<NumberedRecord> records;
  const auto keep = [&](int64_t number, const EvidenceRecord& record) {
    records.push_back({.number = number, .record = record});
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(const EvidenceRoot root, chain.Read(keep, most));
  return Opened{.config = std::move(config),
                .database = std::move(database),
                .ledger = std::move(ledger),
                .runs = std::move(runs),
                .records = std::move(records),
                .root = root};
}

std::string TimeText(int64_t unix_ms) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(unix_ms),
                          absl::UTCTimeZone());
}

absl::StatusOr<const contest::Policy*> PolicyOf(const Ledger& ledger, const RunRecord& run) {
  const replay::Contest* contest = ledger.state().Find(run.contest);
  if (contest == nullptr || !contest->admissions.contains(run.admit)) {
    return absl::DataLossError(
        absl::StrFormat("the ledger has no submission %d of contest %s", run.admit, run.contest));
  }
  return &contest->policy.policy;
}

// As the exchange reads an answer: whatever is not two levels of the scale is a failed run.
std::optional<score::RunLevels> LevelsOf(const RunRecord& run, const contest::LevelScale& scale) {
  const auto levels = score::DecodeAnswer(run.answer, scale.level_count());
  return levels.ok() ? *levels : std::nullopt;
}

std::string LevelText(const score::Level& level, const contest::LevelScale& scale) {
  if (level.index() >= scale.level_count()) return "worse than worst";
  return counting::SymbolText({counting::SymbolKind::kLevel, level.index()}, scale);
}

// "level" and "final" of a run.
void AddLevels(const std::optional<score::RunLevels>& levels, const contest::LevelScale& scale,
               Json& fields) {
  fields["level"] = levels.has_value() ? LevelText(levels->public_level, scale) : "failed";
  fields["final"] = levels.has_value() ? LevelText(levels->final_level, scale) : "failed";
}

absl::StatusOr<Json> RunFields(const Opened& opened, const NumberedRecord& numbered) {
  const auto& run = std::get<RunRecord>(numbered.record);
  ASSIGN_OR_RETURN(const contest::Policy* const policy, PolicyOf(opened.ledger, run));
  const contest::LevelScale& scale = policy->scoring.scale;
  Json fields{{"record", numbered.number},
              {"type", "run"},
              {"admit", run.admit},
              {"contest", run.contest},
              {"round", run.round}};
  AddLevels(LevelsOf(run, scale), scale, fields);
  fields["outcome"] = OutcomeWord(run.evidence.outcome);
  fields["ended"] = TimeText(run.evidence.ended_ms);
  return fields;
}

Json AccessFields(const NumberedRecord& numbered) {
  const auto& access = std::get<AccessRecord>(numbered.record);
  Json fields{{"record", numbered.number},
              {"type", "access"},
              {"command", Name(access.command)},
              {"user", access.user}};
  if (access.admit.has_value()) fields["admit"] = *access.admit;
  fields["at"] = TimeText(access.at_ms);
  return fields;
}

absl::StatusOr<NumberedRecord> FindRun(const Opened& opened, int64_t admit) {
  for (const NumberedRecord& one : opened.records) {
    const auto* run = std::get_if<RunRecord>(&one.record);
    if (run != nullptr && run->admit == admit) return one;
  }
  return absl::NotFoundError(absl::StrFormat(
      "the evidence has no run of ledger entry %d: `pinhole-vault evidence list` names them",
      admit));
}

std::string ValueText(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void Print(const Json& fields, OutputFormat format) {
  if (format == OutputFormat::kJson) {
    std::printf("%s\n", fields.dump(2).c_str());
    return;
  }
  for (const auto& [key, value] : fields.items())
    std::printf("%-14s %s\n", key.c_str(), ValueText(value).c_str());
}

// One line a record: "key=value", its type first.
void PrintLines(const Json& records) {
  for (const Json& record : records) {
    std::string line = absl::StrFormat("%-6s", record["type"].get<std::string>());
    for (const auto& [key, value] : record.items()) {
      if (key != "type") line += absl::StrFormat(" %s=%s", key, ValueText(value));
    }
    std::printf("%s\n", line.c_str());
  }
}

// "exact" and "exact_final" of a run: never in a record, always from its stored predictions.
void AddExact(const absl::StatusOr<std::optional<Rescored>>& again, Json& fields) {
  if (!again.ok() || !again->has_value()) {
    const std::string why =
        again.ok() ? "failed" : absl::StrFormat("unknown: %s", again.status().message());
    fields["exact"] = fields["exact_final"] = why;
    return;
  }
  const auto add = [&](const std::string& name, const exact::ExactText& text) {
    fields[name] = text.score;
    fields[name + "_sum"] = text.sum;
    fields[name + "_weight"] = text.weight;
    fields[name + "_one_row"] = text.one_row;
  };
  add("exact", (*again)->public_score);
  add("exact_final", (*again)->final_score);
}

}  // namespace

absl::Status ListEvidence(const Layout& layout, OutputFormat format) {
  ASSIGN_OR_RETURN(const Opened opened, Open(layout, AccessCommand::kList, std::nullopt));
  Json records = Json::array();
  for (const NumberedRecord& one : opened.records) {
    if (std::holds_alternative<AccessRecord>(one.record)) {
      records.push_back(AccessFields(one));
      continue;
    }
    ASSIGN_OR_RETURN(Json fields, RunFields(opened, one));
    records.push_back(std::move(fields));
  }
  if (format == OutputFormat::kJson) {
    Print(records, format);
  } else {
    PrintLines(records);
  }
  return absl::OkStatus();
}

absl::Status ShowEvidence(const Layout& layout, int64_t admit, OutputFormat format) {
  ASSIGN_OR_RETURN(Opened opened, Open(layout, AccessCommand::kShow, admit));
  ASSIGN_OR_RETURN(const NumberedRecord found, FindRun(opened, admit));
  ASSIGN_OR_RETURN(Json fields, RunFields(opened, found));
  ASSIGN_OR_RETURN(const PredictionSlot slot, opened.runs.Slot(admit));
  const auto& run = std::get<RunRecord>(found.record);
  const RunEvidence& evidence = run.evidence;
  const auto& admission = opened.ledger.state().Find(run.contest)->admissions.find(admit)->second;
  fields["shown"] = admission.result.has_value() ? admission.result->text : "not released";
  fields["team"] = admission.entry.team;
  fields["try"] = admission.entry.try_number;
  fields["answer"] = HexEncode(run.answer);
  fields["exit"] = evidence.exit_code;
  fields["signal"] = evidence.signal;
  fields["wall_us"] = evidence.wall_micros;
  fields["cpu_us"] = evidence.cpu_micros;
  fields["memory_bytes"] = evidence.peak_memory_bytes;
  fields["output_bytes"] = evidence.output_bytes;
  fields["output_sha256"] = HexEncode(evidence.output);
  fields["output_file"] = layout.predictions(slot.container);
  fields["output_offset"] = slot.offset;
  fields["box"] = HexEncode(evidence.box);
  fields["build"] = HexEncode(evidence.build);
  AddExact(ScoreAgain(layout, opened.config, slot, run), fields);
  Print(fields, format);
  return absl::OkStatus();
}

absl::Status VerifyEvidence(const Layout& layout, std::optional<int64_t> size,
                            OutputFormat format) {
  ASSIGN_OR_RETURN(const Opened opened,
                   Open(layout, AccessCommand::kVerify, std::nullopt, size.value_or(INT64_MAX)));
  if (size.has_value() && opened.root.size != *size) {
    return absl::NotFoundError(
        absl::StrFormat("the evidence has %d records, not %d", opened.root.size, *size));
  }
  int64_t runs = 0;
  for (const NumberedRecord& one : opened.records)
    runs += std::holds_alternative<RunRecord>(one.record) ? 1 : 0;
  Print({{"records", opened.root.size}, {"runs", runs}, {"root", HexEncode(opened.root.chain)}},
        format);
  return absl::OkStatus();
}

absl::Status ReplayEvidence(const Layout& layout, int64_t admit, OutputFormat format) {
  ASSIGN_OR_RETURN(Opened opened, Open(layout, AccessCommand::kReplay, admit));
  ASSIGN_OR_RETURN(const NumberedRecord found, FindRun(opened, admit));
  const auto& run = std::get<RunRecord>(found.record);
  ASSIGN_OR_RETURN(const contest::Policy* const policy, PolicyOf(opened.ledger, run));
  const contest::LevelScale& scale = policy->scoring.scale;
  ASSIGN_OR_RETURN(const PredictionSlot slot, opened.runs.Slot(admit));
  ASSIGN_OR_RETURN(const std::optional<Rescored> rescored,
                   ScoreAgain(layout, opened.config, slot, run));
  const std::optional<score::RunLevels> recorded = LevelsOf(run, scale);
  const auto again = rescored.has_value() ? std::optional(rescored->levels) : std::nullopt;
  const bool same = again == recorded;
  Json fields{{"admit", admit}, {"contest", run.contest}};
  for (const auto& [name, levels] : {std::pair("recorded", recorded), {"replayed", again}}) {
    Json both = Json::object();
    AddLevels(levels, scale, both);
    if (format == OutputFormat::kJson) {
      fields[name] = both;
    } else {
      fields[name] =
          absl::StrFormat("level %s, final %s", ValueText(both["level"]), ValueText(both["final"]));
    }
  }
  AddExact(rescored, fields);
  fields["same"] = same;
  Print(fields, format);
  if (same) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "the replay of ledger entry %d gives another level than was recorded", admit));
}

}  // namespace pinhole::vault
