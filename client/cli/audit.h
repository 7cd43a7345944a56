// The audit of a whole ledger: signature, root, and every entry replayed as it comes. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/quorum.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "server/core/note/signed_note.h"
#include "server/core/replay/ledger_state.h"

namespace pinhole::cli {

enum class Verdict { kHolds, kBroken };

struct AuditReport {
  Verdict signature = Verdict::kBroken;
  Verdict root = Verdict::kBroken;
  Verdict replay = Verdict::kBroken;  // every rule, charge and count
  Verdict lengths = Verdict::kHolds;  // every entry has the length of its type
  std::vector<std::string> problems;  // the red lines, in order
  std::optional<Checkpoint> head;     // once its signature held
  int64_t entry_count = 0;
  // As far as the replay came.
  replay::LedgerState state{replay::Keep::kWhatTheRulesNeed};
  std::map<std::string, int64_t> type_counts;  // of all entries, "?" for unknown ones
  std::optional<Quorum> quorum;                // when witnesses were named

  bool holds() const { return problems.empty(); }
};

// Judges a ledger as its entries come. Of what was released it remembers what later rules need and
// nothing else, so that memory hardly grows with the ledger's length.
class Auditor {
 public:
  // `checkpoint` is the signed head of all entries that will come.
  Auditor(std::string_view checkpoint, const NoteVerifier& log);

  // The next entry, whatever came before.
  void Take(std::string_view entry);

  // What there is to say after the last entry.
  AuditReport Finish() &&;

 private:
  AuditReport report_;
  std::vector<std::string> wrong_lengths_;
  std::string stop_;                      // where the replay stopped and why
  std::optional<MerkleFrontier> beyond_;  // all entries' tree, once the replay stopped
};

// Adds what the witnesses say of the same head.
void AuditQuorum(std::string_view checkpoint, const QuorumRule& rule, AuditReport& report);

// The contest the screen is about when none is named: the open one, else the one opened last; null
// when there is none.
const replay::Contest* ChooseContest(const replay::LedgerState& state, std::string_view name);

// What left so far and what is held back for the worst case, over all contests.
struct Lifetime {
  counting::Bits used;
  counting::Bits reserved;  // beyond what is used
  counting::Bits budget;
};
Lifetime LifetimeOf(const replay::LedgerState& state);

}  // namespace pinhole::cli
