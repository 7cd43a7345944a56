#include "client/cli/material.h"

#include "absl/strings/str_format.h"
#include "client/cli/invitation.h"
#include "client/cli/session.h"
#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"
#include "server/publish/static_ledger.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

constexpr size_t kBundleLimitBytes = size_t{1} << 32;

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
  ASSIGN_OR_RETURN(NoteVerifier log, LogKey(context, options.key, options.server));
  return Material{Material::From::kFile, *std::move(bundle), std::move(log)};
}

absl::StatusOr<Material> FromTiles(const CommandContext& context, const AuditOptions& options) {
  ASSIGN_OR_RETURN(NoteVerifier log, LogKey(context, options.key, options.server));
  absl::StatusOr<publish::StaticContent> content = publish::ReadStaticLedger(options.tiles, log);
  if (!content.ok()) {
    return absl::DataLossError(
        absl::StrFormat("%s: %s", options.tiles, content.status().message()));
  }
  return Material{Material::From::kFile,
                  {std::move(content->checkpoint), std::move(content->entries)},
                  std::move(log)};
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

}  // namespace

absl::StatusOr<NoteVerifier> LogKey(const CommandContext& context, const std::string& vkey,
                                    const std::string& server) {
  if (!vkey.empty()) return KeyOf(vkey);
  const absl::StatusOr<Pins> pins = context.OpenHome().LoadPins(server);
  if (!pins.ok()) {
    return absl::InvalidArgumentError(
        "a file is judged by the ledger's key: give it with --key, from a source you trust");
  }
  return pins->log;
}

absl::StatusOr<Material> FindMaterial(const CommandContext& context, const AuditOptions& options) {
  if (!options.bundle.empty()) return FromBundle(context, options);
  if (!options.tiles.empty()) return FromTiles(context, options);
  return FromServer(context, options);
}

}  // namespace pinhole::cli
