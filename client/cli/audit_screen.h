// The auditor's one screen (CHANNEL.md section 4), as far as this version's ledger has it.
#pragma once

#include <string>

#include "client/cli/audit.h"

namespace pinhole::cli {

// `contest` is what ChooseContest chose; null shows the data set alone.
std::string AuditText(const AuditReport& report, const replay::Contest* contest);

}  // namespace pinhole::cli
