#include "client/cli/table.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_format.h"
#include "server/core/base/text.h"

namespace pinhole::cli {
namespace {

size_t Width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

std::string FormatTable(const std::vector<std::vector<std::string>>& rows, int indent) {
  std::vector<size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    std::string line(static_cast<size_t>(indent), ' ');
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - Width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string Count(int64_t count, std::string_view singular, std::string_view plural) {
  return absl::StrFormat("%d %s", count, count == 1 ? singular : plural);
}

std::string ByteText(int64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return absl::StrFormat("%d %s", bytes, kUnits[unit]);
}

std::string SpanText(int64_t milliseconds) {
  constexpr int64_t kHour = 3'600'000;
  constexpr int64_t kMinute = 60'000;
  if (milliseconds >= kHour && milliseconds % kHour == 0) {
    return absl::StrFormat("%d h", milliseconds / kHour);
  }
  if (milliseconds >= kMinute && milliseconds % kMinute == 0) {
    return absl::StrFormat("%d min", milliseconds / kMinute);
  }
  return FormatMillionths(milliseconds * 1000) + " s";
}

}  // namespace pinhole::cli
