// What an audit is about: a whole ledger, from a server, a bundle, or a folder of static files, and
// the key that it is judged by. Nothing of it is verified yet.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/cli/commands.h"
#include "client/cli/context.h"
#include "client/cli/entry_source.h"
#include "server/core/note/signed_note.h"

namespace pinhole::cli {

struct Material {
  // kServer: fetched anew, so that its lateness is still to be said.
  enum class From { kFile, kMirror, kServer };
  From from;
  std::string checkpoint;                // the signed note
  std::unique_ptr<EntrySource> entries;  // never null
  NoteVerifier log;
};

// Errors: INVALID_ARGUMENT for options that are not enough to judge by; DATA_LOSS for what does not
// begin as it should; else those of the server and of files.
absl::StatusOr<Material> FindMaterial(const CommandContext& context, const AuditOptions& options);

// The ledger's key: `vkey` when it is given, else the pinned one of `server`.
absl::StatusOr<NoteVerifier> LogKey(const CommandContext& context, const std::string& vkey,
                                    const std::string& server);

}  // namespace pinhole::cli
