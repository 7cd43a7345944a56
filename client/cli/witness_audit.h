// What an auditing cosigner asks before it signs: whether every entry under a head keeps every
// rule.
#pragma once

#include "client/cli/commands.h"
#include "client/cli/context.h"
#include "client/cli/witness_store.h"

namespace pinhole::cli {

// Fetches the entries from the source at each call, and audits those under the head, which `log`
// signed; empty when none is wanted. `context` is borrowed for the function's life. Errors of the
// function: DATA_LOSS that names the first problem; UNAVAILABLE when the source has not all entries
// yet; else those of FindMaterial.
HeadAudit AuditOf(const CommandContext& context, const AuditFirst& audit, const NoteVerifier& log);

}  // namespace pinhole::cli
