// audit: replays a whole ledger, from a server or from a bundle, and shows the auditor's screen.
#include "absl/strings/str_format.h"
#include "client/cli/audit.h"
#include "client/cli/audit_screen.h"
#include "client/cli/budget_explained.h"
#include "client/cli/commands.h"
#include "client/cli/freshness.h"
#include "client/cli/json_views.h"
#include "client/cli/material.h"
#include "client/cli/table.h"
#include "server/core/base/status.h"
#include "server/core/log/merkle.h"
#include "server/core/log/tlog_proof.h"
#include "server/core/pipe/recording.h"
#include "server/core/replay/bundle.h"
#include "server/publish/static_ledger.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

constexpr size_t kRecordingLimitBytes = size_t{1} << 32;

// The folder's own checkpoint and the ledger's must be of one history: StaticLedger looks no deeper
// than sizes.
absl::Status CheckSameHistory(const publish::StaticLedger& files, const MerkleTree& tree) {
  const absl::StatusOr<Digest> root = tree.RootAt(files.size());
  if (root.ok() && *root == files.root()) return absl::OkStatus();
  return absl::DataLossError(absl::StrFormat(
      "the folder's checkpoint heads %d entries that are not the first of this ledger: one of the "
      "two is not the ledger that others see",
      files.size()));
}

absl::Status SaveTiles(const std::string& folder, const Material& material) {
  const std::vector<std::string>& entries = material.bundle.entries;
  MerkleTree tree;
  for (const std::string& entry : entries) tree.Append(LeafHash(entry));
  ASSIGN_OR_RETURN(publish::StaticLedger files, publish::StaticLedger::Open(folder, material.log));
  RETURN_IF_ERROR(CheckSameHistory(files, tree));
  return files.Publish(
      material.bundle.checkpoint, [&](const Tile& tile) -> absl::StatusOr<std::string> {
        if (tile.kind == TileKind::kHashes) return HashTileBytes(tile, tree.Reader());
        return EntryTileBytes(std::span(entries).subspan(tile.index * kTileWidth, tile.width));
      });
}

Ending ShowEntry(const CommandContext& context, const replay::Bundle& bundle,
                 const AuditOptions& options) {
  const int64_t index = *options.entry;
  const auto size = static_cast<int64_t>(bundle.entries.size());
  if (index < 0 || index >= size) {
    return absl::NotFoundError(absl::StrFormat("the ledger has entries 0 to %d", size - 1));
  }
  const std::string& entry = bundle.entries[static_cast<size_t>(index)];
  MerkleTree tree;
  for (const std::string& each : bundle.entries) tree.Append(LeafHash(each));
  TlogProof proof{.extra = entry,
                  .index = static_cast<uint64_t>(index),
                  .hashes = {},
                  .checkpoint = bundle.checkpoint};
  ASSIGN_OR_RETURN(proof.hashes, tree.InclusionProof(proof.index, tree.size()));
  if (!options.proof.empty()) {
    RETURN_IF_ERROR(WriteFileDurably(options.proof, FormatTlogProof(proof), 0644));
    context.err << absl::StrFormat("proof written to %s\n", options.proof);
  }
  if (context.format == OutputFormat::kJson) {
    context.out << EntryJson(index, entry);
    return ExitCode::kOk;
  }
  std::vector<std::vector<std::string>> rows = {{"index", absl::StrFormat("%d", index)},
                                                {"leaf", HexEncode(LeafHash(entry))}};
  for (const auto& [key, value] : EntryFields(entry)) rows.push_back({key, value});
  for (const Digest& hash : proof.hashes) rows.push_back({"proof", HexEncode(hash)});
  rows.push_back({"root", HexEncode(tree.Root())});
  context.out << FormatTable(rows, 0);
  return ExitCode::kOk;
}

void WarnIfLate(const CommandContext& context, const AuditReport& report) {
  const replay::Contest* open = report.state.Open();
  if (open == nullptr) return;
  if (const auto late = FindLateness(*open, context.clock.NowUnixMs()); late.has_value()) {
    context.err << LatenessText(*open, *late, context.zone) << "\n";
  }
}

// What one connection of the pipe said, against the ledger that was audited.
absl::Status CheckPipe(const CommandContext& context, const std::string& path,
                       const Material& material, AuditReport& report) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kRecordingLimitBytes));
  const absl::StatusOr<pipe::RecordingFacts> facts =
      pipe::CheckRecording(bytes, material.bundle.entries, material.log);
  if (!facts.ok()) {
    report.problems.push_back(
        absl::StrFormat("%s: SOMETHING THAT THE LEDGER DOES NOT GIVE LEFT THE "
                        "VAULT: %s",
                        path, facts.status().message()));
    return absl::OkStatus();
  }
  context.err << absl::StrFormat("%s: %d frames of %d exchanges, all of them the ledger's\n", path,
                                 facts->frames, facts->exchanges);
  return absl::OkStatus();
}

}  // namespace

Ending RunAudit(const CommandContext& context, const AuditOptions& options) {
  std::optional<QuorumRule> rule;
  if (!options.witnesses.empty() || options.quorum.has_value()) {
    ASSIGN_OR_RETURN(rule, QuorumRuleOf(options.witnesses, options.quorum));
  }
  ASSIGN_OR_RETURN(const Material material, FindMaterial(context, options));
  if (!options.save.empty()) {
    RETURN_IF_ERROR(WriteFileDurably(options.save, replay::EncodeBundle(material.bundle), 0644));
    context.err << absl::StrFormat("bundle written to %s\n", options.save);
  }
  AuditReport report = Audit(material.bundle.entries, material.bundle.checkpoint, material.log);
  if (rule.has_value()) AuditQuorum(material.bundle.checkpoint, *rule, report);
  for (const std::string& path : options.pipes) {
    RETURN_IF_ERROR(CheckPipe(context, path, material, report));
  }
  if (material.from == Material::From::kServer) WarnIfLate(context, report);
  const replay::Contest* contest = ChooseContest(report.state, options.contest);
  if (contest == nullptr && !options.contest.empty()) {
    return absl::NotFoundError(absl::StrFormat(
        "there is no contest \"%s\" in this ledger; leave --contest out to see the open one",
        options.contest));
  }
  if (!options.save_tiles.empty() && report.holds()) {
    RETURN_IF_ERROR(SaveTiles(options.save_tiles, material));
    context.err << absl::StrFormat("static files in %s\n", options.save_tiles);
  }
  if (options.entry.has_value() && report.holds()) {
    return ShowEntry(context, material.bundle, options);
  }
  context.out << (context.format == OutputFormat::kJson ? AuditJson(report, contest)
                                                        : AuditText(report, contest));
  if (options.explain == Explain::kBudget && contest != nullptr &&
      context.format == OutputFormat::kText) {
    context.out << "\n" << BudgetExplained(*contest);
  }
  return report.holds() ? ExitCode::kOk : ExitCode::kVerification;
}

}  // namespace pinhole::cli
