// A strict reader of CSV files (RFC 4180): what is malformed is refused with file, line and column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/dataset/records.h"
#include "server/system/unique_fd.h"

namespace pinhole::dataset {

// Reads a file once, front to back, in chunks; memory is a chunk and one record. Takes LF and CRLF,
// a UTF-8 byte order mark at the start, quoted fields with commas, doubled quotes and line ends,
// and a last record with or without its line end.
//
// Refused: a quote inside an unquoted field, anything but a comma or line end after a closing
// quote, a quote never closed, a CR without LF, a NUL byte, bytes that are not UTF-8, a record with
// another number of fields than the first, a record beyond kRecordLimitBytes.
//
// Moves, never copies; not thread-safe.
class CsvReader final : public Records {
 public:
  static absl::StatusOr<CsvReader> Open(const std::string& path);

  // Errors: INVALID_ARGUMENT "<file>:<line>:<column>: <reason>", lines and columns (bytes) counted
  // from 1; else the errno.
  absl::StatusOr<bool> Next() override;

  size_t field_count() const override { return fields_.size(); }
  std::string_view Field(size_t index) const override;
  // A field that is empty and unquoted stands for a missing value; "" in quotes is an empty text.
  bool IsMissing(size_t index) const override;
  absl::Status ErrorAt(size_t index, std::string_view reason) const override;

 private:
  struct Position {
    int64_t line = 1;
    int64_t column = 1;
  };
  struct FieldPlace {
    size_t begin;  // in Text()
    size_t end;
    Position start;
    bool quoted;
  };

  CsvReader(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  // Takes a record of plain fields that lies whole in the chunk; false, and nothing is taken, for
  // any other: the careful way reads that one, and knows what is wrong with it.
  bool TakePlainRecord();
  absl::Status TakeRecord();
  // What the fields are views of.
  const std::string& Text() const { return plain_ ? chunk_ : record_; }

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

  bool plain_ = false;  // the current record was taken by TakePlainRecord
  std::string record_;  // the text of any other, without its quotes
  std::vector<FieldPlace> fields_;
  size_t expected_fields_ = 0;  // 0 before the first record
};

}  // namespace pinhole::dataset
