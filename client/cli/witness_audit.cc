#include "client/cli/witness_audit.h"

#include <span>

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
  const std::span<const std::string> entries = material.bundle.entries;
  if (entries.size() < head.size) {
    return absl::UnavailableError(
        absl::StrFormat("the head is of %d entries, and the source of the audit has %d: ask again "
                        "when it has them",
                        head.size, entries.size()));
  }
  const AuditReport report = Audit(entries.first(head.size), note, material.log);
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
