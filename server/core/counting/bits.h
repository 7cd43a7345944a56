// An amount of information in thousandths of a bit, rounded up where it was rounded: never less
// than the truth.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "server/core/base/text.h"

namespace pinhole::counting {

struct Bits {
  int64_t thousandths = 0;

  static constexpr Bits Whole(int64_t bits) { return {bits * 1000}; }
  constexpr auto operator<=>(const Bits&) const = default;
  constexpr Bits operator+(Bits other) const { return {thousandths + other.thousandths}; }
  constexpr Bits operator-(Bits other) const { return {thousandths - other.thousandths}; }
  constexpr Bits operator*(int64_t factor) const { return {thousandths * factor}; }
  Bits& operator+=(Bits other) {
    thousandths += other.thousandths;
    return *this;
  }
  // Whole bytes that hold this many bits.
  constexpr int64_t CeilBytes() const { return (thousandths + 7999) / 8000; }
  // "59.412"
  std::string ToString() const { return FormatThousandths(thousandths); }
};

}  // namespace pinhole::counting
