// Programs and requests of the front's database.
#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/front/store.h"
#include "server/storage/transaction.h"

namespace pinhole::front {

using storage::Statement;
using storage::Transaction;

namespace {

constexpr std::string_view kAddRequest =
    "INSERT INTO request (kind, contest, team_key, text, request_id, policy, program, message, "
    "state, refusal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'received', '')";

#define PINHOLE_SELECT_REQUEST "SELECT id, text, message, state, refusal FROM request WHERE "
constexpr std::string_view kFindText = PINHOLE_SELECT_REQUEST "text = ?1";
constexpr std::string_view kFindSubmission =
    PINHOLE_SELECT_REQUEST "contest = ?1 AND team_key = ?2 AND request_id = ?3";
constexpr std::string_view kFindSameProgram = PINHOLE_SELECT_REQUEST
    "contest = ?1 AND team_key = ?2 AND program = ?3 AND policy = ?4 AND kind = 'submit' AND state "
    "!= 'refused' ORDER BY id LIMIT 1";
constexpr std::string_view kListSubmissions =
    PINHOLE_SELECT_REQUEST "contest = ?1 AND team_key = ?2 AND kind = 'submit' ORDER BY id";
constexpr std::string_view kListReceived = PINHOLE_SELECT_REQUEST "state = 'received' ORDER BY id";
#undef PINHOLE_SELECT_REQUEST

absl::StatusOr<RequestState> ParseState(std::string_view text) {
  if (text == "received") return RequestState::kReceived;
  if (text == "admitted") return RequestState::kAdmitted;
  if (text == "refused") return RequestState::kRefused;
  return absl::DataLossError("front.db: a request has an unknown state");
}

std::optional<StoredRequest> First(std::vector<StoredRequest> rows) {
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

}  // namespace

absl::Status Store::AddProgram(const TeamIdentity& team, const StoredProgram& program) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_));
  ASSIGN_OR_RETURN(
      Statement add,
      database_.Prepare("INSERT INTO program (contest, team_key, sha256, size_bytes, path) VALUES "
                        "(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING"));
  add.BindText(1, team.contest).BindBlob(2, team.key.bytes).BindBlob(3, program.sha256);
  add.BindInt64(4, program.size_bytes).BindText(5, program.path);
  RETURN_IF_ERROR(add.Run());
  return transaction.CommitUnlogged();
}

absl::StatusOr<std::optional<StoredProgram>> Store::FindProgram(const TeamIdentity& team,
                                                                const Digest& sha256) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Statement row,
                   database_.Prepare("SELECT size_bytes, path FROM program WHERE contest = ?1 AND "
                                     "team_key = ?2 AND sha256 = ?3"));
  row.BindText(1, team.contest).BindBlob(2, team.key.bytes).BindBlob(3, sha256);
  ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return std::nullopt;
  return StoredProgram{sha256, row.Int64(0), std::string(row.Text(1))};
}

absl::StatusOr<int64_t> Store::CountPrograms(const TeamIdentity& team) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(
      Statement row,
      database_.Prepare("SELECT count(*) FROM program WHERE contest = ?1 AND team_key = ?2"));
  row.BindText(1, team.contest).BindBlob(2, team.key.bytes);
  ASSIGN_OR_RETURN(const bool found, row.Step());
  return found ? row.Int64(0) : 0;
}

absl::StatusOr<Store::ProgramBytes> Store::SumProgramBytes(const TeamIdentity& team) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(
      Statement row,
      database_.Prepare("SELECT coalesce(sum(size_bytes), 0), coalesce(sum(CASE WHEN contest = ?1 "
                        "AND team_key = ?2 THEN size_bytes ELSE 0 END), 0) FROM program"));
  row.BindText(1, team.contest).BindBlob(2, team.key.bytes);
  ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return ProgramBytes();
  return ProgramBytes{.of_team = row.Int64(1), .of_all = row.Int64(0)};
}

absl::StatusOr<DailyUse> Store::FindUploadUse(const TeamIdentity& team) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(
      Statement row,
      database_.Prepare(
          "SELECT used_bytes, at_ms FROM upload_use WHERE contest = ?1 AND team_key = ?2"));
  row.BindText(1, team.contest).BindBlob(2, team.key.bytes);
  ASSIGN_OR_RETURN(const bool found, row.Step());
  if (!found) return DailyUse();
  return DailyUse{.used_bytes = row.Int64(0), .at_ms = row.Int64(1)};
}

absl::Status Store::SaveUploadUse(const TeamIdentity& team, const DailyUse& use) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_));
  ASSIGN_OR_RETURN(Statement forget, database_.Prepare("DELETE FROM upload_use WHERE at_ms <= ?1"));
  RETURN_IF_ERROR(forget.BindInt64(1, use.at_ms - kDayMs).Run());
  ASSIGN_OR_RETURN(
      Statement save,
      database_.Prepare("INSERT INTO upload_use (contest, team_key, used_bytes, at_ms) VALUES (?1, "
                        "?2, ?3, ?4) ON CONFLICT (contest, team_key) DO UPDATE SET used_bytes = "
                        "excluded.used_bytes, at_ms = excluded.at_ms"));
  save.BindText(1, team.contest).BindBlob(2, team.key.bytes);
  RETURN_IF_ERROR(save.BindInt64(3, use.used_bytes).BindInt64(4, use.at_ms).Run());
  return transaction.CommitUnlogged();
}

