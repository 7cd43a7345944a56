// The audit of a whole ledger: signature, root, and every entry replayed. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/quorum.h"
#include "server/core/log/checkpoint.h"
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
  replay::LedgerState state;                   // as far as the replay came
  std::map<std::string, int64_t> type_counts;  // of all entries, "?" for unknown ones
  std::optional<Quorum> quorum;                // when witnesses were named

  bool holds() const { return problems.empty(); }
};

AuditReport Audit(std::span<const std::string> entries, std::string_view checkpoint,
                  const NoteVerifier& log);

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
