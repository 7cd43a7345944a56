#include "server/vault/evidence_record.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "server/core/base/hex.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/log/entry_text.h"

namespace pinhole::vault {
namespace {

using log::EntryReader;
using log::EntryWriter;

// With these every RUN fits its length: a run's end must never be what cannot be recorded.
constexpr int64_t kMost = 999'999'999'999'999;
constexpr int64_t kMostCode = 9999;

constexpr std::array<AccessCommand, 4> kCommands = {AccessCommand::kList, AccessCommand::kShow,
                                                    AccessCommand::kVerify, AccessCommand::kReplay};

constexpr std::array<sandbox::Outcome, 9> kOutcomes = {
    sandbox::Outcome::kExited,        sandbox::Outcome::kSignaled,
    sandbox::Outcome::kWallLimit,     sandbox::Outcome::kCpuLimit,
    sandbox::Outcome::kMemoryLimit,   sandbox::Outcome::kOutputLimit,
    sandbox::Outcome::kForbiddenCall, sandbox::Outcome::kNotExecutable,
    sandbox::Outcome::kSetupFailed};

int64_t Bounded(int64_t value, int64_t most = kMost) { return std::clamp<int64_t>(value, 0, most); }

EntryWriter Write(const RunRecord& run) {
  const RunEvidence& e = run.evidence;
  return std::move(EntryWriter("RUN", run.contest, Bounded(run.round))
                       .Add("admit", Bounded(run.admit))
                       .AddHex("answer", run.answer)
                       .Add("outcome", OutcomeWord(e.outcome))
                       .Add("exit", Bounded(e.exit_code, kMostCode))
                       .Add("signal", Bounded(e.signal, kMostCode))
                       .Add("wall_us", Bounded(e.wall_micros))
                       .Add("cpu_us", Bounded(e.cpu_micros))
                       .Add("memory", Bounded(e.peak_memory_bytes))
                       .Add("output", Bounded(e.output_bytes))
                       .AddHex("sha256", e.output)
                       .AddHex("box", e.box)
                       .AddHex("build", e.build)
                       .Add("at_ms", Bounded(e.ended_ms)));
}

EntryWriter Write(const AccessRecord& access) {
  EntryWriter writer("ACCESS", "-", 0);
  writer.Add("command", Name(access.command)).Add("user", int64_t{access.user});
  if (access.admit.has_value()) {
    writer.Add("admit", Bounded(*access.admit));
  } else {
    writer.Add("admit", "-");
  }
  writer.Add("at_ms", Bounded(access.at_ms));
  return writer;
}

template <size_t N>
absl::Status TakeHex(EntryReader& reader, std::string_view key, std::array<uint8_t, N>& bytes) {
  ASSIGN_OR_RETURN(const std::string_view text, reader.Take(key));
  return HexDecodeTo(text, bytes);
}

absl::StatusOr<EvidenceRecord> ReadRun(EntryReader& r) {
  RunRecord run{.contest = std::string(r.contest()), .round = r.round()};
  RunEvidence& e = run.evidence;
  ASSIGN_OR_RETURN(run.admit, r.TakeInteger("admit", 0, kMost));
  RETURN_IF_ERROR(TakeHex(r, "answer", run.answer));
  ASSIGN_OR_RETURN(const std::string_view outcome, r.Take("outcome"));
  const auto* const known = std::ranges::find(kOutcomes, outcome, OutcomeWord);
  if (known == kOutcomes.end()) return absl::InvalidArgumentError("no outcome of a run");
  e.outcome = *known;
  ASSIGN_OR_RETURN(e.exit_code, r.TakeInteger("exit", 0, kMostCode));
  ASSIGN_OR_RETURN(e.signal, r.TakeInteger("signal", 0, kMostCode));
  ASSIGN_OR_RETURN(e.wall_micros, r.TakeInteger("wall_us", 0, kMost));
  ASSIGN_OR_RETURN(e.cpu_micros, r.TakeInteger("cpu_us", 0, kMost));
  ASSIGN_OR_RETURN(e.peak_memory_bytes, r.TakeInteger("memory", 0, kMost));
  ASSIGN_OR_RETURN(e.output_bytes, r.TakeInteger("output", 0, kMost));
  RETURN_IF_ERROR(TakeHex(r, "sha256", e.output));
  RETURN_IF_ERROR(TakeHex(r, "box", e.box));
  RETURN_IF_ERROR(TakeHex(r, "build", e.build));
  ASSIGN_OR_RETURN(e.ended_ms, r.TakeInteger("at_ms", 0, kMost));
  return run;
}

absl::StatusOr<EvidenceRecord> ReadAccess(EntryReader& r) {
  AccessRecord access;
  ASSIGN_OR_RETURN(const std::string_view name, r.Take("command"));
  const auto* const command = std::ranges::find(kCommands, name, [](auto c) { return Name(c); });
  if (command == kCommands.end()) return absl::InvalidArgumentError("no command of the evidence");
  access.command = *command;
  ASSIGN_OR_RETURN(const int64_t user, r.TakeInteger("user", 0, UINT32_MAX));
  access.user = static_cast<uid_t>(user);
  ASSIGN_OR_RETURN(const std::string_view admit, r.Take("admit"));
  if (admit != "-") {
    ASSIGN_OR_RETURN(access.admit, ParseIntegerIn(admit, 0, kMost));
  }
  ASSIGN_OR_RETURN(access.at_ms, r.TakeInteger("at_ms", 0, kMost));
  return access;
}

absl::Status CheckWords(const EvidenceRecord& record) {
  const auto* run = std::get_if<RunRecord>(&record);
  if (run == nullptr) return absl::OkStatus();
  if (!IsId(run->contest)) return absl::InvalidArgumentError("a RUN without a contest");
  return absl::OkStatus();
}

}  // namespace

std::string OutcomeWord(sandbox::Outcome outcome) {
  std::string word(sandbox::OutcomeName(outcome));
  std::ranges::replace(word, ' ', '-');
  return word;
}

std::string_view Name(AccessCommand command) {
  switch (command) {
    case AccessCommand::kList:
      return "list";
    case AccessCommand::kShow:
      return "show";
    case AccessCommand::kVerify:
      return "verify";
    case AccessCommand::kReplay:
      return "replay";
  }
  return "";
}

absl::StatusOr<std::string> Encode(const EvidenceRecord& record) {
  RETURN_IF_ERROR(CheckWords(record));
  return std::visit([](const auto& value) { return Write(value).Finish(kEvidenceBytes); }, record);
}

absl::StatusOr<EvidenceRecord> ParseEvidence(std::string_view bytes) {
  if (bytes.size() != kEvidenceBytes)
    return absl::InvalidArgumentError("a record of the evidence of another length");
  ASSIGN_OR_RETURN(EntryReader reader, EntryReader::Open(bytes));
  if (reader.type() != "RUN" && reader.type() != "ACCESS")
    return absl::InvalidArgumentError("no type of a record of the evidence");
  ASSIGN_OR_RETURN(EvidenceRecord record,
                   reader.type() == "RUN" ? ReadRun(reader) : ReadAccess(reader));
  RETURN_IF_ERROR(reader.Done());
  RETURN_IF_ERROR(CheckWords(record));
  const bool canonical =
      std::visit([&](const auto& value) { return Write(value).Spells(bytes); }, record);
  if (!canonical)
    return absl::InvalidArgumentError("a record of the evidence is spelled otherwise");
  return record;
}

}  // namespace pinhole::vault
