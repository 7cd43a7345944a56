#include "client/cli/material.h"

#include "absl/strings/str_format.h"
#include "client/cli/invitation.h"
#include "client/cli/session.h"
#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"
#include "server/publish/static_ledger.h"

namespace pinhole::cli {
namespace {

absl::StatusOr<NoteVerifier> KeyOf(const std::string& vkey) {
  absl::StatusOr<NoteVerifier> log = NoteVerifier::FromVkey(vkey);
  if (log.ok()) return log;
  return absl::InvalidArgumentError(
      absl::StrFormat("--key is no verifier key (name+id+base64, as the vault prints it): %s",
                      log.status().message()));
}

// The whole ledger, fetched anew and not yet judged: the audit that follows names every problem,
// where a mirror would stop at the first.
absl::StatusOr<Material> Fetch(LedgerSource& source, NoteVerifier log) {
  ASSIGN_OR_RETURN(std::string checkpoint, source.Checkpoint());
  const absl::StatusOr<Checkpoint> head = OpenCheckpoint(checkpoint, log);
  // An unsigned head is the audit's to report; without a size there is nothing more to fetch.
  const int64_t size = head.ok() ? static_cast<int64_t>(head->size) : 0;
  ASSIGN_OR_RETURN(EntrySpool spool, EntrySpool::Make());
  while (spool.size() < size) {
    ASSIGN_OR_RETURN(const std::vector<std::string> some,
                     source.Entries(spool.size(), size - spool.size()));
    if (some.empty()) break;
    for (const std::string& entry : some) RETURN_IF_ERROR(spool.Append(entry));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<EntrySource> entries, std::move(spool).Read());
  return Material{Material::From::kServer, std::move(checkpoint), std::move(entries),
                  std::move(log)};
}

absl::StatusOr<Material> FromBundle(const CommandContext& context, const AuditOptions& options) {
  ASSIGN_OR_RETURN(EntryFile bundle, OpenBundle(options.bundle));
  ASSIGN_OR_RETURN(NoteVerifier log, LogKey(context, options.key, options.server));
  return Material{Material::From::kFile, std::move(bundle.checkpoint), std::move(bundle.entries),
                  std::move(log)};
}

absl::StatusOr<Material> FromTiles(const CommandContext& context, const AuditOptions& options) {
  ASSIGN_OR_RETURN(NoteVerifier log, LogKey(context, options.key, options.server));
  absl::StatusOr<publish::StaticReader> reader = publish::StaticReader::Open(options.tiles, log);
  if (!reader.ok()) {
    return absl::DataLossError(absl::StrFormat("%s: %s", options.tiles, reader.status().message()));
  }
  std::string checkpoint = reader->checkpoint();
  return Material{Material::From::kFile, std::move(checkpoint),
                  std::make_unique<TileEntries>(*std::move(reader), options.tiles), std::move(log)};
}

absl::StatusOr<Material> FromServer(const CommandContext& context, const AuditOptions& options) {
  const Home home = context.OpenHome();
  if (options.key.empty() || options.pin.empty()) {
    // Pinned before: the own copy is brought up to date too, so that going back is noticed.
    ASSIGN_OR_RETURN(const Pins pins, home.LoadPins(options.server));
    if (options.key.empty() || options.key == pins.log.ToVkey()) {
      ASSIGN_OR_RETURN(const Session session,
                       Session::Open(context, options.server, replay::Keep::kWhatTheRulesNeed));
      ASSIGN_OR_RETURN(std::unique_ptr<EntrySource> entries, session.mirror().Entries());
      return Material{Material::From::kMirror, session.mirror().checkpoint(), std::move(entries),
                      pins.log};
    }
    ASSIGN_OR_RETURN(NoteVerifier log, KeyOf(options.key));
    ASSIGN_OR_RETURN(const std::unique_ptr<Server> server,
                     context.connect(pins.server, pins.certificate_key));
    return Fetch(*server, std::move(log));
  }
  ASSIGN_OR_RETURN(NoteVerifier log, KeyOf(options.key));
  const absl::StatusOr<Digest> pin = HexDecodeArray<32>(options.pin);
  if (!pin.ok() || !IsServerAddress(options.server)) {
    return absl::InvalidArgumentError(
        "--pin needs 64 hex digits and --server HOST:PORT, as the server prints them");
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, context.connect(options.server, *pin));
  return Fetch(*server, std::move(log));
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
