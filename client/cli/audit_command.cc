// audit: replays a whole ledger, from a server or from a bundle, and shows the auditor's screen.
#include "absl/strings/str_format.h"
#include "client/cli/audit.h"
#include "client/cli/audit_screen.h"
#include "client/cli/budget_explained.h"
#include "client/cli/commands.h"
#include "client/cli/freshness.h"
#include "client/cli/invitation.h"
#include "client/cli/json_views.h"
#include "client/cli/session.h"
#include "client/cli/table.h"
#include "server/core/base/status.h"
#include "server/core/log/merkle.h"
#include "server/core/replay/bundle.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

constexpr size_t kBundleLimitBytes = size_t{1} << 32;

struct Material {
  // Fetched anew from a server, so that its lateness is still to be said.
  enum class From { kFile, kMirror, kServer };
  From from;
  replay::Bundle bundle;
  NoteVerifier log;
};

absl::StatusOr<NoteVerifier> KeyOf(const std::string& vkey) {
  absl::StatusOr<NoteVerifier> log = NoteVerifier::FromVkey(vkey);
  if (log.ok()) return log;
  return absl::InvalidArgumentError(
      absl::StrFormat("--key is no verifier key (name+id+base64, as the vault prints it): %s",
                      log.status().message()));
}

// The whole ledger, fetched anew and not yet judged: the audit that follows names every problem,
// where a mirror would stop at the first.
absl::StatusOr<replay::Bundle> Fetch(LedgerSource& source, const NoteVerifier& log) {
  replay::Bundle bundle;
  ASSIGN_OR_RETURN(bundle.checkpoint, source.Checkpoint());
  const absl::StatusOr<Checkpoint> head = OpenCheckpoint(bundle.checkpoint, log);
  // An unsigned head is the audit's to report; without a size there is nothing more to fetch.
  if (!head.ok()) return bundle;
  while (bundle.entries.size() < head->size) {
    ASSIGN_OR_RETURN(std::vector<std::string> some,
                     source.Entries(static_cast<int64_t>(bundle.entries.size()),
                                    static_cast<int64_t>(head->size - bundle.entries.size())));
    if (some.empty()) return bundle;
    for (std::string& entry : some) bundle.entries.push_back(std::move(entry));
  }
  return bundle;
}

absl::StatusOr<Material> FromBundle(const CommandContext& context, const AuditOptions& options) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(options.bundle, kBundleLimitBytes));
  absl::StatusOr<replay::Bundle> bundle = replay::DecodeBundle(bytes);
  if (!bundle.ok()) {
    return absl::DataLossError(
        absl::StrFormat("%s: %s", options.bundle, bundle.status().message()));
  }
  if (!options.key.empty()) {
    ASSIGN_OR_RETURN(NoteVerifier log, KeyOf(options.key));
    return Material{Material::From::kFile, *std::move(bundle), std::move(log)};
  }
  const absl::StatusOr<Pins> pins = context.OpenHome().LoadPins(options.server);
  if (!pins.ok()) {
    return absl::InvalidArgumentError(
        "a bundle is judged by the ledger's key: give it with --key, from a source you trust");
  }
  return Material{Material::From::kFile, *std::move(bundle), pins->log};
}

absl::StatusOr<Material> FromServer(const CommandContext& context, const AuditOptions& options) {
  const Home home = context.OpenHome();
  if (options.key.empty() || options.pin.empty()) {
    // Pinned before: the own copy is brought up to date too, so that going back is noticed.
    ASSIGN_OR_RETURN(const Pins pins, home.LoadPins(options.server));
    if (options.key.empty() || options.key == pins.log.ToVkey()) {
      ASSIGN_OR_RETURN(const Session session, Session::Open(context, options.server));
      return Material{Material::From::kMirror,
                      {session.mirror().checkpoint(), session.mirror().entries()},
                      pins.log};
    }
    ASSIGN_OR_RETURN(NoteVerifier log, KeyOf(options.key));
    ASSIGN_OR_RETURN(const std::unique_ptr<Server> server,
                     context.connect(pins.server, pins.certificate_key));
    ASSIGN_OR_RETURN(replay::Bundle bundle, Fetch(*server, log));
    return Material{Material::From::kServer, std::move(bundle), std::move(log)};
  }
  ASSIGN_OR_RETURN(NoteVerifier log, KeyOf(options.key));
  const absl::StatusOr<Digest> pin = HexDecodeArray<32>(options.pin);
  if (!pin.ok() || !IsServerAddress(options.server)) {
    return absl::InvalidArgumentError(
        "--pin needs 64 hex digits and --server HOST:PORT, as the server prints them");
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, context.connect(options.server, *pin));
  ASSIGN_OR_RETURN(replay::Bundle bundle, Fetch(*server, log));
  return Material{Material::From::kServer, std::move(bundle), std::move(log)};
}

Ending ShowEntry(const CommandContext& context, const replay::Bundle& bundle, int64_t index) {
  const auto size = static_cast<int64_t>(bundle.entries.size());
  if (index < 0 || index >= size) {
    return absl::NotFoundError(absl::StrFormat("the ledger has entries 0 to %d", size - 1));
  }
  const std::string& entry = bundle.entries[static_cast<size_t>(index)];
  if (context.format == OutputFormat::kJson) {
    context.out << EntryJson(index, entry);
    return ExitCode::kOk;
  }
  std::vector<std::vector<std::string>> rows = {{"index", absl::StrFormat("%d", index)},
                                                {"leaf", HexEncode(LeafHash(entry))}};
  for (const auto& [key, value] : EntryFields(entry)) rows.push_back({key, value});
  MerkleTree tree;
  for (const std::string& each : bundle.entries) tree.Append(LeafHash(each));
  ASSIGN_OR_RETURN(const MerkleProof proof,
                   tree.InclusionProof(static_cast<uint64_t>(index), tree.size()));
  for (const Digest& hash : proof) rows.push_back({"proof", HexEncode(hash)});
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

}  // namespace

Ending RunAudit(const CommandContext& context, const AuditOptions& options) {
  ASSIGN_OR_RETURN(const Material material, options.bundle.empty() ? FromServer(context, options)
                                                                   : FromBundle(context, options));
  if (!options.save.empty()) {
    RETURN_IF_ERROR(WriteFileDurably(options.save, replay::EncodeBundle(material.bundle), 0644));
    context.err << absl::StrFormat("bundle written to %s\n", options.save);
  }
  const AuditReport report =
      Audit(material.bundle.entries, material.bundle.checkpoint, material.log);
  if (material.from == Material::From::kServer) WarnIfLate(context, report);
  const replay::Contest* contest = ChooseContest(report.state, options.contest);
  if (contest == nullptr && !options.contest.empty()) {
    return absl::NotFoundError(absl::StrFormat(
        "there is no contest \"%s\" in this ledger; leave --contest out to see the open one",
        options.contest));
  }
  if (options.entry.has_value() && report.holds()) {
    return ShowEntry(context, material.bundle, *options.entry);
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
