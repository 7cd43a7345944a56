// A vault's folder as a process opens it: configuration, signing key, database.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/note/signed_note.h"
#include "server/storage/database.h"
#include "server/system/unique_fd.h"
#include "server/vault/config.h"
#include "server/vault/layout.h"

namespace pinhole::vault {

// Errors: NOT_FOUND with the hint to run init; what ParseConfig says.
absl::StatusOr<Config> ReadConfig(const Layout& layout);

// Opens the database and brings its schema up to date.
absl::StatusOr<storage::Database> OpenDatabase(const Layout& layout);

absl::StatusOr<NoteSigner> ReadSigner(const Layout& layout, const Config& config);

// Makes a new folder with key, database and configuration; gives it to the configured user when
// root does it. Returns the ledger's verifier key (vkey). Errors: ALREADY_EXISTS.
absl::StatusOr<std::string> InitFolder(const Layout& layout, const Config& config);

// Holds the folder for one process that changes it: `serve`, or `restore`. The lock ends with the
// descriptor. Errors: FAILED_PRECONDITION when another holds it.
absl::StatusOr<UniqueFd> LockFolder(const Layout& layout);

// As root with a configured user: gives `path` and all below to `user`, group `group`. Else
// nothing.
absl::Status GiveTree(const std::string& path, uid_t user, gid_t group);

// Gives a folder and everything below it to a group; its user stays. Errors: the errno, when the
// caller is not in that group.
absl::Status GiveGroup(const std::string& path, gid_t group);

}  // namespace pinhole::vault
