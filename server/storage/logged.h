// The ledger's word that a change was logged: the type without which nothing visible is committed.
#pragma once

#include <memory>

namespace pinhole::vault {
class Ledger;
}

namespace pinhole::storage {

class Transaction;

// Which transaction: compared by address, alive as long as any Logged of it, so that no address is
// used again under one's hand.
struct TransactionIdentity {};

// Made only by vault::Ledger, after it appended the entries of a change to the ledger inside
// `transaction`; carries that transaction's identity. Moves, never copies. Forging one does not
// compile (tests/unit/storage/forge_logged.cc).
class Logged {
 public:
  Logged(Logged&&) noexcept = default;
  Logged& operator=(Logged&&) noexcept = default;

 private:
  friend class ::pinhole::vault::Ledger;
  friend class Transaction;
  explicit Logged(const Transaction& transaction);

  std::shared_ptr<const TransactionIdentity> identity_;
};

}  // namespace pinhole::storage
