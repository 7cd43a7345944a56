#include "client/cli/record.h"

#include "absl/strings/str_format.h"

namespace pinhole::cli {

RecordWriter& RecordWriter::Add(std::string_view key, std::string_view value) {
  text_ += absl::StrFormat("%s=%s\n", key, value);
  return *this;
}

absl::StatusOr<RecordReader> RecordReader::Open(std::string_view text, std::string_view title) {
  if (!text.starts_with(title) || text.substr(title.size(), 1) != "\n") {
    return absl::InvalidArgumentError(
        absl::StrFormat("its first line is not \"%s\": another kind of file, or damaged", title));
  }
  return RecordReader(text.substr(title.size() + 1));
}

absl::StatusOr<std::string_view> RecordReader::Take(std::string_view key) {
  const size_t end = rest_.find('\n');
  if (end == std::string_view::npos || !rest_.starts_with(key) || end <= key.size() ||
      rest_[key.size()] != '=') {
    return absl::InvalidArgumentError(absl::StrFormat("line \"%s=…\" expected", key));
  }
  const std::string_view value = rest_.substr(key.size() + 1, end - key.size() - 1);
  rest_.remove_prefix(end + 1);
  return value;
}

absl::Status RecordReader::Done() const {
  if (rest_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("text after the last line");
}

}  // namespace pinhole::cli
