#include "tests/fuzz/plain_predictions.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>

namespace pinhole::fuzz {
namespace {

using score::PredictionFault;
using enum score::PredictionFault;

constexpr size_t kLongestNumber = 40;
constexpr int64_t kLimit = 2'000'000'000'000'000;

std::string TakeDigits(std::string_view& text) {
  size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  std::string digits(text.substr(0, count));
  text.remove_prefix(count);
  return digits;
}

bool TakeSign(std::string_view& text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return negative;
}

// Whole millionths of 0.DIGITS * 10^point, ties to even, at most kLimit.
int64_t Millionths(std::string digits, int64_t point) {
  const size_t zeros = digits.find_first_not_of('0');
  if (zeros == std::string::npos) return 0;
  digits.erase(0, zeros);
  point -= static_cast<int64_t>(zeros);
  const int64_t places = point + 6;  // of `digits` before the point of the millionths
  if (places > 16) return kLimit;
  if (places < 0) return 0;
  digits.resize(std::max(digits.size(), static_cast<size_t>(places) + 1), '0');
  int64_t whole = 0;
  for (size_t i = 0; i < static_cast<size_t>(places); ++i) whole = whole * 10 + (digits[i] - '0');
  const std::string rest = digits.substr(static_cast<size_t>(places));
  const std::string half = "5" + std::string(rest.size() - 1, '0');
  if (rest > half || (rest == half && whole % 2 == 1)) ++whole;
  return std::min(whole, kLimit);
}

std::optional<int64_t> Number(std::string_view text) {
  if (text.empty() || text.size() > kLongestNumber) return std::nullopt;
  const bool negative = TakeSign(text);
  std::string digits = TakeDigits(text);
  if (digits.empty()) return std::nullopt;
  auto point = static_cast<int64_t>(digits.size());
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    const std::string decimals = TakeDigits(text);
    if (decimals.empty()) return std::nullopt;
    digits += decimals;
  }
  if (!text.empty() && text[0] == 'e') {
    text.remove_prefix(1);
    const bool down = TakeSign(text);
    const std::string exponent = TakeDigits(text);
    if (exponent.empty()) return std::nullopt;
    int64_t shift = 0;
    for (const char digit : exponent) shift = std::min<int64_t>(shift * 10 + (digit - '0'), 1000);
    point += down ? -shift : shift;
  }
  if (!text.empty()) return std::nullopt;
  const int64_t magnitude = Millionths(digits, point);
  return negative ? -magnitude : magnitude;
}

Reading ReadText(uint64_t rows, std::string_view output) {
  Reading reading;
  const auto end = [&](PredictionFault fault) {
    reading.fault = fault;
    reading.row = reading.values.size();
    return reading;
  };
  while (!output.empty()) {
    if (reading.values.size() == rows) return end(kTooManyRows);
    const size_t line_end = output.find('\n');
    const bool whole = line_end != std::string_view::npos;
    if ((whole ? line_end : output.size()) >= kLongestNumber + 2) return end(kLineTooLong);
    std::string_view line = output.substr(0, line_end);
    output.remove_prefix(whole ? line_end + 1 : output.size());
    if (whole && line.ends_with('\r')) line.remove_suffix(1);
    const std::optional<int64_t> value = Number(line);
    if (!value.has_value()) return end(kNotANumber);
    reading.values.push_back(*value);
  }
  return end(reading.values.size() == rows ? kNone : kTooFewRows);
}

template <typename T>
Reading ReadBinary(uint64_t rows, std::string_view output) {
  Reading reading;
  const auto end = [&](PredictionFault fault) {
    reading.fault = fault;
    reading.row = reading.values.size();
    return reading;
  };
  if (output.empty()) return end(rows == 0 ? kNone : kTooFewRows);
  if (!output.starts_with(score::kBinaryMagic)) return end(kBadMagic);
  output.remove_prefix(score::kBinaryMagic.size());
  while (!output.empty()) {
    if (reading.values.size() == rows) return end(kTooManyRows);
    if (output.size() < sizeof(T)) return end(kTornNumber);
    T narrow;
    std::memcpy(&narrow, output.data(), sizeof narrow);
    output.remove_prefix(sizeof narrow);
    const double value = narrow;
    if (!std::isfinite(value)) return end(kNotFinite);
    const double scaled = std::nearbyint(value * 1e6);
    const double limit = static_cast<double>(kLimit);
    reading.values.push_back(static_cast<int64_t>(std::clamp(scaled, -limit, limit)));
  }
  return end(reading.values.size() == rows ? kNone : kTooFewRows);
}

}  // namespace

Reading ReadPlainly(contest::PredictionFormat format, uint64_t rows, std::string_view output) {
  switch (format) {
    case contest::PredictionFormat::kF32:
      return ReadBinary<float>(rows, output);
    case contest::PredictionFormat::kF64:
      return ReadBinary<double>(rows, output);
    case contest::PredictionFormat::kText:
      break;
  }
  return ReadText(rows, output);
}

}  // namespace pinhole::fuzz
