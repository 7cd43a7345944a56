// Text in columns, for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pinhole::cli {

// Columns are as wide as their longest cell and two spaces apart; nothing at line ends. Width is
// counted in Unicode characters. `indent` spaces before each line.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows, int indent);

// "1 row", "2 rows".
std::string Count(int64_t count, std::string_view singular, std::string_view plural);

// "16 MiB", "512 KiB", "1000 bytes": the largest unit that divides it.
std::string ByteText(int64_t bytes);

// "1.5 s", "24 h": the largest unit that keeps at most three decimals of seconds.
std::string SpanText(int64_t milliseconds);

}  // namespace pinhole::cli
