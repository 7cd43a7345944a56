// The audit of entries in memory.
#pragma once

#include <string>
#include <vector>

#include "client/cli/audit.h"

namespace pinhole::cli {

inline AuditReport Audit(const std::vector<std::string>& entries, std::string_view checkpoint,
                         const NoteVerifier& log) {
  Auditor auditor(checkpoint, log);
  for (const std::string& entry : entries) auditor.Take(entry);
  return std::move(auditor).Finish();
}

}  // namespace pinhole::cli
