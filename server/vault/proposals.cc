#include "server/vault/proposals.h"

#include <array>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole::vault {
namespace {

constexpr std::array<std::string_view, 3> kKinds = {"dataset", "policy", "act"};
constexpr std::array<std::string_view, 3> kStates = {"waiting", "appended", "refused"};
constexpr std::string_view kColumns =
    "SELECT id, kind, contest, entry, state, reason FROM proposal ";

template <typename Enum, size_t N>
absl::StatusOr<Enum> FromName(std::string_view text, const std::array<std::string_view, N>& names) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return absl::DataLossError(absl::StrFormat("\"%s\" is no word of the table proposal", text));
}

absl::StatusOr<Proposal> ReadRow(const storage::Statement& row) {
  Proposal proposal{.id = row.Int64(0),
                    .contest = std::string(row.Text(2)),
                    .entry = std::string(AsText(row.Blob(3))),
                    .reason = std::string(row.Text(5))};
  ASSIGN_OR_RETURN(proposal.kind, FromName<ProposalKind>(row.Text(1), kKinds));
  ASSIGN_OR_RETURN(proposal.state, FromName<ProposalState>(row.Text(4), kStates));
  return proposal;
}

}  // namespace

absl::StatusOr<int64_t> Proposals::Add(ProposalKind kind, std::string_view contest,
                                       std::string_view entry) {
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(*database_));
  ASSIGN_OR_RETURN(
      storage::Statement insert,
      database_->Prepare("INSERT INTO proposal (kind, contest, entry) VALUES (?1, ?2, ?3)"));
  insert.BindText(1, kKinds[static_cast<size_t>(kind)])
      .BindText(2, contest)
      .BindBlob(3, AsBytes(entry));
  RETURN_IF_ERROR(insert.Run());
  const int64_t id = database_->last_insert_rowid();
  RETURN_IF_ERROR(transaction.CommitUnlogged());
  return id;
}

absl::StatusOr<std::vector<Proposal>> Proposals::Waiting() {
  ASSIGN_OR_RETURN(
      storage::Statement read,
      database_->Prepare(std::string(kColumns) + "WHERE state = 'waiting' ORDER BY id"));
  std::vector<Proposal> proposals;
  while (true) {
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return proposals;
    ASSIGN_OR_RETURN(Proposal proposal, ReadRow(read));
    proposals.push_back(std::move(proposal));
  }
}

absl::StatusOr<Proposal> Proposals::Find(int64_t id) {
  ASSIGN_OR_RETURN(storage::Statement read,
                   database_->Prepare(std::string(kColumns) + "WHERE id = ?1"));
  read.BindInt64(1, id);
  ASSIGN_OR_RETURN(const bool row, read.Step());
  if (!row) return absl::NotFoundError("no such proposal");
  return ReadRow(read);
}

absl::StatusOr<Proposal> Proposals::LatestDataset() {
  ASSIGN_OR_RETURN(
      storage::Statement read,
      database_->Prepare(std::string(kColumns) +
                         "WHERE kind = 'dataset' AND state <> 'refused' ORDER BY id DESC LIMIT 1"));
  ASSIGN_OR_RETURN(const bool row, read.Step());
  if (!row)
    return absl::NotFoundError("no data set was imported: run `pinhole-vault data import` first");
  return ReadRow(read);
}

absl::Status Proposals::Settle(storage::Transaction& /*transaction*/, int64_t id,
                               ProposalState state, std::string_view reason) {
  ASSIGN_OR_RETURN(
      storage::Statement update,
      database_->Prepare(
          "UPDATE proposal SET state = ?2, reason = ?3 WHERE id = ?1 AND state = 'waiting'"));
  update.BindInt64(1, id).BindText(2, kStates[static_cast<size_t>(state)]).BindText(3, reason);
  return update.Run();
}

absl::Status Proposals::Withdraw(int64_t id) {
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(*database_));
  RETURN_IF_ERROR(Settle(transaction, id, ProposalState::kRefused, "withdrawn"));
  return transaction.CommitUnlogged();
}

}  // namespace pinhole::vault
