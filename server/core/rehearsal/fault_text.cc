#include "server/core/rehearsal/fault_text.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"

namespace pinhole::rehearsal {
namespace {

using contest::PredictionFormat;
using score::PredictionFault;

// Line `index` (from 0) without its LF.
std::string_view LineAt(std::string_view text, uint64_t index) {
  for (uint64_t i = 0; i < index; ++i) {
    const size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return text.substr(0, text.find('\n'));
}

uint64_t CountLines(std::string_view text) {
  const auto ends = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  return ends + (text.empty() || text.back() == '\n' ? 0 : 1);
}

// A line as it may be shown on a terminal: cut, and escaped.
std::string Shown(std::string_view line) {
  constexpr size_t kMost = 48;
  const std::string_view front = line.substr(0, kMost);
  return absl::StrFormat("\"%s\"%s", absl::CHexEscape({front.data(), front.size()}),
                         line.size() > kMost ? "…" : "");
}

bool Has(std::string_view line, std::string_view any) {
  return line.find_first_of(any) != std::string_view::npos;
}

std::string Hint(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty()) return "the line is empty; print one number a line and no empty lines";
  if (line.substr(0, score::kBinaryMagic.size()) == score::kBinaryMagic) {
    return "this is the binary form, but the contest takes text";
  }
  if (Has(line, " \t")) return "print the number alone, without spaces";
  if (Has(line, ",")) return "print one number a line, with a decimal point and no comma";
  if (Has(line, "nN") || Has(line, "iI"))
    return "NaN and infinity are refused; print a finite number";
  if (Has(line, "E")) return "write the exponent with a small e";
  if (line.front() == '.' || line.back() == '.') return "write digits on both sides of the point";
  if (line.size() > score::kMaxNumberLength) return "print at most 40 characters";
  return "print [+-]digits[.digits][e[+-]digits]; diagnostics belong on standard error";
}

std::string CountText(uint64_t count, uint64_t expected) {
  return absl::StrFormat("row count %d, expected %d: predict each row of table predict once", count,
                         expected);
}

std::string TextFault(const score::ScoringOutcome& outcome, std::string_view text) {
  const uint64_t row = outcome.rows_read;
  switch (outcome.prediction_fault) {
    case PredictionFault::kTooManyRows:
      if (const std::string_view line = LineAt(text, row); line.empty() || line == "\r") {
        return absl::StrFormat("line %d: %s is one line too many: print nothing after the last row",
                               row + 1, Shown(line));
      }
      return CountText(CountLines(text), outcome.header->rows);
    case PredictionFault::kTooFewRows:
      return CountText(row, outcome.header->rows);
    case PredictionFault::kLineTooLong:
    default:
      const std::string_view line = LineAt(text, row);
      return absl::StrFormat("line %d: %s is not a number: %s", row + 1, Shown(line), Hint(line));
  }
}

std::string BinaryFault(const score::ScoringOutcome& outcome, ByteView bytes) {
  const char* const name = outcome.header->scoring.format == PredictionFormat::kF32 ? "f32" : "f64";
  const size_t width = outcome.header->scoring.format == PredictionFormat::kF32 ? 4 : 8;
  switch (outcome.prediction_fault) {
    case PredictionFault::kBadMagic:
      return absl::StrFormat(
          "the output begins with %s, expected \"%s\" and then %s values: the contest takes binary",
          Shown(AsText(bytes.first(std::min<size_t>(bytes.size(), 8)))), score::kBinaryMagic, name);
    case PredictionFault::kNotFinite:
      return absl::StrFormat("row %d: NaN or infinity: write a finite %s", outcome.rows_read, name);
    default: {
      const uint64_t rest = bytes.size() < 8 ? 0 : bytes.size() - 8;
      if (rest % width == 0) return CountText(rest / width, outcome.header->rows);
      return absl::StrFormat(
          "%d bytes after \"%s\", expected %d rows of %d bytes (%s, little-endian)", rest,
          score::kBinaryMagic, outcome.header->rows, width, name);
    }
  }
}

}  // namespace

std::string FaultText(const score::ScoringOutcome& outcome, ByteView predictions) {
  return outcome.header->scoring.format == PredictionFormat::kText
             ? TextFault(outcome, AsText(predictions))
             : BinaryFault(outcome, predictions);
}

}  // namespace pinhole::rehearsal
