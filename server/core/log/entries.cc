#include "server/core/log/entries.h"

#include <bit>
#include <type_traits>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/entry_fields.h"
#include "server/core/log/entry_text.h"

namespace pinhole::log {

// Holds the right to make EncodedEntry, so that the free functions need no friendship each.
class EntryEncoder {
 public:
  static absl::StatusOr<EncodedEntry> Seal(const EntryWriter& writer, size_t length) {
    ASSIGN_OR_RETURN(std::string bytes, writer.Finish(length));
    return EncodedEntry(std::move(bytes));
  }
};

namespace {

bool IsLong(std::string_view type) { return type == "POLICY" || type == "DATASET"; }

// The frequent types, nearly all of a ledger: each of their readers takes one spelling of its value
// (integers, lower-case hex, thousandths, words), and EntryReader one spelling of the line around
// them, so what was read needs no second writing to be known as canonical. A test changes every
// byte.
template <typename T>
constexpr bool kReadersAreStrict = std::is_same_v<T, AdmitEntry> ||
                                   std::is_same_v<T, ResultEntry> || std::is_same_v<T, RoundEntry>;

template <typename T>
absl::StatusOr<Entry> Checked(absl::StatusOr<T> parsed, const EntryReader& reader,
                              std::string_view bytes) {
  RETURN_IF_ERROR(parsed.status());
  RETURN_IF_ERROR(reader.Done());
  if constexpr (kReadersAreStrict<T>) return absl::StatusOr<Entry>(*std::move(parsed));
  // One value has one spelling: whatever is parsed must come out again as the same bytes.
  if (!Write(*parsed).Spells(bytes))
    return absl::InvalidArgumentError("malformed ledger entry: not in its canonical spelling");
  return Entry(*std::move(parsed));
}

}  // namespace

absl::StatusOr<EncodedEntry> Encode(const StartEntry& e) {
  return EntryEncoder::Seal(Write(e), kEntryBytes);
}
absl::StatusOr<EncodedEntry> Encode(const DatasetEntry& e) {
  return EntryEncoder::Seal(Write(e), kLongEntryBytes);
}
absl::StatusOr<EncodedEntry> Encode(const PolicyEntry& e) {
  return EntryEncoder::Seal(Write(e), kLongEntryBytes);
}
absl::StatusOr<EncodedEntry> Encode(const TeamEntry& e) {
  return EntryEncoder::Seal(Write(e), kEntryBytes);
}
absl::StatusOr<EncodedEntry> Encode(const AdmitEntry& e) {
  return EntryEncoder::Seal(Write(e), kEntryBytes);
}
absl::StatusOr<EncodedEntry> Encode(const RoundEntry& e) {
  return EntryEncoder::Seal(Write(e), kEntryBytes);
}
absl::StatusOr<EncodedEntry> Encode(const ShiftEntry& e) {
  return EntryEncoder::Seal(Write(e), kEntryBytes);
}
absl::StatusOr<EncodedEntry> Encode(const ActEntry& e) {
  return EntryEncoder::Seal(Write(e), kEntryBytes);
}
absl::StatusOr<EncodedEntry> Encode(const ChoiceEntry& e) {
  return EntryEncoder::Seal(Write(e), kEntryBytes);
}
absl::StatusOr<EncodedEntry> Encode(const CloseEntry& e) {
  return EntryEncoder::Seal(Write(e), kEntryBytes);
}
absl::StatusOr<EncodedEntry> Encode(const ResultEntry& e, const ResultSeal& /*seal*/) {
  return EntryEncoder::Seal(Write(e), kEntryBytes);
}
absl::StatusOr<EncodedEntry> Encode(const FinalEntry& e, const ResultSeal& /*seal*/) {
  return EntryEncoder::Seal(Write(e), kEntryBytes);
}

absl::StatusOr<Entry> ParseEntry(std::string_view bytes) {
  ASSIGN_OR_RETURN(EntryReader reader, EntryReader::Open(bytes));
  const std::string_view type = reader.type();
  if (bytes.size() != (IsLong(type) ? kLongEntryBytes : kEntryBytes)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("malformed ledger entry: %s has another length", type));
  }
  if (type == "START") return Checked(ReadStart(reader), reader, bytes);
  if (type == "DATASET") return Checked(ReadDataset(reader), reader, bytes);
  if (type == "POLICY") return Checked(ReadPolicy(reader), reader, bytes);
  if (type == "TEAM") return Checked(ReadTeam(reader), reader, bytes);
  if (type == "ADMIT") return Checked(ReadAdmit(reader), reader, bytes);
  if (type == "RESULT") return Checked(ReadResult(reader), reader, bytes);
  if (type == "ROUND") return Checked(ReadRound(reader), reader, bytes);
  if (type == "SHIFT") return Checked(ReadShift(reader), reader, bytes);
  if (type == "ACT") return Checked(ReadAct(reader), reader, bytes);
  if (type == "CHOICE") return Checked(ReadChoice(reader), reader, bytes);
  if (type == "FINAL") return Checked(ReadFinal(reader), reader, bytes);
  if (type == "CLOSE") return Checked(ReadClose(reader), reader, bytes);
  return absl::InvalidArgumentError(
      absl::StrFormat("malformed ledger entry: no type is called \"%s\"", type));
}

std::string_view EntryType(std::string_view bytes) {
  const size_t space = bytes.find(' ');
  return space == std::string_view::npos ? "" : bytes.substr(0, space);
}

size_t EntryLength(std::string_view bytes) {
  const std::string_view type = EntryType(bytes);
  for (const std::string_view known :
       {"START", "TEAM", "ADMIT", "RESULT", "ROUND", "SHIFT", "ACT", "CHOICE", "FINAL", "CLOSE"}) {
    if (type == known) return kEntryBytes;
  }
  return IsLong(type) ? kLongEntryBytes : 0;
}

std::string DatasetStatement(const DatasetEntry& entry) {
  return absl::StrFormat("pinhole dataset v1%s\n", WriteUnsigned(entry).Fields());
}

std::string PolicyStatement(const PolicyEntry& entry) {
  return absl::StrFormat("pinhole policy v1 contest=%s%s\n", entry.policy.contest,
                         WriteUnsigned(entry).Fields());
}

std::string ActStatement(const ActEntry& act, int number) {
  return absl::StrFormat("pinhole act v1 contest=%s act=%s team=%d value=%s number=%d\n",
                         act.contest, Name(act.kind), act.team, NumberOrDash(act.value), number);
}

std::string ChoiceStatement(std::string_view contest, int team, const std::optional<int64_t>& admit,
                            int64_t number) {
  return absl::StrFormat("pinhole choice v1 contest=%s team=%d admit=%s number=%d\n", contest, team,
                         NumberOrDash(admit), number);
}

int SizeClass(int64_t program_bytes) {
  return static_cast<int>(std::bit_width(static_cast<uint64_t>(program_bytes)));
}

}  // namespace pinhole::log
