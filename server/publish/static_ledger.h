// The ledger as a folder that any web server can hand out, and that an auditor's own tools read
// (c2sp.org/tlog-tiles v0.1.0): `checkpoint`, `tile/…`, and `log.vkey` beside them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/log/tiles.h"
#include "server/core/note/signed_note.h"

namespace pinhole::publish {

// The bytes of one tile of a ledger.
using TileSource = std::function<absl::StatusOr<std::string>(const Tile& tile)>;

// What a folder holds under its checkpoint. Hashes alone are for witnesses: they tell that a ledger
// grew, and nothing of an entry.
enum class StaticFiles { kWholeLedger, kHashesAlone };

// Grows a folder by signed heads. What `checkpoint` heads is there whenever one looks: tiles are
// written before it, and a full tile before its partial forms go. Use from one thread; one process
// grows a folder, others may cosign its head.
class StaticLedger {
 public:
  // Makes the folder when it is not there. Errors: DATA_LOSS when it holds a checkpoint that `log`
  // did not sign; else the errno.
  static absl::StatusOr<StaticLedger> Open(std::string folder, const NoteVerifier& log,
                                           StaticFiles files = StaticFiles::kWholeLedger);

  // Entries that the folder's checkpoint heads.
  uint64_t size() const { return size_; }
  // Their root; the empty one while there is no checkpoint.
  const Digest& root() const { return root_; }

  // Writes what is missing up to `checkpoint`, and then it; nothing when it is there already.
  // `checkpoint` was checked against the tiles' ledger. Errors: FAILED_PRECONDITION when it is
  // smaller than the folder's own: that would take back what was published; `tiles`'s; the errno.
  // A folder that an error left half grown is whole again after the next call.
  absl::Status Publish(std::string_view checkpoint, const TileSource& tiles);

 private:
  StaticLedger(std::string folder, NoteVerifier log, StaticFiles files)
      : folder_(std::move(folder)), log_(std::move(log)), files_(files) {}
  absl::Status WriteTile(const Tile& tile, std::string_view bytes) const;

  std::string folder_;
  NoteVerifier log_;
  StaticFiles files_;
  uint64_t size_ = 0;
  Digest root_ = EmptyRoot();
};

// Gives the folder's checkpoint other signatures: `cosign` is handed the note that stands there and
// returns the one to stand there, with the same text. Nothing grows meanwhile. Errors:
// FAILED_PRECONDITION when the folder's head is no longer that of `note`; `cosign`'s; the errno.
absl::Status CosignStaticLedger(
    const std::string& folder, std::string_view note,
    const std::function<absl::StatusOr<std::string>(std::string note)>& cosign);

// Reads a folder of these files, whoever made it; its hash tiles are left alone. Nothing but the
// head's signature is verified.
class StaticReader {
 public:
  // Errors: the errno; as OpenCheckpoint.
  static absl::StatusOr<StaticReader> Open(std::string folder, const NoteVerifier& log);

  const std::string& checkpoint() const { return checkpoint_; }  // the signed note
  uint64_t size() const { return size_; }                        // entries that it heads

  // Those of bundle `index`. Errors: INVALID_ARGUMENT or NOT_FOUND when it is malformed or missing.
  absl::StatusOr<std::vector<std::string>> Bundle(uint64_t index) const;

 private:
  StaticReader(std::string folder, std::string checkpoint, uint64_t size)
      : folder_(std::move(folder)), checkpoint_(std::move(checkpoint)), size_(size) {}

  std::string folder_;
  std::string checkpoint_;
  uint64_t size_;
};

struct StaticHashes {
  std::string checkpoint;      // the signed note
  std::vector<Digest> leaves;  // as its hash tiles hold them, unverified
};

// Reads the hashes of such a folder; its entries are left alone, and need not be there. Errors: as
// OpenCheckpoint, and INVALID_ARGUMENT or NOT_FOUND for a tile that is malformed or missing.
absl::StatusOr<StaticHashes> ReadStaticHashes(const std::string& folder, const NoteVerifier& log);

}  // namespace pinhole::publish