absl::Status Store::RefuseRequests(const std::vector<ExchangeRecord::Refusal>& refused) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_));
  ASSIGN_OR_RETURN(
      Statement end,
      database_.Prepare("UPDATE request SET state = 'refused', refusal = ?2 WHERE id = "
                        "?1 AND state = 'received'"));
  for (const ExchangeRecord::Refusal& refusal : refused) {
    RETURN_IF_ERROR(end.BindInt64(1, refusal.id).BindText(2, refusal.text).Run());
  }
  return transaction.CommitUnlogged();
}

absl::StatusOr<int64_t> Store::AddRequest(const pipe::Request& request, std::string_view text,
                                          std::string_view message) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_));
  ASSIGN_OR_RETURN(const int64_t id, InsertRequest(request, text, message));
  RETURN_IF_ERROR(transaction.CommitUnlogged());
  return id;
}

absl::StatusOr<int64_t> Store::AddJoin(const pipe::Request& request, std::string_view text,
                                       const Digest& token_hash, const TeamIdentity& team) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_));
  ASSIGN_OR_RETURN(const int64_t id, InsertRequest(request, text, ""));
  RETURN_IF_ERROR(InsertToken(token_hash, team));
  RETURN_IF_ERROR(transaction.CommitUnlogged());
  return id;
}

absl::StatusOr<int64_t> Store::AddChoice(const pipe::Request& request, std::string_view text,
                                         std::optional<int64_t> replaced) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(database_));
  ASSIGN_OR_RETURN(
      Statement forget,
      database_.Prepare("DELETE FROM request WHERE kind = 'choose' AND (id = ?1 OR text = ?2)"));
  RETURN_IF_ERROR(forget.BindInt64(1, replaced.value_or(-1)).BindText(2, text).Run());
  ASSIGN_OR_RETURN(const int64_t id, InsertRequest(request, text, ""));
  RETURN_IF_ERROR(transaction.CommitUnlogged());
  return id;
}

absl::StatusOr<int64_t> Store::InsertRequest(const pipe::Request& request, std::string_view text,
                                             std::string_view message) {
  ASSIGN_OR_RETURN(Statement add, database_.Prepare(kAddRequest));
  add.BindText(4, text).BindText(8, message);
  if (const auto* submit = std::get_if<pipe::SubmitRequest>(&request)) {
    add.BindText(1, "submit").BindText(2, submit->contest).BindBlob(3, submit->team_key.bytes);
    add.BindBlob(5, submit->request_id).BindBlob(6, submit->policy).BindBlob(7, submit->program);
  } else if (const auto* choice = std::get_if<pipe::ChooseRequest>(&request)) {
    add.BindText(1, "choose").BindText(2, choice->contest).BindBlob(3, choice->team_key.bytes);
    add.BindNull(5).BindNull(6).BindNull(7);
  } else {
    const auto& join = std::get<pipe::JoinRequest>(request);
    add.BindText(1, "join").BindText(2, join.invitation.contest).BindBlob(3, join.team_key.bytes);
    add.BindNull(5).BindNull(6).BindNull(7);
  }
  RETURN_IF_ERROR(add.Run());
  return database_.last_insert_rowid();
}

absl::StatusOr<std::vector<StoredRequest>> Store::ReadRequests(Statement statement) {
  std::vector<StoredRequest> requests;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, statement.Step());
    if (!found) return requests;
    StoredRequest request{.id = statement.Int64(0),
                          .text = std::string(statement.Text(1)),
                          .message = std::string(statement.Text(2)),
                          .refusal = std::string(statement.Text(4))};
    ASSIGN_OR_RETURN(request.state, ParseState(statement.Text(3)));
    ASSIGN_OR_RETURN(request.request, pipe::ParseRequest(request.text));
    requests.push_back(std::move(request));
  }
}

absl::StatusOr<std::optional<StoredRequest>> Store::FindText(std::string_view text) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Statement find, database_.Prepare(kFindText));
  find.BindText(1, text);
  ASSIGN_OR_RETURN(std::vector<StoredRequest> rows, ReadRequests(std::move(find)));
  return First(std::move(rows));
}

absl::StatusOr<std::optional<StoredRequest>> Store::FindSubmission(const TeamIdentity& team,
                                                                   const log::RequestId& id) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Statement find, database_.Prepare(kFindSubmission));
  find.BindText(1, team.contest).BindBlob(2, team.key.bytes).BindBlob(3, id);
  ASSIGN_OR_RETURN(std::vector<StoredRequest> rows, ReadRequests(std::move(find)));
  return First(std::move(rows));
}

absl::StatusOr<std::optional<StoredRequest>> Store::FindSameProgram(const TeamIdentity& team,
                                                                    const Digest& policy,
                                                                    const Digest& program) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Statement find, database_.Prepare(kFindSameProgram));
  find.BindText(1, team.contest).BindBlob(2, team.key.bytes).BindBlob(3, program);
  find.BindBlob(4, policy);
  ASSIGN_OR_RETURN(std::vector<StoredRequest> rows, ReadRequests(std::move(find)));
  return First(std::move(rows));
}

absl::StatusOr<std::vector<StoredRequest>> Store::ListSubmissions(const TeamIdentity& team) {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Statement list, database_.Prepare(kListSubmissions));
  list.BindText(1, team.contest).BindBlob(2, team.key.bytes);
  return ReadRequests(std::move(list));
}

absl::StatusOr<std::vector<StoredRequest>> Store::ListReceived() {
  absl::MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(Statement list, database_.Prepare(kListReceived));
  return ReadRequests(std::move(list));
}

}  // namespace pinhole::front
