// The small text files the client keeps: a title line and then `key=value` lines in fixed order.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/base/bytes.h"

namespace pinhole::cli {

// Values must not hold a line feed.
class RecordWriter {
 public:
  explicit RecordWriter(std::string_view title) : text_(std::string(title) + "\n") {}
  RecordWriter& Add(std::string_view key, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Views are into the text, which must outlive the reader. Errors: INVALID_ARGUMENT naming the line
// that was expected.
class RecordReader {
 public:
  static absl::StatusOr<RecordReader> Open(std::string_view text, std::string_view title);

  absl::StatusOr<std::string_view> Take(std::string_view key);
  // The last line must have been taken.
  absl::Status Done() const;
  // What was not taken yet.
  std::string_view Rest() const { return rest_; }

  template <size_t N>
  absl::StatusOr<std::array<uint8_t, N>> TakeHex(std::string_view key) {
    const absl::StatusOr<std::string_view> value = Take(key);
    if (!value.ok()) return value.status();
    return HexDecodeArray<N>(*value);
  }

 private:
  explicit RecordReader(std::string_view rest) : rest_(rest) {}
  std::string_view rest_;
};

}  // namespace pinhole::cli
