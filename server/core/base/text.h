// Strict reading of the small texts that entries, requests and contest files are made of. One
// value, one spelling.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace pinhole {

// A decimal integer without sign (but '-'), spaces or leading zeros. Errors: INVALID_ARGUMENT, also
// out of int64.
absl::StatusOr<int64_t> ParseInteger(std::string_view text);

// As ParseInteger, and within [low, high].
absl::StatusOr<int64_t> ParseIntegerIn(std::string_view text, int64_t low, int64_t high);

// A decimal number such as "0.875" or "-2" as a whole number of millionths, exactly. Errors:
// INVALID_ARGUMENT for more than six decimals, an exponent, or a value beyond ±9·10^12.
absl::StatusOr<int64_t> ParseMillionths(std::string_view text);

// The shortest decimal text of `value` millionths: 875000 -> "0.875", 1000000 -> "1".
std::string FormatMillionths(int64_t value);

// Thousandths with exactly three decimals, for bits: 59412 -> "59.412".
std::string FormatThousandths(int64_t value);

// Reads what FormatThousandths writes, nothing else.
absl::StatusOr<int64_t> ParseThousandths(std::string_view text);

// True for a resource id: [a-z][a-z0-9-]{0,38}, not ending in '-'.
bool IsId(std::string_view text);

}  // namespace pinhole
