// A strict reader of CSV files (RFC 4180): what is malformed is refused with file, line and column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/system/unique_fd.h"

namespace pinhole::dataset {

// One record may have this many bytes.
inline constexpr size_t kRecordLimitBytes = size_t{16} << 20;

// Reads a file once, front to back, in chunks; memory is a chunk and one record. Takes LF and CRLF,
// a UTF-8 byte order mark at the start, quoted fields with commas, doubled quotes and line ends,
// and a last record with or without its line end.
//
// Refused: a quote inside an unquoted field, anything but a comma or line end after a closing
// quote, a quote never closed, a CR without LF, a NUL byte, bytes that are not UTF-8, a record with
// another number of fields than the first, a record beyond kRecordLimitBytes.
//
// Moves, never copies; not thread-safe.
class CsvReader {
 public:
  static absl::StatusOr<CsvReader> Open(const std::string& path);

  // True: a record is there. False: the file is over. Errors: INVALID_ARGUMENT
  // "<file>:<line>:<column>: <reason>", lines and columns (bytes) counted from 1; else the errno.
  absl::StatusOr<bool> Next();

  size_t field_count() const { return fields_.size(); }

  // Valid until the next Next.
  std::string_view Field(size_t index) const;

  // A field that is empty and unquoted stands for a missing value; "" in quotes is an empty text.
  bool IsMissing(size_t index) const;

  // An INVALID_ARGUMENT that points at a field of the current record.
  absl::Status ErrorAt(size_t index, std::string_view reason) const;

 private:
  struct Position {
    int64_t line = 1;
    int64_t column = 1;
  };
  struct FieldPlace {
    size_t begin;
    size_t end;
    Position start;
    bool quoted;
  };

  CsvReader(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  absl::Status Fill();
  absl::StatusOr<int> Peek();  // the next byte, or kEnd
  void Advance(int byte);      // past a byte that Peek gave
  absl::Status SkipByteOrderMark();
  absl::Status ReadUnquoted();
  absl::Status ReadQuoted();
  // What is read and not yet taken.
  std::string_view Ahead() const { return std::string_view(chunk_).substr(chunk_at_); }
  // Takes the next `count` bytes into the record; the caller counts lines.
  absl::Status Append(size_t count);
  // Takes "," or the end of the record; true when the record is over.
  absl::StatusOr<bool> TakeSeparator();
  absl::Status CheckRecord() const;
  absl::Status Error(const Position& where, std::string_view reason) const;

  static constexpr int kEnd = -1;

  std::string path_;
  UniqueFd fd_;
  std::string chunk_;
  size_t chunk_at_ = 0;
  bool file_over_ = false;
  Position position_;

  std::string record_;
  std::vector<FieldPlace> fields_;
  size_t expected_fields_ = 0;  // 0 before the first record
};

}  // namespace pinhole::dataset
