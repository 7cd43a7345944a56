#include "server/vault/folder.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_format.h"
#include "server/core/base/key_file.h"
#include "server/core/base/status.h"
#include "server/core/note/signed_note.h"
#include "server/storage/migration.h"
#include "server/system/files.h"
#include "server/system/random.h"
#include "server/vault/migrations.h"

namespace pinhole::vault {

absl::StatusOr<Config> ReadConfig(const Layout& layout) {
  const absl::StatusOr<std::string> text = ReadFile(layout.config());
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        absl::StrFormat("%s is no vault: `pinhole-vault init` makes one", layout.directory));
  }
  RETURN_IF_ERROR(text.status());
  return ParseConfig(*text, layout.config());
}

absl::StatusOr<storage::Database> OpenDatabase(const Layout& layout) {
  ASSIGN_OR_RETURN(storage::Database database,
                   storage::Database::Open(layout.database(), storage::Mode::kExisting));
  RETURN_IF_ERROR(storage::ApplyMigrations(database, Migrations()));
  return database;
}

absl::StatusOr<UniqueFd> LockFolder(const Layout& layout) {
  UniqueFd file(::open(layout.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return absl::ErrnoToStatus(errno, absl::StrFormat("open %s", layout.lock()));
  struct stat folder {};
  if (::geteuid() == 0 && ::stat(layout.private_directory().c_str(), &folder) == 0 &&
      ::fchown(file.get(), folder.st_uid, folder.st_gid) != 0) {
    return absl::ErrnoToStatus(errno,
                               absl::StrFormat("give %s to the vault's user", layout.lock()));
  }
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "another pinhole-vault serves or restores %s: stop it first", layout.directory));
  }
  return file;
}

absl::StatusOr<NoteSigner> ReadSigner(const Layout& layout, const Config& config) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(layout.signing_key()));
  ASSIGN_OR_RETURN(const SigningKey key, ParseKeyFile(text));
  return NoteSigner::Create(config.name, key);
}

absl::StatusOr<std::string> InitFolder(const Layout& layout, const Config& config) {
  const SigningKey key = SigningKey::FromSeed(RandomBytes<32>());
  ASSIGN_OR_RETURN(
      const NoteSigner signer,
      NoteSigner::Create(config.name, key));  // refuses a bad name before anything is made
  RETURN_IF_ERROR(MakeDirectory(layout.directory, 0711));
  RETURN_IF_ERROR(MakeDirectory(layout.private_directory(), 0700));
  RETURN_IF_ERROR(MakeDirectory(layout.programs(), 0700));
  RETURN_IF_ERROR(MakeDirectory(layout.evidence(), 0700));
  RETURN_IF_ERROR(WriteFileDurably(layout.signing_key(), FormatKeyFile(key), 0600));
  ASSIGN_OR_RETURN(storage::Database database,
                   storage::Database::Open(layout.database(), storage::Mode::kCreate));
  RETURN_IF_ERROR(storage::ApplyMigrations(database, Migrations()));
  RETURN_IF_ERROR(WriteFileDurably(layout.config(), FormatConfig(config), 0600));
  if (config.user.has_value()) {
    RETURN_IF_ERROR(GiveTree(layout.directory, *config.user, static_cast<gid_t>(*config.user)));
  }
  return signer.verifier().ToVkey();
}

absl::Status GiveTree(const std::string& path, uid_t user, gid_t group) {
  if (::geteuid() != 0) return absl::OkStatus();
  // nftw has no context argument; the walk is short and single-threaded.
  static thread_local uid_t new_user;
  static thread_local gid_t new_group;
  new_user = user;
  new_group = group;
  const int failed = ::nftw(
      path.c_str(),
      [](const char* one, const struct stat*, int, FTW*) {
        return ::lchown(one, new_user, new_group);
      },
      16, FTW_PHYS);
  if (failed != 0)
    return absl::ErrnoToStatus(errno, absl::StrFormat("give %s to user %d", path, user));
  return absl::OkStatus();
}

absl::Status GiveGroup(const std::string& path, gid_t group) {
  static thread_local gid_t new_group;
  new_group = group;
  const int failed = ::nftw(
      path.c_str(),
      [](const char* one, const struct stat*, int, FTW*) {
        return ::lchown(one, static_cast<uid_t>(-1), new_group);
      },
      16, FTW_PHYS);
  if (failed != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrFormat("give %s to group %d: run this as the vault's user, who has to be "
                               "a member of that group",
                               path, group));
  }
  return absl::OkStatus();
}

}  // namespace pinhole::vault
