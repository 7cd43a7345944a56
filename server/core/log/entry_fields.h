// Each type's fields after the common ones, one writer and one reader a type, in the order of the
// format (docs/LOG_FORMAT.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "server/core/log/entries.h"
#include "server/core/log/entry_text.h"

namespace pinhole::log {

EntryWriter Write(const StartEntry& entry);
EntryWriter Write(const DatasetEntry& entry);
EntryWriter Write(const PolicyEntry& entry);
EntryWriter Write(const TeamEntry& entry);
EntryWriter Write(const AdmitEntry& entry);
EntryWriter Write(const ResultEntry& entry);
EntryWriter Write(const RoundEntry& entry);
EntryWriter Write(const ShiftEntry& entry);
EntryWriter Write(const ActEntry& entry);
EntryWriter Write(const ChoiceEntry& entry);
EntryWriter Write(const FinalEntry& entry);
EntryWriter Write(const CloseEntry& entry);

// How an optional number is written: "-" for none.
std::string NumberOrDash(const std::optional<int64_t>& number);

// What is signed: all but the signatures.
EntryWriter WriteUnsigned(const DatasetEntry& entry);
EntryWriter WriteUnsigned(const PolicyEntry& entry);

// Errors: INVALID_ARGUMENT for a field that is missing, malformed or out of its range.
absl::StatusOr<StartEntry> ReadStart(EntryReader& reader);
absl::StatusOr<DatasetEntry> ReadDataset(EntryReader& reader);
absl::StatusOr<PolicyEntry> ReadPolicy(EntryReader& reader);
absl::StatusOr<TeamEntry> ReadTeam(EntryReader& reader);
absl::StatusOr<AdmitEntry> ReadAdmit(EntryReader& reader);
absl::StatusOr<ResultEntry> ReadResult(EntryReader& reader);
absl::StatusOr<RoundEntry> ReadRound(EntryReader& reader);
absl::StatusOr<ShiftEntry> ReadShift(EntryReader& reader);
absl::StatusOr<ActEntry> ReadAct(EntryReader& reader);
absl::StatusOr<ChoiceEntry> ReadChoice(EntryReader& reader);
absl::StatusOr<FinalEntry> ReadFinal(EntryReader& reader);
absl::StatusOr<CloseEntry> ReadClose(EntryReader& reader);

}  // namespace pinhole::log
