// Bytes as text and back: hex and base64, strict in both directions.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace pinhole {

using ByteView = std::span<const uint8_t>;

// The bytes of a string, viewed; valid while the string is.
inline ByteView AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hex, two digits a byte.
std::string HexEncode(ByteView bytes);

// Reads lower-case hex of even length. Errors: INVALID_ARGUMENT for anything else, capital digits
// included: one value has one spelling.
absl::StatusOr<std::string> HexDecode(std::string_view text);

// As HexDecode, for exactly N bytes.
template <size_t N>
absl::StatusOr<std::array<uint8_t, N>> HexDecodeArray(std::string_view text);

// Standard base64 with padding (RFC 4648 section 4).
std::string Base64Encode(ByteView bytes);

// Errors: INVALID_ARGUMENT for bad length, foreign characters, or non-zero bits under the padding.
absl::StatusOr<std::string> Base64Decode(std::string_view text);

template <size_t N>
absl::StatusOr<std::array<uint8_t, N>> HexDecodeArray(std::string_view text) {
  absl::StatusOr<std::string> raw = HexDecode(text);
  if (!raw.ok()) return raw.status();
  if (raw->size() != N) return absl::InvalidArgumentError("hex text has the wrong length");
  std::array<uint8_t, N> out;
  for (size_t i = 0; i < N; ++i) out[i] = static_cast<uint8_t>((*raw)[i]);
  return out;
}

}  // namespace pinhole
