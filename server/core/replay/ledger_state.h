// The ledger's meaning: a fold over its entries that refuses whatever the policy does not allow.
// Vault, front, client and audit run this one function; the vault runs it before it appends, so
// that it cannot write what an auditor would refuse.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/counting/limits.h"
#include "server/core/counting/shared_state.h"
#include "server/core/log/entries.h"
#include "server/core/log/merkle.h"
#include "server/core/schedule/round_clock.h"
#include "server/core/schedule/run_queue.h"

namespace pinhole::replay {

// What a state remembers. Both refuse the same entries.
enum class Keep {
  kEverything,        // every submission with its result, as vault, front and client show them
  kWhatTheRulesNeed,  // of released submissions their request ids, until the contest's end
};

// A submission that the ledger admitted.
struct Admission {
  int64_t index = 0;  // of its ADMIT entry
  log::AdmitEntry entry;
  std::optional<log::ResultEntry> result;  // once released
  int64_t result_index = -1;
};

struct Team {
  log::TeamEntry entry;
  counting::TeamState state;
  counting::Bits left;  // BitsLeft(policy, state)
  counting::Bits charged;
  int tries_used = 0;             // admitted, released or not
  int waiting = 0;                // admitted, not released
  std::optional<int> best_level;  // the best shown
  int64_t best_admit = -1;        // the submission that was shown it first
  bool disqualified = false;
  std::vector<int64_t> shown;     // ADMITs that were shown a level, in order
  std::optional<int64_t> choice;  // the ADMIT that the team chose
  int64_t choices = 0;            // CHOICEs so far
  int64_t choice_round = 0;       // of the last
  // The submission that the final board judges it by: the chosen one, if a score of it was shown,
  // else best_admit.
  int64_t JudgedBy() const;
  // The rounds of its last tries_per_day admissions, oldest first.
  std::vector<int64_t> day_rounds;
  std::vector<int64_t> admissions;  // indices of its ADMIT entries; kEverything alone
};

enum class Phase { kOpen, kClosing, kClosed };

struct Contest {
  int64_t policy_index = 0;
  Digest policy_digest{};  // SHA-256 of the POLICY entry's bytes; requests name it
  log::PolicyEntry policy;
  Phase phase = Phase::kOpen;
  std::vector<Team> teams;  // team number n at n - 1
  std::map<PublicKey, int> team_by_key;
  std::set<std::string> team_names;
  std::set<Digest> invitations;  // used ones
  // (team, id) -> ADMIT; the ids alone are kept by a state that forgets.
  absl::flat_hash_map<std::pair<int, log::RequestId>, int64_t> requests;
  absl::btree_set<std::pair<int, log::RequestId>> used_ids;
  // By ADMIT index; a state that forgets has those without a RESULT.
  std::map<int64_t, Admission> admissions;
  std::map<int64_t, std::vector<int64_t>> due;  // result round -> ADMIT indices, in ledger order
  schedule::RunQueue queue;
  int64_t last_round = 0;  // number of the last ROUND entry
  int64_t shifted = 0;     // rounds moved by all SHIFTs
  int shifts = 0;
  int starts = 0;  // that were paid
  int acts = 0;    // ACT entries so far
  // What acts lowered counts from the next exchange on.
  counting::Limits limits;       // in force
  counting::Limits next_limits;  // after the next ROUND
  bool stopped = false;          // for good, by the vault: what was due is not released
  bool must_stop = false;        // after a START that could not be paid
  counting::Bits acts_used;
  counting::Bits charged;        // all teams and what they share
  counting::SharedState shared;  // of records
  counting::Bits shared_left;    // SharedBitsLeft(policy, shared)
  std::vector<log::FinalEntry> finals;
  counting::Bits final_charged;
  // Since the last ROUND entry:
  int64_t admitted = 0;
  int64_t released = 0;
  // With witnesses: the newest of the chain that ROUNDs show, and what RESULTs of this exchange
  // say to be blinds of the next.
  Digest blinding{};
  std::vector<std::pair<int64_t, Digest>> blinds;
  // Whose chain it is: the START's of this nonce, or POLICY's.
  std::optional<log::Nonce> chain;

  // Puts next_limits in force.
  void LowerLimits();
  // Of a closed contest no rule asks again who joined by what, or which ids were used.
  void ForgetWhatServedTheRules();

