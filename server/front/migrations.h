// The front's schema, embedded from migrations/front.
#pragma once

#include <span>

#include "server/storage/migration.h"

namespace pinhole::front {

std::span<const ::pinhole::storage::Migration> Migrations();

}  // namespace pinhole::front
