// Heads that wait, as a folder of static files without entries: witnesses are asked about it by
// whoever may read it, and their cosignatures are written into its checkpoint by others.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/log/merkle.h"
#include "server/front/front_log.h"
#include "server/front/mirror.h"
#include "server/front/waiting_heads.h"
#include "server/publish/static_ledger.h"
#include "server/system/file_watch.h"

namespace pinhole::front {

// Holds what `pinhole witness ask --hashes` reads and cosigns. Whoever may write in the folder can
// keep results waiting, and nothing else: the vault verifies every line. Use from one thread.
class WitnessFolder final : public WaitingHeads {
 public:
  // `folder` is absolute. Mirror and log outlive it. Errors: as StaticLedger::Open; DATA_LOSS when
  // the folder's ledger is not the mirror's; those of reading the folder.
  static absl::StatusOr<std::unique_ptr<WitnessFolder>> Open(const std::string& folder,
                                                             const Mirror& mirror, FrontLog& log);

  // A head whose entries do not go on from those that are known is left alone: what is handed over
  // next tells more. What goes wrong with the files is logged, and tried again with the next head.
  absl::Status Show(const WaitingHead& head) override;
  std::vector<std::string> Cosignatures() override;
  int changes_fd() const override { return watch_.fd(); }

 private:
  WitnessFolder(std::string folder, publish::StaticLedger files, FileWatch watch,
                const Mirror& mirror, FrontLog& log)
      : folder_(std::move(folder)),
        files_(std::move(files)),
        watch_(std::move(watch)),
        mirror_(mirror),
        log_(log) {}
  // Takes the leaves that the folder holds. Errors: DATA_LOSS when they are not under its head.
  absl::Status TakeFolder();
  // Takes the leaves that the mirror has and this has not. Errors: DATA_LOSS when those that both
  // have differ.
  absl::Status TakeMirror();
  void Append(const Digest& leaf);
  absl::StatusOr<std::vector<std::string>> ReadCosignatures();
  void TellFailure(const absl::Status& status) const;

  const std::string folder_;
  publish::StaticLedger files_;
  FileWatch watch_;
  const Mirror& mirror_;
  FrontLog& log_;
  // All leaves that are known: the mirror's, and behind them those that wait.
  MerkleTree tree_;
  MerkleFrontier frontier_;  // of the same
};

}  // namespace pinhole::front
