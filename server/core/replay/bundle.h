// A whole ledger in one file, for an audit without a network.
//
//   pinhole bundle v1
//   checkpoint <bytes of the signed note, decimal>
//   the signed note, and then every entry in order as u16 big-endian length ‖ bytes, to the end
//
// The frame of an entry is that of C2SP's entry bundles (core/log/tiles.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace pinhole::replay {

struct Bundle {
  std::string checkpoint;            // the signed note, unverified
  std::vector<std::string> entries;  // unverified
  bool operator==(const Bundle&) const = default;
};

std::string EncodeBundle(const Bundle& bundle);

// Reads exactly what EncodeBundle writes. Nothing is verified: a bundle is as good as its
// checkpoint's signature and the replay of its entries. Errors: INVALID_ARGUMENT that says where.
absl::StatusOr<Bundle> DecodeBundle(std::string_view bytes);

}  // namespace pinhole::replay
