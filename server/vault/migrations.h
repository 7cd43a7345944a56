// The vault's schema, embedded from migrations/vault.
#pragma once

#include <span>

#include "server/storage/migration.h"

namespace pinhole::vault {

std::span<const storage::Migration> Migrations();

}  // namespace pinhole::vault
