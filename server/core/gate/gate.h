// The gate: the one place where a level becomes a symbol that may be shown. It is a pure function
// of the policy, the team's state in the ledger and the level, applied in ledger order, so that the
// order in which runs ended can change nothing.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "server/core/log/entries.h"
#include "server/core/replay/ledger_state.h"
#include "server/core/score/level.h"

namespace pinhole::gate {

// What a submission will be shown as. Only Decide makes one; only a Symbol can become the bytes of
// a RESULT.
class Symbol {
 public:
  const counting::SymbolValue& value() const { return value_; }

  // The RESULT entry for `admission`, with charge and state after. Errors: FAILED_PRECONDITION when
  // the symbol was not decided for the team's present state.
  absl::StatusOr<log::EncodedEntry> ToResult(const replay::Contest& contest,
                                             const replay::Admission& admission,
                                             const std::optional<Digest>& blind) const;

 private:
  friend Symbol Decide(const contest::Policy& policy, const counting::TeamState& state,
                       const std::optional<int>& show_below,
                       const std::optional<score::Level>& level);
  explicit Symbol(const counting::SymbolValue& value) : value_(value) {}
  counting::SymbolValue value_;
};

// `level` is the run's level on the public rows; nothing when the run failed, whichever way. Total:
// every input has a symbol that the rule can show in `state`, which must have a try left.
Symbol Decide(const contest::Policy& policy, const counting::TeamState& state,
              const std::optional<int>& show_below, const std::optional<score::Level>& level);

// Decides for one due admission and makes its RESULT. The caller applies it to the ledger before it
// asks for the next one. `blind` is that of the entry's place in the ledger (core/log/blinding.h).
absl::StatusOr<log::EncodedEntry> Release(const replay::Contest& contest,
                                          const replay::Admission& admission,
                                          const std::optional<score::Level>& level,
                                          const std::optional<Digest>& blind = std::nullopt);

}  // namespace pinhole::gate
