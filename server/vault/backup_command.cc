// `pinhole-vault backup` and `restore`: the ledger's database and the programs that wait, in one
// file.
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/core/base/status.h"
#include "server/storage/backup.h"
#include "server/storage/migration.h"
#include "server/system/event_log.h"
#include "server/system/files.h"
#include "server/system/random.h"
#include "server/vault/commands.h"
#include "server/vault/folder.h"
#include "server/vault/ledger.h"
#include "server/vault/migrations.h"
#include "server/vault/prediction_room.h"
#include "server/vault/run_store.h"

namespace pinhole::vault {
namespace {

constexpr size_t kLargestProgram = size_t{1} << 30;

// A file that goes unless it is kept.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!path_.empty()) {
      for (const char* part : {"", "-journal", "-wal", "-shm"}) ::unlink((path_ + part).c_str());
    }
  }
  const std::string& path() const { return path_; }
  void Keep() { path_.clear(); }

 private:
  std::string path_;
};

std::string BesideName(const std::string& path) {
  return absl::StrFormat("%s.part-%s", path, HexEncode(RandomBytes<8>()));
}

// The programs of submissions that have no level yet become a table of the copy. Errors: also what
// RunStore::Open says of a damaged source.
absl::StatusOr<int64_t> AddPrograms(const Layout& layout, storage::Database& copy) {
  ASSIGN_OR_RETURN(RunStore runs, RunStore::Open(copy));
  ASSIGN_OR_RETURN(const std::vector<int64_t> admits, runs.Unfinished());
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(copy));
  RETURN_IF_ERROR(copy.Execute(
      "CREATE TABLE backup_program (admit INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT"));
  for (const int64_t admit : admits) {
    ASSIGN_OR_RETURN(const std::string path, runs.Program(admit, layout.programs()));
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kLargestProgram));
    ASSIGN_OR_RETURN(storage::Statement insert,
                     copy.Prepare("INSERT INTO backup_program (admit, bytes) VALUES (?1, ?2)"));
    insert.BindInt64(1, admit).BindBlob(2, AsBytes(bytes));
    RETURN_IF_ERROR(insert.Run());
  }
  RETURN_IF_ERROR(transaction.CommitUnlogged());
  return static_cast<int64_t>(admits.size());
}

// The ledger in `database`, replayed and its head checked with this vault's own key.
absl::StatusOr<Ledger> Verified(const Layout& layout, const Config& config,
                                storage::Database& database) {
  ASSIGN_OR_RETURN(NoteSigner signer, ReadSigner(layout, config));
  return Ledger::Open(database, std::move(signer));
}

// Errors: FAILED_PRECONDITION when the folder has a ledger that is not the beginning of `backup`'s.
// One that cannot be read at all is no obstacle.
absl::Status RefuseNewer(const Layout& layout, const Config& config, const Ledger& backup) {
  absl::StatusOr<storage::Database> database = OpenDatabase(layout);
  if (!database.ok()) return absl::OkStatus();
  const absl::StatusOr<Ledger> present = Verified(layout, config, *database);
  if (!present.ok()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> ours, present->Entries(0, present->size()));
  ASSIGN_OR_RETURN(const std::vector<std::string> theirs, backup.Entries(0, backup.size()));
  if (ours.size() <= theirs.size() && std::equal(ours.begin(), ours.end(), theirs.begin()))
    return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s has a ledger of %d entries that the backup's %d do not continue: people may have seen "
      "them, and taking them back breaks the ledger's word. If you mean it, move %s away first",
      layout.directory, ours.size(), theirs.size(), layout.database()));
}

// Programs and the room for predictions, as admission left them.
absl::StatusOr<int64_t> TakePrograms(const Layout& layout, const Ledger& ledger,
                                     storage::Database& database) {
  ASSIGN_OR_RETURN(RunStore runs, RunStore::Open(database));
  ASSIGN_OR_RETURN(const std::vector<int64_t> admits, runs.Unfinished());
  for (const int64_t admit : admits) {
    ASSIGN_OR_RETURN(const std::string path, runs.Program(admit, layout.programs()));
    ASSIGN_OR_RETURN(storage::Statement read,
                     database.Prepare("SELECT bytes FROM backup_program WHERE admit = ?1"));
    read.BindInt64(1, admit);
    ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return absl::DataLossError(absl::StrFormat("no program of entry %d", admit));
    RETURN_IF_ERROR(WriteFileDurably(path, AsText(read.Blob(0)), 0600));
  }
  RETURN_IF_ERROR(EnsurePredictionRoom(layout, ledger.state(), runs));
  ASSIGN_OR_RETURN(storage::Transaction transaction, storage::Transaction::Begin(database));
  RETURN_IF_ERROR(database.Execute("DROP TABLE backup_program"));
  RETURN_IF_ERROR(transaction.CommitUnlogged());
  return static_cast<int64_t>(admits.size());
}

