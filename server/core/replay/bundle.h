// A whole ledger in one file, for an audit without a network.
//
//   pinhole bundle v1
//   checkpoint <bytes of the signed note, decimal>
//   the signed note, and then every entry in order as u16 big-endian length ‖ bytes, to the end
//
// The frame of an entry is that of C2SP's entry bundles (tlog-tiles v0.1.0).
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

// Appends `entry`, framed. Needs 1 to 65,535 bytes.
void AppendEntryFrame(std::string& out, std::string_view entry);

// Takes one framed entry off the front of `rest`; a view into it. Errors: INVALID_ARGUMENT when the
// frame is empty or its bytes are not all there; `rest` is unchanged then.
absl::StatusOr<std::string_view> TakeEntryFrame(std::string_view& rest);

std::string EncodeBundle(const Bundle& bundle);

// Reads exactly what EncodeBundle writes. Nothing is verified: a bundle is as good as its
// checkpoint's signature and the replay of its entries. Errors: INVALID_ARGUMENT that says where.
absl::StatusOr<Bundle> DecodeBundle(std::string_view bytes);

}  // namespace pinhole::replay
