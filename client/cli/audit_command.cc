// audit: replays a whole ledger, from a server or from a bundle, and shows the auditor's screen.
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_format.h"
#include "client/cli/audit.h"
#include "client/cli/audit_screen.h"
#include "client/cli/budget_explained.h"
#include "client/cli/commands.h"
#include "client/cli/freshness.h"
#include "client/cli/json_views.h"
#include "client/cli/material.h"
#include "client/cli/table.h"
#include "client/cli/tree_file.h"
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

constexpr size_t kPieceBytes = size_t{1} << 20;

// The folder's own checkpoint and the ledger's must be of one history: StaticLedger looks no deeper
// than sizes.
absl::Status CheckSameHistory(const publish::StaticLedger& files, TreeFile& tree) {
  if (files.size() <= tree.size()) {
    ASSIGN_OR_RETURN(const Digest root, ReadRoot(files.size(), tree.Reader()));
    if (root == files.root()) return absl::OkStatus();
  }
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

// The tree of all entries, which are read once more.
absl::StatusOr<TreeFile> TreeOf(const Material& material) {
  ASSIGN_OR_RETURN(TreeFile tree, TreeFile::Make());
  RETURN_IF_ERROR(ForEachEntry(
      *material.entries, [&](std::string_view entry) { return tree.Append(LeafHash(entry)); }));
  RETURN_IF_ERROR(tree.Flush());
  return tree;
}

// The same of a ledger that holds: what was audited must be what is there now.
absl::StatusOr<TreeFile> AuditedTreeOf(const Material& material, const AuditReport& report) {
  ASSIGN_OR_RETURN(TreeFile tree, TreeOf(material));
  ASSIGN_OR_RETURN(const Digest root, ReadRoot(tree.size(), tree.Reader()));
  if (root == report.head->root) return tree;
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
  ASSIGN_OR_RETURN(TreeFile tree, AuditedTreeOf(material, report));
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
  ASSIGN_OR_RETURN(TreeFile tree, AuditedTreeOf(material, report));
  RETURN_IF_ERROR(material.entries->Seek(index));
  ASSIGN_OR_RETURN(const std::optional<std::string_view> found, material.entries->Next());
  const std::string entry(found.value_or(""));
  TlogProof proof{.extra = entry,
                  .index = static_cast<uint64_t>(index),
                  .hashes = {},
                  .checkpoint = material.checkpoint};
  ASSIGN_OR_RETURN(proof.hashes, BuildInclusionProof(proof.index, tree.size(), tree.Reader()));
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
  rows.push_back({"root", HexEncode(report.head->root)});
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

// The material as a recording is held against it.
class MaterialLedger final : public pipe::RecordedLedger {
 public:
  // `tree` is of all `entries`. Both are borrowed.
  MaterialLedger(EntrySource& entries, TreeFile& tree) : entries_(entries), tree_(tree) {}

  int64_t size() const override { return static_cast<int64_t>(tree_.size()); }
  absl::StatusOr<std::string_view> Entry(int64_t index) override {
    if (index != next_) RETURN_IF_ERROR(entries_.Seek(index));
    next_ = index + 1;
    ASSIGN_OR_RETURN(const std::optional<std::string_view> entry, entries_.Next());
    if (entry.has_value()) return *entry;
    return absl::DataLossError("the ledger's file was cut meanwhile");
  }
  absl::StatusOr<Digest> Node(int level, uint64_t index) override {
    return tree_.Node(level, index);
  }

 private:
  EntrySource& entries_;
  TreeFile& tree_;
  int64_t next_ = -1;
};

// What one connection of the pipe said, against the ledger that was audited.
absl::Status CheckPipe(const CommandContext& context, const std::string& path,
                       const Material& material, TreeFile& tree, AuditReport& report) {
  ASSIGN_OR_RETURN(const UniqueFd file, OpenForRead(path));
  std::string piece;
  const auto next = [&]() -> absl::StatusOr<std::string_view> {
    piece.resize(kPieceBytes);
    ssize_t got = 0;
    do {
      got = ::read(file.get(), piece.data(), piece.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) return absl::ErrnoToStatus(errno, absl::StrFormat("read %s", path));
    return std::string_view(piece).substr(0, static_cast<size_t>(got));
  };
  MaterialLedger ledger(*material.entries, tree);
  const absl::StatusOr<pipe::RecordingFacts> facts =
      pipe::CheckRecording(next, ledger, material.log);
  if (absl::IsInternal(facts.status())) return facts.status();
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
  if (!options.pipes.empty()) {
    ASSIGN_OR_RETURN(TreeFile tree, TreeOf(material));
    for (const std::string& path : options.pipes)
      RETURN_IF_ERROR(CheckPipe(context, path, material, tree, report));
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
