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
#include "server/system/descriptor_io.h"
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

absl::Status SaveBundle(const std::string& path, const Material& material) {
  return ReplaceDurably(path, 0644, [&](int fd) -> absl::Status {
    RETURN_IF_ERROR(
        WriteAll(fd, AsBytes(replay::EncodeBundleHead(material.checkpoint)), Deadline::Never()));
    FrameWriter writer(fd);
    RETURN_IF_ERROR(ForEachEntry(*material.entries,
                                 [&](std::string_view entry) { return writer.Append(entry); }));
    return writer.Flush();
  });
}

// The tree of all entries, which a proof needs whole. They are read once more: what was audited
// must be what is there now.
absl::StatusOr<MerkleTree> TreeOf(const Material& material, const AuditReport& report) {
  MerkleTree tree;
  RETURN_IF_ERROR(ForEachEntry(*material.entries, [&](std::string_view entry) {
    tree.Append(LeafHash(entry));
    return absl::OkStatus();
  }));
  if (tree.Root() == report.head->root) return tree;
  return absl::DataLossError("the ledger's file was changed while it was read");
}

absl::StatusOr<std::string> EntryTile(EntrySource& entries, const Tile& tile) {
  RETURN_IF_ERROR(entries.Seek(static_cast<int64_t>(tile.index * kTileWidth)));
  std::string bytes;
  for (uint64_t i = 0; i < tile.width; ++i) {
    ASSIGN_OR_RETURN(const std::optional<std::string_view> entry, entries.Next());
    if (!entry.has_value()) return absl::DataLossError("the ledger's file was cut meanwhile");
    AppendEntryFrame(bytes, *entry);
  }
  return bytes;
}

absl::Status SaveTiles(const std::string& folder, const Material& material,
                       const AuditReport& report) {
  ASSIGN_OR_RETURN(const MerkleTree tree, TreeOf(material, report));
  ASSIGN_OR_RETURN(publish::StaticLedger files, publish::StaticLedger::Open(folder, material.log));
  RETURN_IF_ERROR(CheckSameHistory(files, tree));
  return files.Publish(material.checkpoint, [&](const Tile& tile) -> absl::StatusOr<std::string> {
    if (tile.kind == TileKind::kHashes) return HashTileBytes(tile, tree.Reader());
    return EntryTile(*material.entries, tile);
  });
}

Ending ShowEntry(const CommandContext& context, const Material& material, const AuditReport& report,
                 const AuditOptions& options) {
  const int64_t index = *options.entry;
  if (index < 0 || index >= report.entry_count) {
    return absl::NotFoundError(
        absl::StrFormat("the ledger has entries 0 to %d", report.entry_count - 1));
  }
  ASSIGN_OR_RETURN(const MerkleTree tree, TreeOf(material, report));
  RETURN_IF_ERROR(material.entries->Seek(index));
  ASSIGN_OR_RETURN(const std::optional<std::string_view> found, material.entries->Next());
  const std::string entry(found.value_or(""));
  TlogProof proof{.extra = entry,
                  .index = static_cast<uint64_t>(index),
                  .hashes = {},
                  .checkpoint = material.checkpoint};
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
  std::vector<std::string> entries;
  RETURN_IF_ERROR(ForEachEntry(*material.entries, [&](std::string_view entry) {
    entries.emplace_back(entry);
    return absl::OkStatus();
  }));
  const absl::StatusOr<pipe::RecordingFacts> facts =
      pipe::CheckRecording(bytes, entries, material.log);
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
    RETURN_IF_ERROR(SaveBundle(options.save, material));
    context.err << absl::StrFormat("bundle written to %s\n", options.save);
  }
  Auditor auditor(material.checkpoint, material.log);
  RETURN_IF_ERROR(ForEachEntry(*material.entries, [&](std::string_view entry) {
    auditor.Take(entry);
    return absl::OkStatus();
  }));
  AuditReport report = std::move(auditor).Finish();
  if (const contest::Witnesses& asked = report.state.witnesses(); asked.asked())
    AuditQuorum(material.checkpoint, QuorumRuleOf(asked), report);
  if (rule.has_value()) AuditQuorum(material.checkpoint, *rule, report);
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
    RETURN_IF_ERROR(SaveTiles(options.save_tiles, material, report));
    context.err << absl::StrFormat("static files in %s\n", options.save_tiles);
  }
  if (options.entry.has_value() && report.holds()) {
    return ShowEntry(context, material, report, options);
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
