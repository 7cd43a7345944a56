// A real vault on a real database, with teams that the red team owns: runs end as the test says,
// and what the public sees is handed back exchange by exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/core/contest/policy.h"
#include "server/core/schedule/round_clock.h"
#include "server/storage/database.h"
#include "server/system/temp_dir.h"
#include "server/vault/vault.h"

namespace pinhole::redteam {

// Levels from 0.8 down to `levels` steps of 0.005; one exchange window every 15 seconds.
contest::Policy ArenaPolicy(contest::ReleaseRule rule, int levels, int tries, int teams);

// A scorer's answer; below 0 for a run that failed.
vault::Answer AnswerOf(int level, int final_level);

struct Submission {
  int team = 0;         // from 0 on
  std::string program;  // another text is another program
  bool operator==(const Submission&) const = default;
};

// Every step that an honest operator's vault would not refuse aborts the program when it is
// refused.
class Arena {
 public:
  // The policy's teams have joined when it is made. The folder is in memory where there is
  // /dev/shm: no test of durability uses this.
  explicit Arena(const contest::Policy& policy);

  vault::Vault& vault() { return *vault_; }
  const replay::LedgerState& ledger() const { return vault_->state(); }
  const contest::Policy& policy() const { return contest().policy.policy; }
  const replay::Contest& contest() const { return *vault_->state().Find("arena"); }

  // The request of a submission; one `id` is one request. Unsigned: signatures are looked at on the
  // way to the vault (vault::Intake), which is not in this world.
  pipe::SubmitRequest Request(const Submission& submission, int64_t id) const;
  // One exchange window; returns the entries it appended.
  std::vector<std::string> Exchange(const std::vector<Submission>& submissions);
  // The vault's process ends and another begins.
  void Reopen();
  // All entries and the signed head: every byte of the ledger that anybody gets.
  std::string PublicBytes() const;
  // When the exchange of the coming round begins, in ms after the begin of its run window: when its
  // bytes cross.
  int64_t CrossesAfterMs() const;

 private:
  std::vector<vault::Arrived> Joins() const;

  TempDir folder_;
  vault::Layout layout_;
  std::optional<storage::Database> database_;
  std::optional<vault::Vault> vault_;
  int64_t requests_ = 0;
};

}  // namespace pinhole::redteam
