// What the vault does in an exchange, apart from sockets, lanes and clocks: admit, release, append,
// commit, in one transaction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/note/signed_note.h"
#include "server/vault/intake.h"
#include "server/vault/layout.h"
#include "server/vault/ledger.h"
#include "server/vault/prediction_room.h"
#include "server/vault/proposals.h"
#include "server/vault/run_store.h"

namespace pinhole::vault {

// A run of the coming round whose level is not committed.
struct DueRun {
  int64_t admit = 0;
  std::string program_path;
  std::string predictions_path;  // holds all slots of its exchange
  int64_t predictions_offset = 0;
};

struct SettledProposal {
  int64_t id = 0;
  ProposalState state{};
};

// Inside a round's exchange window, or at a time when no contest has begun.
enum class ExchangeKind { kRound, kIdle };

// Use from one thread. The database must outlive it.
class Vault {
 public:
  // Reads the ledger and the evidence. Errors: as Ledger::Open and RunStore::Open.
  static absl::StatusOr<Vault> Open(storage::Database& database, NoteSigner signer, Layout layout);

  const replay::LedgerState& state() const { return ledger_.state(); }
  const Ledger& ledger() const { return ledger_; }

  // Appends START: which build serves from now on. When the open contest cannot pay for it, a stop
  // and CLOSE follow: no contest is open then.
  absl::Status Start(const Digest& build, const log::Nonce& nonce);

  // False while the POLICY's witnesses have not cosigned this process's START: a vault that was set
  // back to an older copy never gets there, and must run nothing (CHANNEL.md section 5.4).
  bool MayRun() const {
    return !state().witnesses().asked() || start_index_ < ledger_.released_size();
  }
  // True while the newest head waits for witnesses.
  bool AwaitsQuorum() const { return ledger_.released_size() < ledger_.size(); }
  // As Ledger::TakeCosignature.
  absl::Status TakeCosignature(std::string_view line) { return ledger_.TakeCosignature(line); }

  // Removes what a crash left in the folders of programs and predictions: files that no run means;
  // and takes room again for predictions to come, where a crash of the machine lost it. Call before
  // the first exchange. Errors: RESOURCE_EXHAUSTED for that room.
  absl::Status Tidy();

  // Appends a SHIFT when the vault is late for the open contest's next round; call before each
  // round. When the policy allows no further or no such SHIFT it appends a stop and CLOSE: no
  // contest is open then. Errors: as Exchange.
  absl::Status CatchUp(int64_t now_ms);

  // The runs to do in the next round's run window, in ledger order.
  absl::StatusOr<std::vector<DueRun>> DueRuns();
  // Commits how a run of the next round ended, once. `evidence` gets this build's id.
  absl::Status CommitRun(int64_t admit, const Answer& answer, RunEvidence evidence);

  // One transaction: the operator's proposals; then, in a round: RESULTs of all due, in ledger
  // order; TEAMs and ADMITs in order of arrival; ROUND; CLOSE after the last. Programs
  // that came and were not admitted are removed. On error nothing happened; RESOURCE_EXHAUSTED when
  // the disk is full.
  absl::Status Exchange(ExchangeKind kind, const std::vector<Arrived>& arrived, int64_t now_ms);

  // Moves the pages of the database's log into its file: work that an exchange leaves for later.
  // Call after each, when the hand-over is done. Errors: as storage::Database::Checkpoint.
  absl::Status Checkpoint() { return database_->Checkpoint(); }

  // Below this much free space nothing is admitted, so that the ledger itself always has room.
  void KeepFree(int64_t bytes) { keep_free_bytes_ = bytes; }
  // Admissible submissions that the last exchange did not admit for want of room.
  int64_t refused_for_room() const { return refused_for_room_; }
  // Proposals that the last exchange settled.
  const std::vector<SettledProposal>& settled() const { return settled_; }

 private:
  Vault(storage::Database& database, Ledger ledger, RunStore runs, Layout layout)
      : database_(&database),
        ledger_(std::move(ledger)),
        runs_(std::move(runs)),
        proposals_(database),
        layout_(std::move(layout)) {}

  // Of `refused_` those whose program no run means: nothing points to them.
  void RemoveUnadmitted();
  absl::Status AppendAll(storage::Transaction& transaction, ExchangeKind kind,
                         const std::vector<Arrived>& arrived, int64_t now_ms);
  absl::Status AppendProposals(storage::Transaction& transaction, ExchangeKind kind,
                               int64_t now_ms);
  absl::StatusOr<log::EncodedEntry> EntryOf(const Proposal& proposal, int64_t now_ms) const;
  // In the coming round, at its charge.
  absl::StatusOr<log::EncodedEntry> EntryOf(log::ActEntry act) const;
  // The contest ends here: what was due is not released.
  absl::Status AppendStop(storage::Transaction& transaction, const replay::Contest& contest);
  absl::Status AppendResults(storage::Transaction& transaction, const replay::Contest& contest);
  absl::Status AppendArrived(storage::Transaction& transaction,
                             const std::vector<Arrived>& arrived);
  absl::Status AppendJoin(storage::Transaction& transaction, const pipe::JoinRequest& request);
  absl::Status AppendChoice(storage::Transaction& transaction, const pipe::ChooseRequest& request);
  // True when there is a run of this program now, from here or from earlier. `most`: so many
  // submissions may still follow in this exchange, this one included.
  absl::StatusOr<bool> AppendSubmission(storage::Transaction& transaction,
                                        const pipe::SubmitRequest& request,
                                        const Digest& commitment, PredictionRoom& room,
                                        int64_t most);
  absl::Status AppendRound(storage::Transaction& transaction, const replay::Contest& contest);
  absl::Status AppendFinal(storage::Transaction& transaction, const replay::Contest& contest,
                           const log::Blinder& blinder);
  absl::Status AppendClose(storage::Transaction& transaction, const replay::Contest& contest);
  // Nothing when the run failed or has not ended.
  std::optional<score::RunLevels> LevelsOf(int64_t admit, const replay::Contest& contest) const;
  // Commits when something was appended; reloads the ledger when anything failed.
  absl::Status Finish(storage::Transaction transaction, absl::Status appended, int64_t size_before);

  storage::Database* database_;
  Ledger ledger_;
  RunStore runs_;
  Proposals proposals_;
  Layout layout_;
  Digest build_{};
  int64_t start_index_ = 0;  // of this process's START
  int64_t keep_free_bytes_ = 0;
  int64_t refused_for_room_ = 0;
  std::vector<const Arrived*> refused_;  // of the exchange under way
  std::vector<SettledProposal> settled_;
};

}  // namespace pinhole::vault
