// Predictions and labels as whole millionths of the label's unit, the only numbers scoring knows.
//
// Text is read straight to the integer: the exact decimal value, ties to even, no floating point in
// between. A binary value is the IEEE double product x * 1e6 rounded to nearest-even (CHANNEL.md
// section 5.3, 9). The product of a 24-bit mantissa with 1e6 is exact in a double, so any f32, and
// any f64 whose mantissa has at most 39 bits, gives the integer that its exact decimal text gives.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pinhole::score {

// A number has at most this many characters.
inline constexpr size_t kMaxNumberLength = 40;

// Values beyond +-kFixedPointLimit (two billion units) saturate to it. No range reaches further
// than half of this (contest::Validate), so clipping gives the same with and without saturation.
inline constexpr int64_t kFixedPointLimit = 2'000'000'000'000'000;

// Reads [+-]? digits [. digits] [e [+-]? digits], 1 to 40 characters, nothing before or after: no
// space, no "nan", no ".5", no "5.", no "1E3". Nothing for any other text.
std::optional<int64_t> FixedPointOfText(std::string_view text);

// As FixedPointOfText for a finite value; a wrong number, but no undefined behaviour, for NaN.
// Needs the default rounding mode. A float converts to double exactly and then takes this way.
inline int64_t FixedPointOfFinite(double value) {
  constexpr double kLimit = static_cast<double>(kFixedPointLimit);
  // Adding 1.5 * 2^52 to |x| < 2^51 leaves room for no fraction: the addition itself rounds to
  // nearest-even, and the integer stands in the low bits of the mantissa.
  constexpr double kShift = 6755399441055744.0;
  double scaled = value * 1e6;
  scaled = scaled < -kLimit ? -kLimit : scaled;
  scaled = scaled > kLimit ? kLimit : scaled;
  return std::bit_cast<int64_t>(scaled + kShift) - std::bit_cast<int64_t>(kShift);
}

// False for NaN and the infinities.
inline bool IsFinite(double value) {
  constexpr uint64_t kExponent = 0x7ff0'0000'0000'0000;
  return (std::bit_cast<uint64_t>(value) & kExponent) != kExponent;
}

// Nothing for NaN and the infinities.
inline std::optional<int64_t> FixedPointOfDouble(double value) {
  if (!IsFinite(value)) return std::nullopt;
  return FixedPointOfFinite(value);
}

}  // namespace pinhole::score
