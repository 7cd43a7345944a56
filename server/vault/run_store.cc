#include "server/vault/run_store.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/vault/fault.h"
#include "server/vault/intake.h"

namespace pinhole::vault {
namespace {

constexpr size_t kLongestOutcome = 57;  // so that the length of its length is one, too
// Above 57 bytes a length takes two in SQLite's records, so padding never goes below this.
constexpr size_t kLeastPadding = 58;

// Bytes of an integer in a record (https://www.sqlite.org/fileformat2.html#record_format).
size_t StoredBytes(int64_t value) {
  if (value == 0 || value == 1) return 0;
  int bytes = 1;
  while (bytes < 8 && value != value << (64 - 8 * bytes) >> (64 - 8 * bytes)) ++bytes;
  return static_cast<size_t>(bytes == 5 ? 6 : bytes == 7 ? 8 : bytes);
}

// What makes every run's evidence as long as the longest: which database page a row lies on, and
// how many there are, follows from admissions alone.
std::string PaddingFor(const RunEvidence& evidence) {
  size_t used = std::min(evidence.outcome.size(), kLongestOutcome);
  const std::array<int64_t, 6> numbers = {evidence.exit_code,         evidence.signal,
                                          evidence.wall_micros,       evidence.cpu_micros,
                                          evidence.peak_memory_bytes, evidence.output_bytes};
  for (const int64_t number : numbers) used += StoredBytes(number);
  return std::string(kLeastPadding + kLongestOutcome + numbers.size() * 8 - used, '\0');
}

}  // namespace

absl::StatusOr<bool> RunStore::Contains(const pipe::SubmitRequest& request) {
  ASSIGN_OR_RETURN(storage::Statement find,
                   database_->Prepare("SELECT 1 FROM run WHERE contest = ?1 AND team_key = ?2 AND "
                                      "policy = ?3 AND program = ?4"));
  find.BindText(1, request.contest)
      .BindBlob(2, request.team_key.bytes)
      .BindBlob(3, request.policy)
      .BindBlob(4, request.program);
  return find.Step();
}

absl::Status RunStore::Add(storage::Transaction& /*transaction*/, int64_t admit,
                           const pipe::SubmitRequest& request) {
  ASSIGN_OR_RETURN(storage::Statement insert,
                   database_->Prepare("INSERT INTO run (admit, contest, team_key, policy, program) "
                                      "VALUES (?1, ?2, ?3, ?4, ?5)"));
  insert.BindInt64(1, admit)
      .BindText(2, request.contest)
      .BindBlob(3, request.team_key.bytes)
      .BindBlob(4, request.policy)
      .BindBlob(5, request.program);
  return insert.Run();
}

absl::StatusOr<std::string> RunStore::Program(int64_t admit,
                                              const std::string& programs_directory) {
  ASSIGN_OR_RETURN(storage::Statement find,
                   database_->Prepare("SELECT team_key, program FROM run WHERE admit = ?1"));
  find.BindInt64(1, admit);
  ASSIGN_OR_RETURN(const bool found, find.Step());
  if (!found) return absl::DataLossError(absl::StrFormat("entry %d has no run", admit));
  PublicKey team;
  ASSIGN_OR_RETURN(team.bytes, find.FixedBlob<32>(0));
  ASSIGN_OR_RETURN(const Digest program, find.FixedBlob<32>(1));
  return ProgramPath(programs_directory, team, program);
}

absl::StatusOr<std::set<std::string>> RunStore::Programs(const std::string& programs_directory) {
  ASSIGN_OR_RETURN(storage::Statement read,
                   database_->Prepare("SELECT DISTINCT team_key, program FROM run"));
  std::set<std::string> paths;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return paths;
    PublicKey team;
    ASSIGN_OR_RETURN(team.bytes, read.FixedBlob<32>(0));
    ASSIGN_OR_RETURN(const Digest program, read.FixedBlob<32>(1));
    paths.insert(ProgramPath(programs_directory, team, program));
  }
}

absl::StatusOr<std::optional<Answer>> RunStore::FindAnswer(int64_t admit) {
  ASSIGN_OR_RETURN(
      storage::Statement find,
      database_->Prepare("SELECT answer FROM run WHERE admit = ?1 AND answer IS NOT NULL"));
  find.BindInt64(1, admit);
  ASSIGN_OR_RETURN(const bool found, find.Step());
  if (!found) return std::optional<Answer>();
  ASSIGN_OR_RETURN(const Answer answer, find.FixedBlob<score::kAnswerSize>(0));
  return std::optional<Answer>(answer);
}

absl::Status RunStore::CommitAnswer(int64_t admit, const Answer& answer,
                                    const RunEvidence& evidence) {
  PINHOLE_FAULT_POINT("before-level");
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(*database_));
  ASSIGN_OR_RETURN(
      storage::Statement update,
      database_->Prepare(
          "UPDATE run SET answer = ?2, outcome = ?3, exit_code = ?4, signal = ?5, wall_micros = "
          "?6, "
          "cpu_micros = ?7, peak_memory_bytes = ?8, output_bytes = ?9, output_sha256 = ?10, "
          "padding = ?11 "
          "WHERE admit = ?1 AND answer IS NULL"));
  const std::string padding = PaddingFor(evidence);
  update.BindInt64(1, admit)
      .BindBlob(2, answer)
      .BindText(3, evidence.outcome.substr(0, kLongestOutcome))
      .BindInt64(4, evidence.exit_code)
      .BindInt64(5, evidence.signal)
      .BindInt64(6, evidence.wall_micros)
      .BindInt64(7, evidence.cpu_micros)
      .BindInt64(8, evidence.peak_memory_bytes)
      .BindInt64(9, evidence.output_bytes)
      .BindBlob(10, evidence.output)
      .BindBlob(11, AsBytes(padding));
  RETURN_IF_ERROR(update.Run());
  if (database_->changes() != 1)
    return absl::AlreadyExistsError(absl::StrFormat("entry %d has its level already", admit));
  RETURN_IF_ERROR(transaction.CommitUnlogged());
  PINHOLE_FAULT_POINT("after-level");
  return absl::OkStatus();
}

}  // namespace pinhole::vault