  explicit Contest(const log::PolicyEntry& entry)
      : policy(entry),
        queue(entry.policy),
        limits(counting::LimitsOf(entry.policy)),
        next_limits(limits),
        shared(counting::StartShared(entry.policy)),
        shared_left(entry.shared),
        blinding(entry.policy.witnesses.blinding) {}
  const Team* FindTeam(const PublicKey& key) const;
  const Team* FindTeam(std::string_view name) const;
  schedule::RoundClock Clock() const { return {policy.policy.rounds, shifted}; }
  // The exchange that comes next.
  int64_t NextRound() const { return last_round + 1; }
  // Submissions admitted so far, and those of them without a result.
  int64_t Tries() const;
  int64_t Waiting() const;
  // What left so far.
  counting::Bits Used() const { return charged + acts_used + final_charged; }
  // What a symbol of this team is decided by.
  counting::TeamState StateOf(const Team& team) const {
    return counting::StateOfBoth(policy.policy, team.state, shared);
  }
};

// The teams that the final board is about, by number: those with a shown score that are not
// disqualified. Each is judged by its JudgedBy().
std::vector<int> FinalTeams(const Contest& contest);

// Whether `admit` is a submission of `team` that waits for its result or was shown a score.
bool MayChoose(const Contest& contest, const Team& team, int64_t admit);

// Submissions of `team` that count against tries_per_day in the next exchange: those admitted in
// the RoundsPerDay(rounds) rounds that it ends.
int TriesOfDay(const Contest& contest, const Team& team);

// The account of the data set over all contests and versions (CHANNEL.md section 5.2).
struct Account {
  counting::Bits budget;
  counting::Bits spent;     // declassified values and what closed contests used
  counting::Bits reserved;  // by the open contest
  counting::Bits Left() const { return budget - spent - reserved; }
};

// What the next START costs. One that cannot be paid costs nothing, and a stop must follow it.
struct StartTerms {
  counting::Bits charge;
  bool must_stop = false;
};

// Copyable: a caller tries entries on a copy, or rebuilds after a failed append. Not thread-safe.
class LedgerState {
 public:
  LedgerState() = default;
  explicit LedgerState(Keep keep) : keep_(keep) {}

  // Applies the next entry. On error the state is unchanged.
  // Errors: INVALID_ARGUMENT for malformed bytes, FAILED_PRECONDITION (or RESOURCE_EXHAUSTED for a
  // budget) when the entry breaks a rule; the text names the rule.
  absl::Status Apply(std::string_view bytes);

  int64_t size() const { return static_cast<int64_t>(tree_.size()); }
  Digest Root() const { return tree_.Root(); }
  const MerkleFrontier& tree() const { return tree_; }
  const std::optional<log::DatasetEntry>& dataset() const { return dataset_; }
  const Account& account() const { return account_; }
  const std::vector<log::StartEntry>& starts() const { return starts_; }
  StartTerms TermsOfStart() const;

  const std::map<std::string, Contest, std::less<>>& contests() const { return contests_; }
  const Contest* Find(std::string_view contest) const;
  // The contest that is not closed, or null: there is at most one at a time.
  const Contest* Open() const;
  // Whose cosignatures a head of this ledger needs: those of the newest POLICY; nobody's before the
  // first.
  const contest::Witnesses& witnesses() const { return witnesses_; }

 private:
  absl::Status Check(const log::StartEntry& entry);
  absl::Status Check(const log::DatasetEntry& entry);
  absl::Status Check(const log::PolicyEntry& entry, std::string_view bytes);
  absl::Status Check(const log::TeamEntry& entry);
  absl::Status Check(const log::AdmitEntry& entry);
  absl::Status Check(const log::ResultEntry& entry);
  absl::Status Check(const log::RoundEntry& entry);
  absl::Status Check(const log::ShiftEntry& entry);
  absl::Status Check(const log::ActEntry& entry);
  absl::Status Check(const log::ChoiceEntry& entry);
  absl::Status Check(const log::FinalEntry& entry);
  absl::Status Check(const log::CloseEntry& entry);
  // The contest that `name` says is open. Errors: FAILED_PRECONDITION when it is not.
  absl::StatusOr<Contest*> OpenContest(std::string_view name);
  // The same, while rounds go on.
  absl::StatusOr<Contest*> RunningContest(std::string_view name);

  Keep keep_ = Keep::kEverything;
  MerkleFrontier tree_;
  std::vector<log::StartEntry> starts_;
  std::optional<log::DatasetEntry> dataset_;
  Account account_;
  std::map<std::string, Contest, std::less<>> contests_;
  contest::Witnesses witnesses_;
  bool after_start_ = false;  // the last entry is a START
  std::string open_;          // name of the contest that is not closed; empty when none
};

}  // namespace pinhole::replay
