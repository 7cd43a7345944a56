// How numbers in a CSV file are spelled, and what they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/contest/data_shape.h"

namespace pinhole::dataset {

// What a field looks like to somebody who was not told its type.
enum class Spelling { kInteger, kReal, kText };

// kInteger: [-]digits within int64; kReal: with a fraction (".5" too) or exponent, finite. A
// leading zero
// ("02138") makes it text: it is a code, and a number would lose it. So does an integer beyond
// int64.
Spelling SpellingOf(std::string_view text);

// An integer that fits `type` (kI8 … kI64); leading zeros are taken, since the type was declared.
std::optional<int64_t> ParseIntegerAs(contest::ColumnType type, std::string_view text);

// A finite number, decimal, with or without fraction and exponent.
std::optional<double> ParseReal(std::string_view text);

// The least and greatest value of an integer type, or day of a date.
struct IntegerLimits {
  int64_t low;
  int64_t high;
};
IntegerLimits LimitsOf(contest::ColumnType type);

bool IsIntegerType(contest::ColumnType type);
bool IsRealType(contest::ColumnType type);

}  // namespace pinhole::dataset
