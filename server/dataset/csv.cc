#include "server/dataset/csv.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/dataset/utf8.h"
#include "server/system/files.h"

namespace pinhole::dataset {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;

// Bytes that end a run of plain ones: inside quotes a comma is plain, and a line feed ends a run
// only because lines are counted.
using Stops = std::array<bool, 256>;
constexpr Stops StopsAt(std::string_view bytes) {
  Stops stops{};
  for (const char c : bytes) stops[static_cast<unsigned char>(c)] = true;
  return stops;
}
constexpr Stops kUnquotedStops = StopsAt(std::string_view(",\"\r\n\0", 5));
constexpr Stops kQuotedStops = StopsAt(std::string_view("\"\n\0", 3));

size_t PlainRun(std::string_view bytes, const Stops& stops) {
  size_t length = 0;
  while (length < bytes.size() && !stops[static_cast<unsigned char>(bytes[length])]) ++length;
  return length;
}

}  // namespace

absl::StatusOr<CsvReader> CsvReader::Open(const std::string& path) {
  ASSIGN_OR_RETURN(UniqueFd fd, OpenForRead(path));
  CsvReader reader(path, std::move(fd));
  RETURN_IF_ERROR(reader.SkipByteOrderMark());
  return reader;
}

std::string_view CsvReader::Field(size_t index) const {
  const FieldPlace& place = fields_[index];
  return std::string_view(Text()).substr(place.begin, place.end - place.begin);
}

bool CsvReader::IsMissing(size_t index) const {
  return !fields_[index].quoted && fields_[index].begin == fields_[index].end;
}

absl::Status CsvReader::ErrorAt(size_t index, std::string_view reason) const {
  return Error(fields_[index].start, reason);
}

absl::Status CsvReader::Error(const Position& where, std::string_view reason) const {
  return absl::InvalidArgumentError(
      absl::StrFormat("%s:%d:%d: %s", path_, where.line, where.column, reason));
}

absl::StatusOr<bool> CsvReader::Next() {
  fields_.clear();
  plain_ = TakePlainRecord();
  if (!plain_) {
    fields_.clear();
    record_.clear();
    ASSIGN_OR_RETURN(const int first, Peek());
    if (first == kEnd) return false;
    RETURN_IF_ERROR(TakeRecord());
  }
  RETURN_IF_ERROR(CheckRecord());
  expected_fields_ = fields_.size();
  return true;
}

bool CsvReader::TakePlainRecord() {
  const char* const text = chunk_.data();
  const size_t size = chunk_.size();
  size_t at = chunk_at_;
  while (true) {
    const size_t begin = at;
    while (at < size && !kUnquotedStops[static_cast<unsigned char>(text[at])]) ++at;
    if (at == size) return false;
    const char stop = text[at];
    const bool crlf = stop == '\r' && at + 1 < size && text[at + 1] == '\n';
    if (stop != ',' && stop != '\n' && !crlf) return false;
    fields_.push_back(
        {.begin = begin,
         .end = at,
         .start = {.line = position_.line,
                   .column = position_.column + static_cast<int64_t>(begin - chunk_at_)},
         .quoted = false});
    at += crlf ? 2 : 1;
    if (stop == ',') continue;
    chunk_at_ = at;
    ++position_.line;
    position_.column = 1;
    return true;
  }
}

absl::Status CsvReader::TakeRecord() {
  while (true) {
    ASSIGN_OR_RETURN(const int byte, Peek());
    const bool quoted = byte == '"';
    fields_.push_back({.begin = record_.size(), .end = 0, .start = position_, .quoted = quoted});
    RETURN_IF_ERROR(quoted ? ReadQuoted() : ReadUnquoted());
    fields_.back().end = record_.size();
    ASSIGN_OR_RETURN(const bool over, TakeSeparator());
    if (over) return absl::OkStatus();
  }
}

absl::Status CsvReader::CheckRecord() const {
  if (expected_fields_ != 0 && fields_.size() != expected_fields_) {
    return Error(fields_.front().start,
                 absl::StrFormat("the record has %d fields, the header has %d", fields_.size(),
                                 expected_fields_));
  }
  const size_t begin = fields_.front().begin;
  // Plain fields still have their separators between them, so that one look is enough.
  if (plain_ && IsUtf8(std::string_view(chunk_).substr(begin, fields_.back().end - begin))) {
    return absl::OkStatus();
  }
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (!IsUtf8(Field(i))) {
      return Error(fields_[i].start, "the field is not UTF-8; convert the file first");
    }
  }
  return absl::OkStatus();
}

