// A whole ledger in one file, for an audit without a network.
//
//   pinhole bundle v1
//   checkpoint <bytes of the signed note, decimal>
//   the signed note, and then every entry in order as u16 big-endian length ‖ bytes, to the end
//
// The frame of an entry is that of C2SP's entry bundles (core/log/tiles.h).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace pinhole::replay {

// What stands before the entries' frames.
std::string EncodeBundleHead(std::string_view checkpoint);

// The longest head there is.
inline constexpr size_t kBundleHeadLimitBytes = size_t{66} << 10;

// Takes the head off the front of `bytes`, which hold all of it, and returns its note. Nothing is
// verified: a bundle is as good as its checkpoint's signature and the replay of its entries.
// Errors: INVALID_ARGUMENT.
absl::StatusOr<std::string> TakeBundleHead(std::string_view& bytes);

}  // namespace pinhole::replay
