// Builds valid ledgers for tests through the real gate and the real fold: keys, a data set, a
// contest, teams, rounds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/base/ed25519.h"
#include "server/core/contest/policy.h"
#include "server/core/log/blinding.h"
#include "server/core/log/entries.h"
#include "server/core/note/cosignature.h"
#include "server/core/note/signed_note.h"
#include "server/core/pipe/requests.h"
#include "server/core/replay/ledger_state.h"
#include "server/core/score/level.h"

namespace pinhole::testing {

// The key whose seed is 32 times `byte`.
SigningKey TestKey(uint8_t byte);

// CHANNEL.md section 5.2's demo contest, named "demo", organizer TestKey(1), round 1 at Unix second
// 1,000,000.
contest::Policy DemoPolicy();

// Witness number n, from 1: "witness.example/n", TestKey(200 + n).
WitnessSigner TestWitness(int n);

// Makes `count` such witnesses the policy's, of whom `quorum` must cosign.
void AskWitnesses(contest::Policy& policy, int count, int quorum);
// What blinds the entries of a round of such a policy.
// In the chain of POLICY, or of a START with this nonce.
log::Blinder TestBlinder(const contest::Policy& policy, int64_t round,
                         const std::optional<log::Nonce>& chain = std::nullopt);

// The POLICY of an opened contest: counted, signed by TestKey(1) as organizer and TestKey(2) as
// owner.
log::PolicyEntry SignedPolicy(const contest::Policy& policy);

// A level as the scorer's answer gives it; nothing is a failed run.
std::optional<score::Level> LevelOfIndex(int index, int level_count);

// Every step aborts the test on a refusal: what it builds is valid. Owner TestKey(2), ledger key
// TestKey(3), named "vault.example/test".
class LedgerBuilder {
 public:
  LedgerBuilder();

  void Start(uint8_t nonce = 7);
  void Dataset();
  void OpenContest(const contest::Policy& policy);
  // As OpenContest, for a policy that the ledger may refuse.
  absl::Status TryOpen(const contest::Policy& policy);
  // Joins in the next exchange; the key is TestKey(10 + number of teams so far).
  void Join(std::string_view team);
  // Admits a submission in the next exchange; returns the ADMIT's index. `level` is what its run
  // will reach.
  int64_t Admit(std::string_view team, std::optional<int> level,
                std::optional<int> show_below = std::nullopt);
  // Releases what is due and ends the round. Joins and admissions must come after Release and
  // before EndRound.
  void Release();
  void EndRound();
  void Round() {
    Release();
    EndRound();
  }
  void Shift(int64_t rounds);
  void CloseEarly();
  // Disqualifies or reinstates.
  void ActOnTeam(log::ActKind kind, std::string_view team);
  // Lowers a limit.
  void Lower(log::ActKind kind, int value);
  // A team's choice of one of its ADMITs, or of its best shown; after Release, before EndRound.
  void Choose(std::string_view team, std::optional<int64_t> admit);
  void Stop();
  // The final board; a run's final level is its public one. Comes before Close.
  void Final();
  void Close();

  // A request that team would sign next, unadmitted.
  pipe::SubmitRequest Request(std::string_view team, std::string_view program,
                              std::optional<int> show_below = std::nullopt) const;

  const replay::LedgerState& state() const { return state_; }
  const std::vector<std::string>& entries() const { return entries_; }
  const replay::Contest& contest() const { return *state_.Find(contest_); }
  std::string Checkpoint() const;
  std::string Vkey() const { return signer_.verifier().ToVkey(); }
  const SigningKey& TeamKey(std::string_view team) const {
    return team_keys_.at(std::string(team));
  }

  // Appends any entry's bytes, checked by the fold.
  absl::Status Append(const log::EncodedEntry& entry);

 private:
  // An act of the organizer in the next exchange.
  void Act(log::ActEntry act);
  void Must(const absl::StatusOr<log::EncodedEntry>& entry);

  NoteSigner signer_;
  replay::LedgerState state_;
  std::vector<std::string> entries_;
  std::string contest_;
  std::map<std::string, SigningKey> team_keys_;
  std::map<int64_t, std::optional<int>> levels_;
};

}  // namespace pinhole::testing
