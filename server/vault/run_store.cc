#include "server/vault/run_store.h"

#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/vault/fault.h"
#include "server/vault/intake.h"

namespace pinhole::vault {

absl::StatusOr<RunStore> RunStore::Open(storage::Database& database) {
  ASSIGN_OR_RETURN(EvidenceChain evidence, EvidenceChain::Open(database));
  ASSIGN_OR_RETURN(storage::Statement contains,
                   database.Prepare("SELECT 1 FROM run WHERE contest = ?1 AND team_key = ?2 AND "
                                    "policy = ?3 AND program = ?4"));
  ASSIGN_OR_RETURN(
      storage::Statement add,
      database.Prepare("INSERT INTO run (admit, contest, team_key, policy, program, container, "
                       "place) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  RunStore store(database, std::move(evidence), std::move(contains), std::move(add));
  RETURN_IF_ERROR(store.ReadAnswers());
  return store;
}

absl::Status RunStore::ReadAnswers() {
  // Admitted runs, with what an earlier build knew of their ends.
  ASSIGN_OR_RETURN(storage::Statement read, database_->Prepare("SELECT admit, answer FROM run"));
  absl::flat_hash_map<int64_t, bool> ended;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) break;
    ended[read.Int64(0)] = !read.IsNull(1);
    if (read.IsNull(1)) continue;
    ASSIGN_OR_RETURN(answers_[read.Int64(0)], read.FixedBlob<score::kAnswerSize>(1));
  }
  const auto visit = [&](int64_t number, const EvidenceRecord& record) {
    const auto* run = std::get_if<RunRecord>(&record);
    if (run == nullptr) return absl::OkStatus();
    const auto found = ended.find(run->admit);
    if (found == ended.end() || found->second) {
      return absl::DataLossError(absl::StrFormat(
          "record %d of the evidence is of a run that ended before, or was not admitted", number));
    }
    found->second = true;
    answers_[run->admit] = run->answer;
    return absl::OkStatus();
  };
  return evidence_.Read(visit).status();
}

absl::StatusOr<bool> RunStore::Contains(const pipe::SubmitRequest& request) {
  const absl::Cleanup reset = [this] { contains_.Reset(); };
  contains_.BindText(1, request.contest)
      .BindBlob(2, request.team_key.bytes)
      .BindBlob(3, request.policy)
      .BindBlob(4, request.program);
  return contains_.Step();
}

absl::Status RunStore::Add(storage::Transaction& /*transaction*/, int64_t admit,
                           const PredictionSlot& slot, const pipe::SubmitRequest& request) {
  add_.BindInt64(1, admit)
      .BindText(2, request.contest)
      .BindBlob(3, request.team_key.bytes)
      .BindBlob(4, request.policy)
      .BindBlob(5, request.program)
      .BindInt64(6, slot.container)
      .BindInt64(7, slot.offset);
  return add_.Run();
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

absl::StatusOr<PredictionSlot> RunStore::Slot(int64_t admit) {
  ASSIGN_OR_RETURN(storage::Statement find,
                   database_->Prepare("SELECT container, place FROM run WHERE admit = ?1"));
  find.BindInt64(1, admit);
  ASSIGN_OR_RETURN(const bool found, find.Step());
  if (!found) return absl::DataLossError(absl::StrFormat("entry %d has no run", admit));
  return PredictionSlot{.container = find.Int64(0), .offset = find.Int64(1)};
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

absl::StatusOr<std::set<int64_t>> RunStore::Containers() {
  ASSIGN_OR_RETURN(storage::Statement read,
                   database_->Prepare("SELECT DISTINCT container FROM run"));
  std::set<int64_t> containers;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return containers;
    containers.insert(read.Int64(0));
  }
}

absl::StatusOr<std::vector<int64_t>> RunStore::Unfinished() {
  ASSIGN_OR_RETURN(storage::Statement read,
                   database_->Prepare("SELECT admit FROM run ORDER BY admit"));
  std::vector<int64_t> admits;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return admits;
    if (!answers_.contains(read.Int64(0))) admits.push_back(read.Int64(0));
  }
}

std::optional<Answer> RunStore::FindAnswer(int64_t admit) const {
  const auto found = answers_.find(admit);
  return found == answers_.end() ? std::nullopt : std::optional<Answer>(found->second);
}

absl::Status RunStore::Commit(const RunRecord& run) {
  PINHOLE_FAULT_POINT("before-level");
  if (answers_.contains(run.admit))
    return absl::AlreadyExistsError(absl::StrFormat("entry %d has its level already", run.admit));
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(*database_));
  RETURN_IF_ERROR(evidence_.Append(transaction, run));
  RETURN_IF_ERROR(transaction.CommitUnlogged());
  answers_[run.admit] = run.answer;
  PINHOLE_FAULT_POINT("after-level");
  return absl::OkStatus();
}

}  // namespace pinhole::vault
