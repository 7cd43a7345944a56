// verify: whether an entry is in a ledger, from a proof that travelled alone.
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/cli/json_views.h"
#include "client/cli/material.h"
#include "client/cli/table.h"
#include "server/core/base/status.h"
#include "server/core/log/tlog_proof.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

constexpr size_t kProofLimitBytes = size_t{1} << 20;

}  // namespace

Ending RunVerify(const CommandContext& context, const VerifyOptions& options) {
  ASSIGN_OR_RETURN(const NoteVerifier log, LogKey(context, options.key, options.server));
  ASSIGN_OR_RETURN(const std::string text, ReadFile(options.proof, kProofLimitBytes));
  const absl::StatusOr<TlogProof> proof = ParseTlogProof(text);
  if (!proof.ok()) {
    return absl::DataLossError(absl::StrFormat("%s: %s", options.proof, proof.status().message()));
  }
  if (proof->extra.empty()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s does not hold the entry that it is about (its line \"extra\"), as proofs by \"pinhole "
        "audit entry\" do",
        options.proof));
  }
  const absl::StatusOr<Checkpoint> head = VerifyTlogProof(*proof, proof->extra, log);
  if (!head.ok()) {
    return absl::DataLossError(
        absl::StrFormat("%s does not hold: %s", options.proof, head.status().message()));
  }
  const auto index = static_cast<int64_t>(proof->index);
  if (context.format == OutputFormat::kJson) {
    context.out << EntryJson(index, proof->extra);
    return ExitCode::kOk;
  }
  std::vector<std::vector<std::string>> rows = {
      {"index", absl::StrFormat("%d of the %d entries of %s", index, head->size, head->origin)}};
  for (const auto& [key, value] : EntryFields(proof->extra)) rows.push_back({key, value});
  rows.push_back({"verified", "the entry is in the ledger, and its key signed the head"});
  context.out << FormatTable(rows, 0);
  return ExitCode::kOk;
}

}  // namespace pinhole::cli