absl::Status CsvReader::ReadUnquoted() {
  while (true) {
    ASSIGN_OR_RETURN(const int byte, Peek());
    switch (byte) {
      case kEnd:
      case ',':
      case '\r':
      case '\n':
        return absl::OkStatus();
      case '"':
        return Error(position_,
                     "a quote inside an unquoted field; quote the whole field and double the "
                     "quotes in it");
      default:
        RETURN_IF_ERROR(Append(PlainRun(Ahead(), kUnquotedStops)));
    }
  }
}

absl::Status CsvReader::ReadQuoted() {
  const Position opened = position_;
  Advance('"');
  while (true) {
    ASSIGN_OR_RETURN(const int byte, Peek());
    if (byte == kEnd) return Error(opened, "the quote that opens here is never closed");
    if (byte == '"') {
      Advance(byte);
      ASSIGN_OR_RETURN(const int after, Peek());
      if (after != '"') return absl::OkStatus();
      RETURN_IF_ERROR(Append(1));
    } else if (byte == '\n') {
      RETURN_IF_ERROR(Append(1));
      ++position_.line;
      position_.column = 1;
    } else {
      RETURN_IF_ERROR(Append(PlainRun(Ahead(), kQuotedStops)));
    }
  }
}

absl::StatusOr<bool> CsvReader::TakeSeparator() {
  ASSIGN_OR_RETURN(const int byte, Peek());
  if (byte == kEnd) return true;
  const Position at = position_;
  if (byte != ',' && byte != '\r' && byte != '\n') {
    return Error(at, "a closing quote must be followed by a comma or the end of the line");
  }
  Advance(byte);
  if (byte == ',') return false;
  if (byte == '\r') {
    ASSIGN_OR_RETURN(const int after, Peek());
    if (after != '\n')
      return Error(at,
                   "a carriage return without a line feed; quote it, or end lines by LF or CRLF");
    Advance(after);
  }
  return true;
}

absl::Status CsvReader::Append(size_t count) {
  // A run is empty only where a NUL stands: every other stop was looked at before.
  if (count == 0) return Error(position_, "a NUL byte; is this a text file?");
  if (record_.size() + count > kRecordLimitBytes) {
    return Error(fields_.front().start,
                 absl::StrFormat("the record that starts here is longer than %d bytes; is a quote "
                                 "missing?",
                                 kRecordLimitBytes));
  }
  record_.append(Ahead().substr(0, count));
  chunk_at_ += count;
  position_.column += static_cast<int64_t>(count);
  return absl::OkStatus();
}

void CsvReader::Advance(int byte) {
  ++chunk_at_;
  if (byte == '\n') {
    ++position_.line;
    position_.column = 1;
  } else {
    ++position_.column;
  }
}

absl::StatusOr<int> CsvReader::Peek() {
  if (chunk_at_ == chunk_.size()) {
    if (!file_over_) RETURN_IF_ERROR(Fill());
    if (chunk_at_ == chunk_.size()) return kEnd;
  }
  return static_cast<unsigned char>(chunk_[chunk_at_]);
}

absl::Status CsvReader::Fill() {
  chunk_.resize(kChunkBytes);
  chunk_at_ = 0;
  size_t filled = 0;
  // Whole chunks, so that three bytes of a mark never come apart.
  while (filled < kChunkBytes && !file_over_) {
    const ssize_t got = ::read(fd_.get(), chunk_.data() + filled, kChunkBytes - filled);
    if (got < 0 && errno != EINTR) {
      return absl::ErrnoToStatus(errno, absl::StrFormat("read %s", path_));
    }
    if (got == 0) file_over_ = true;
    if (got > 0) filled += static_cast<size_t>(got);
  }
  chunk_.resize(filled);
  return absl::OkStatus();
}

absl::Status CsvReader::SkipByteOrderMark() {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  RETURN_IF_ERROR(Peek().status());
  if (std::string_view(chunk_).starts_with(kMark)) chunk_at_ += kMark.size();
  return absl::OkStatus();
}

}  // namespace pinhole::dataset
