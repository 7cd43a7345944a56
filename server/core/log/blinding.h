// What keeps a head from telling the entries under it. Witnesses are shown heads and hashes of
// entries that have not left the vault yet, and a RESULT has few possible texts: its hash would
// tell it to whoever tries them all. So each entry that depends on private data carries a value
// that nobody outside can know before its ROUND is handed over, and everybody can check afterwards:
//
//   x(R) secret, R the number of rounds; x(r-1) = SHA-256(x(r)); x(0) stands in POLICY
//   ROUND r shows x(r); an entry number i of its exchange has the blind SHA-256(x(r) ‖ u64 i)
//
// All of it is fixed by POLICY: no value can be chosen, so none can tell anything (a hash chain as
// in Lamport, "Password authentication with insecure communication", 1981).
//
// A START within the contest, after round r, begins another chain: it shows x'(r), and later ROUNDs
// go on from there. A vault that was set back, and runs a round again, does not show then what
// opens the hashes of the first time.
#pragma once

#include <cstdint>
#include <optional>

#include "server/core/base/sha256.h"

namespace pinhole::log {

// x(round) of a chain of `rounds` that ends in `secret`. Takes rounds - round hashes.
Digest BlindingAt(const Digest& secret, int64_t rounds, int64_t round);

// Whether `value` is the next in the chain after `before`.
bool Follows(const Digest& before, const Digest& value);

// The blinds of one exchange's entries.
class Blinder {
 public:
  // Of a contest without witnesses: there are none.
  Blinder() = default;
  explicit Blinder(const Digest& blinding) : blinding_(blinding) {}

  const std::optional<Digest>& blinding() const { return blinding_; }
  // Of the entry with this index in the ledger.
  std::optional<Digest> Of(int64_t index) const;

 private:
  std::optional<Digest> blinding_;
};

}  // namespace pinhole::log
