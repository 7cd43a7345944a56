#include "server/core/log/entry_text.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "absl/strings/str_format.h"
#include "server/core/base/hex.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"

namespace pinhole::log {
namespace {

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrFormat("malformed ledger entry: %s", what));
}

uint64_t EightAt(const char* at) {
  uint64_t eight;
  std::memcpy(&eight, at, sizeof(eight));
  return eight;
}

// The first character from `at` on that is none of '!' to '~', or `end`. Eight at once, for most
// values are hex and long.
const char* EndOfValue(const char* at, const char* end) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighBits = 0x8080808080808080;
  for (; end - at >= 8; at += 8) {
    // A byte's high bit is set where the byte is below '!', above '~', or above 127. A borrow or a
    // carry comes only from such a byte and goes only upwards, so the lowest bit is right.
    static_assert(std::endian::native == std::endian::little);
    const uint64_t eight = EightAt(at);
    const uint64_t others = ((eight - kOnes * '!') | (eight + kOnes) | eight) & kHighBits;
    if (others != 0) return at + std::countr_zero(others) / 8;
  }
  while (at != end && *at > ' ' && *at <= '~') ++at;
  return at;
}

bool IsValue(std::string_view value) {
  const char* const end = value.data() + value.size();
  return !value.empty() && EndOfValue(value.data(), end) == end;
}

// Each character equals the one after it, and the first is a space.
bool AllSpaces(std::string_view text) {
  return text.empty() ||
         (text[0] == ' ' && std::memcmp(text.data(), text.data() + 1, text.size() - 1) == 0);
}

// Without the spaces at its end; eight at a time, for most of an entry is padding.
std::string_view WithoutPadding(std::string_view text) {
  constexpr uint64_t kEightSpaces = 0x2020202020202020;
  while (text.size() >= 8 && EightAt(text.data() + text.size() - 8) == kEightSpaces)
    text.remove_suffix(8);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Takes the next word, which ends at a space or at the end.
std::string_view TakeWord(std::string_view& rest) {
  const size_t space = rest.find(' ');
  const std::string_view word = rest.substr(0, space);
  rest = space == std::string_view::npos ? "" : rest.substr(space + 1);
  return word;
}

}  // namespace

EntryWriter::EntryWriter(std::string_view type, std::string_view contest, int64_t round)
    : common_bytes_(0) {
  text_.reserve(kEntryBytes);
  text_.append(type).append(" 1");
  Add("contest", contest).Add("round", round);
  common_bytes_ = text_.size();
}

void EntryWriter::AddKey(std::string_view key) {
  text_.push_back(' ');
  text_.append(key).push_back('=');
}

EntryWriter& EntryWriter::Add(std::string_view key, std::string_view value) {
  if (!IsValue(value) && status_.ok()) {
    status_ = absl::InvalidArgumentError(absl::StrFormat(
        "the value of %s is empty or holds a space or a character outside ASCII", key));
  }
  AddKey(key);
  text_.append(value);
  return *this;
}

EntryWriter& EntryWriter::Add(std::string_view key, int64_t value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  AddKey(key);
  text_.append(digits.data(), end);
  return *this;
}

EntryWriter& EntryWriter::AddHex(std::string_view key, ByteView bytes) {
  AddKey(key);
  AppendHex(bytes, text_);
  return *this;
}

EntryWriter& EntryWriter::AddDigestOrDash(std::string_view key,
                                          const std::optional<Digest>& digest) {
  return digest.has_value() ? AddHex(key, *digest) : Add(key, "-");
}

bool EntryWriter::Spells(std::string_view bytes) const {
  return status_.ok() && text_.size() < bytes.size() && bytes.starts_with(text_) &&
         bytes.back() == '\n' &&
         AllSpaces(bytes.substr(text_.size(), bytes.size() - 1 - text_.size()));
}

absl::StatusOr<std::string> EntryWriter::Finish(size_t length) const {
  RETURN_IF_ERROR(status_);
  if (text_.size() + 1 > length) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "the entry needs %d bytes; %d is its constant length", text_.size() + 1, length));
  }
  std::string line = text_;
  line.resize(length - 1, ' ');
  line.push_back('\n');
  return line;
}

absl::StatusOr<EntryReader> EntryReader::Open(std::string_view bytes) {
  if (bytes.size() != kEntryBytes && bytes.size() != kLongEntryBytes)
    return Malformed("its length is none of the two");
  if (bytes.back() != '\n') return Malformed("no line feed at its end");
  bytes.remove_suffix(1);
  bytes = WithoutPadding(bytes);
  EntryReader reader;
  reader.type_ = TakeWord(bytes);
  if (reader.type_.empty()) return Malformed("no type");
  if (TakeWord(bytes) != "1") return Malformed("its version is not 1: a newer program wrote it");
  reader.rest_ = bytes;
  ASSIGN_OR_RETURN(reader.contest_, reader.Take("contest"));
  if (reader.contest_ != "-" && !IsId(reader.contest_)) return Malformed("the contest is no id");
  ASSIGN_OR_RETURN(reader.round_, reader.TakeInteger("round", 0, INT64_MAX));
  return reader;
}

absl::StatusOr<std::string_view> EntryReader::Take(std::string_view key) {
  if (rest_.size() > key.size() && rest_[key.size()] == '=' && rest_.starts_with(key)) {
    const char* const value = rest_.data() + key.size() + 1;
    const char* const end = rest_.data() + rest_.size();
    const char* const stop = EndOfValue(value, end);
    if (stop != value && (stop == end || *stop == ' ')) {
      rest_ = stop == end ? "" : std::string_view(stop + 1, static_cast<size_t>(end - stop - 1));
      return std::string_view(value, static_cast<size_t>(stop - value));
    }
  }
  return Malformed(absl::StrFormat("field \"%s\" expected, found \"%s\"", key, TakeWord(rest_)));
}

absl::StatusOr<std::optional<Digest>> EntryReader::TakeDigestOrDash(std::string_view key) {
  ASSIGN_OR_RETURN(const std::string_view text, Take(key));
  if (text == "-") return std::optional<Digest>();
  Digest digest;
  RETURN_IF_ERROR(HexDecodeTo(text, digest));
  return std::optional<Digest>(digest);
}

absl::StatusOr<int64_t> EntryReader::TakeInteger(std::string_view key, int64_t low, int64_t high) {
  ASSIGN_OR_RETURN(const std::string_view value, Take(key));
  // Short and without a sign, as nearly all are; what is wrong with another, ParseIntegerIn says.
  if (value.size() <= 15 && (value[0] != '0' || value.size() == 1)) {
    int64_t number = 0;
    bool digits = true;
    for (const char c : value) {
      number = number * 10 + (c - '0');
      digits = digits && c >= '0' && c <= '9';
    }
    if (digits && number >= low && number <= high) return number;
  }
  return ParseIntegerIn(value, low, high);
}

absl::Status EntryReader::Done() const {
  return rest_.empty() ? absl::OkStatus() : Malformed("more fields than its type has");
}

}  // namespace pinhole::log
