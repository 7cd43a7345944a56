// The text that every ledger entry is: one line of `key=value` fields in fixed order, padded with
// spaces before its LF to a constant length (CHANNEL.md section 5.4). One entry has one spelling.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/bytes.h"
#include "server/core/base/sha256.h"

namespace pinhole::log {

inline constexpr size_t kLongEntryBytes = 4096;  // POLICY and DATASET
inline constexpr size_t kEntryBytes = 512;       // all others

// Writes "TYPE 1 contest=… round=… key=value … \n". Values must not be empty or hold spaces or
// control characters.
class EntryWriter {
 public:
  EntryWriter(std::string_view type, std::string_view contest, int64_t round);
  EntryWriter& Add(std::string_view key, std::string_view value);
  EntryWriter& Add(std::string_view key, int64_t value);
  EntryWriter& AddHex(std::string_view key, ByteView bytes);
  // Hex, or "-" for none.
  EntryWriter& AddDigestOrDash(std::string_view key, const std::optional<Digest>& digest);
  // The fields after `round`, as signed by people: no padding.
  std::string_view Fields() const { return std::string_view(text_).substr(common_bytes_); }
  // Errors: INVALID_ARGUMENT for a value that does not fit the format, RESOURCE_EXHAUSTED when the
  // line is too long.
  absl::StatusOr<std::string> Finish(size_t length) const;
  // True when Finish(bytes.size()) gives `bytes`.
  bool Spells(std::string_view bytes) const;

 private:
  void AddKey(std::string_view key);

  std::string text_;
  size_t common_bytes_;
  absl::Status status_;
};

// Reads such a line in order. Views are into the bytes given to Open, which must outlive the
// reader.
class EntryReader {
 public:
  // Errors: INVALID_ARGUMENT when the frame of the line is not as EntryWriter writes it.
  static absl::StatusOr<EntryReader> Open(std::string_view bytes);

  std::string_view type() const { return type_; }
  std::string_view contest() const { return contest_; }
  int64_t round() const { return round_; }

  // The value of the next field, which must be named `key`.
  absl::StatusOr<std::string_view> Take(std::string_view key);
  absl::StatusOr<int64_t> TakeInteger(std::string_view key, int64_t low, int64_t high);
  absl::StatusOr<std::optional<Digest>> TakeDigestOrDash(std::string_view key);
  // Errors: INVALID_ARGUMENT when fields are left.
  absl::Status Done() const;

 private:
  std::string_view type_;
  std::string_view contest_;
  int64_t round_ = 0;
  std::string_view rest_;
};

}  // namespace pinhole::log
