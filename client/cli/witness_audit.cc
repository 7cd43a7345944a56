#include "client/cli/witness_audit.h"

#include <optional>

#include "absl/strings/str_format.h"
#include "client/cli/audit.h"
#include "client/cli/material.h"
#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"

namespace pinhole::cli {
namespace {

absl::Status AuditHead(const CommandContext& context, const AuditOptions& source,
                       std::string_view note) {
  ASSIGN_OR_RETURN(const Material material, FindMaterial(context, source));
  ASSIGN_OR_RETURN(const Checkpoint head, OpenCheckpoint(note, material.log));
  const auto size = static_cast<int64_t>(head.size);
  Auditor auditor(note, material.log);
  for (int64_t index = 0; index < size; ++index) {
    ASSIGN_OR_RETURN(const std::optional<std::string_view> entry, material.entries->Next());
    if (!entry.has_value()) {
      return absl::UnavailableError(absl::StrFormat(
          "the head is of %d entries, and the source of the audit has %d: ask again "
          "when it has them",
          size, index));
    }
    auditor.Take(*entry);
  }
  const AuditReport report = std::move(auditor).Finish();
  if (report.holds()) return absl::OkStatus();
  return absl::DataLossError(report.problems.front());
}

}  // namespace

HeadAudit AuditOf(const CommandContext& context, const AuditFirst& audit, const NoteVerifier& log) {
  if (!audit.wanted) return {};
  AuditOptions options = audit.source;
  options.key = log.ToVkey();
  return [&context, options = std::move(options)](std::string_view note) {
    return AuditHead(context, options, note);
  };
}

}  // namespace pinhole::cli
