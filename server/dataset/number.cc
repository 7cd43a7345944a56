#include "server/dataset/number.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "server/core/base/date.h"

namespace pinhole::dataset {
namespace {

using contest::ColumnType;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<int64_t> ParseInt64(std::string_view text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

template <typename T>
constexpr IntegerLimits LimitsOfType() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

}  // namespace

Spelling SpellingOf(std::string_view text) {
  const std::string_view body = text.substr(text.starts_with('-') ? 1 : 0);
  const size_t first_digit = body.starts_with('.') ? 1 : 0;
  if (body.size() <= first_digit || !IsDigit(body[first_digit])) return Spelling::kText;
  if (body.size() > 1 && body[0] == '0' && IsDigit(body[1])) return Spelling::kText;
  if (body.find_first_not_of("0123456789") == std::string_view::npos) {
    return ParseInt64(text).has_value() ? Spelling::kInteger : Spelling::kText;
  }
  return ParseReal(text).has_value() ? Spelling::kReal : Spelling::kText;
}

std::optional<int64_t> ParseIntegerAs(ColumnType type, std::string_view text) {
  const std::optional<int64_t> value = ParseInt64(text);
  const IntegerLimits limits = LimitsOf(type);
  if (!value.has_value() || *value < limits.low || *value > limits.high) return std::nullopt;
  return value;
}

std::optional<double> ParseReal(std::string_view text) {
  // from_chars alone would take "inf" and "nan".
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return std::nullopt;
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

IntegerLimits LimitsOf(ColumnType type) {
  switch (type) {
    case ColumnType::kI8:
      return LimitsOfType<int8_t>();
    case ColumnType::kI16:
      return LimitsOfType<int16_t>();
    case ColumnType::kI32:
      return LimitsOfType<int32_t>();
    case ColumnType::kDate:
      return {kFirstDay, kLastDay};
    default:
      return LimitsOfType<int64_t>();
  }
}

bool IsIntegerType(ColumnType type) {
  return type == ColumnType::kI8 || type == ColumnType::kI16 || type == ColumnType::kI32 ||
         type == ColumnType::kI64;
}

bool IsRealType(ColumnType type) { return type == ColumnType::kF32 || type == ColumnType::kF64; }

}  // namespace pinhole::dataset