// What is there now is kept beside, never deleted: it may be evidence. `strays` are predictions of
// runs that only the present ledger knows.
absl::Status MoveAway(const Layout& layout, const std::set<std::string>& strays) {
  const std::string kept = absl::StrFormat("%s/replaced-%d", layout.private_directory(),
                                           absl::ToUnixMillis(absl::Now()));
  bool made = false;
  for (const char* part : {"-wal", "-shm", ""}) {
    const std::string file = layout.database() + part;
    if (::access(file.c_str(), F_OK) != 0) continue;
    if (!made) RETURN_IF_ERROR(MakeDirectory(kept, 0700));
    made = true;
    RETURN_IF_ERROR(RenameDurably(file, kept + "/vault.db" + part));
  }
  for (const std::string& name : strays) {
    if (!made) RETURN_IF_ERROR(MakeDirectory(kept, 0700));
    made = true;
    RETURN_IF_ERROR(RenameDurably(absl::StrFormat("%s/%s", layout.evidence(), name),
                                  absl::StrFormat("%s/%s", kept, name)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Backup(const Layout& layout, const std::string& file) {
  ASSIGN_OR_RETURN(const Config config, ReadConfig(layout));
  if (::access(file.c_str(), F_OK) == 0) {
    return absl::AlreadyExistsError(
        absl::StrFormat("%s is there already: name a new file for each backup", file));
  }
  Temporary part(BesideName(file));
  RETURN_IF_ERROR(storage::CopyDatabase(layout.database(), part.path()));
  event::BackedUp done;
  {
    ASSIGN_OR_RETURN(storage::Database copy,
                     storage::Database::Open(part.path(), storage::Mode::kExisting));
    ASSIGN_OR_RETURN(const Ledger ledger, Verified(layout, config, copy));
    done.ledger = ledger.size();
    ASSIGN_OR_RETURN(done.programs, AddPrograms(layout, copy));
  }
  // Once more, so that the file is whole without a log beside it.
  Temporary whole(BesideName(file));
  RETURN_IF_ERROR(storage::CopyDatabase(part.path(), whole.path()));
  RETURN_IF_ERROR(RenameDurably(whole.path(), file));
  whole.Keep();
  EventLog::ToStandardError().Write(done);
  return absl::OkStatus();
}

absl::Status Restore(const Layout& layout, const std::string& file) {
  ASSIGN_OR_RETURN(const Config config, ReadConfig(layout));
  ASSIGN_OR_RETURN(const UniqueFd lock, LockFolder(layout));
  Temporary part(BesideName(layout.database()));
  RETURN_IF_ERROR(storage::CopyDatabase(file, part.path()));
  event::Restored done;
  std::set<std::string> strays;
  {
    ASSIGN_OR_RETURN(storage::Database copy,
                     storage::Database::Open(part.path(), storage::Mode::kExisting));
    ASSIGN_OR_RETURN(const Ledger ledger, Verified(layout, config, copy));
    RETURN_IF_ERROR(RefuseNewer(layout, config, ledger));
    done.ledger = ledger.size();
    ASSIGN_OR_RETURN(done.programs, TakePrograms(layout, ledger, copy));
    ASSIGN_OR_RETURN(RunStore runs, RunStore::Open(copy));
    ASSIGN_OR_RETURN(strays, StrayPredictions(layout, runs));
  }
  RETURN_IF_ERROR(MoveAway(layout, strays));
  // A crash here leaves the folder without a database: restore again.
  RETURN_IF_ERROR(RenameDurably(part.path(), layout.database()));
  part.Keep();
  if (config.user.has_value()) {
    RETURN_IF_ERROR(
        GiveTree(layout.private_directory(), *config.user, static_cast<gid_t>(*config.user)));
  }
  EventLog::ToStandardError().Write(done);
  return absl::OkStatus();
}

}  // namespace pinhole::vault
