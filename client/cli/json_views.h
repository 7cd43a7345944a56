// The same answers as the screens, as JSON for programs. Names are those of the contract and the
// ledger; bits are decimal texts, so that nothing is rounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/cli/audit.h"
#include "client/cli/receipt.h"
#include "server/core/replay/ledger_state.h"

namespace pinhole::cli {

std::string ContestsJson(const replay::LedgerState& state);
std::string RulesJson(const replay::LedgerState& state, const replay::Contest& contest);
std::string BoardJson(const replay::Contest& contest);
std::string StatusJson(const replay::Contest& contest, const replay::Team& team,
                       const std::vector<Receipt>& receipts);
std::string SubmissionJson(const replay::Contest& contest, const replay::Admission& admission);
std::string EntryJson(int64_t index, std::string_view bytes);
std::string AuditJson(const AuditReport& report, const replay::Contest* contest);

// A flat object of texts, for answers that are not about the ledger. In the order given.
std::string ObjectJson(const std::vector<std::pair<std::string, std::string>>& fields);

// The ledger's own line of fields: "TYPE 1 key=value …".
std::vector<std::pair<std::string, std::string>> EntryFields(std::string_view bytes);

}  // namespace pinhole::cli
