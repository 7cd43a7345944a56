#include "server/storage/logged.h"

#include "server/storage/transaction.h"

namespace pinhole::storage {

Logged::Logged(const Transaction& transaction) : identity_(transaction.identity_) {}

}  // namespace pinhole::storage
