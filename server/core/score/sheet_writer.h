// Builds a scoring sheet from labels, and says what is wrong when it can't be scored.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/bytes.h"
#include "server/core/contest/policy.h"
#include "server/core/score/sheet.h"

namespace pinhole::score {

// OK when Check finds nothing. Errors: INVALID_ARGUMENT or FAILED_PRECONDITION that says what to
// change. The text repeats numbers of `header` only, no label.
absl::Status Validate(const SheetHeader& header);

// The header for these rows. Errors: as Validate, and INVALID_ARGUMENT, which names the row but not
// its label, when a label is out of range.
absl::StatusOr<SheetHeader> HeaderOf(const contest::Scoring& scoring,
                                     std::span<const SheetRow> rows);

// The rows of a data set's label records. Errors: INVALID_ARGUMENT for none, or a torn one.
absl::StatusOr<std::vector<SheetRow>> ReadRows(ByteView records);

// The whole sheet: header and records. Errors: as HeaderOf.
absl::StatusOr<std::string> EncodeSheet(const contest::Scoring& scoring,
                                        std::span<const SheetRow> rows);

}  // namespace pinhole::score
