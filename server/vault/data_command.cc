// `pinhole-vault data import`.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "absl/cleanup/cleanup.h"
#include "server/core/base/key_file.h"
#include "server/core/base/status.h"
#include "server/core/log/entries.h"
#include "server/dataset/folder.h"
#include "server/dataset/import_spec.h"
#include "server/dataset/importer.h"
#include "server/system/files.h"
#include "server/system/random.h"
#include "server/vault/commands.h"
#include "server/vault/data_report.h"
#include "server/vault/folder.h"
#include "server/vault/import_facts.h"
#include "server/vault/proposals.h"

namespace pinhole::vault {
namespace {

// Each row count is declassified as one of 2^32.
constexpr int64_t kBitsOfRowCounts = int64_t{3} * 32;

absl::StatusOr<log::DatasetEntry> MakeEntry(const dataset::ImportSpec& spec,
                                            const dataset::ImportResult& result,
                                            const Layout& layout, ByteView salt,
                                            const SigningKey& owner) {
  log::DatasetEntry entry{.dataset = spec.dataset,
                          .version = static_cast<int>(spec.version),
                          .deployment = spec.deployment,
                          .shape = result.shape,
                          .train_rows = result.train_rows,
                          .public_rows = result.public_rows,
                          .final_rows = result.final_rows,
                          .declassified = counting::Bits::Whole(kBitsOfRowCounts),
                          .budget = counting::Bits::Whole(spec.budget_bits),
                          .owner = owner.public_key()};
  ASSIGN_OR_RETURN(entry.commitment, dataset::DataCommitment(layout.data(), salt));
  entry.signature = owner.Sign(log::DatasetStatement(entry));
  return entry;
}

absl::Status GiveData(const Layout& layout, const Config& config) {
  if (::chmod(layout.data().c_str(), 0711) != 0) return absl::ErrnoToStatus(errno, "chmod data");
  if (!config.lane_sockets.empty()) return GiveGroup(layout.view(), *config.lanes_group);
  if (!config.user.has_value()) return absl::OkStatus();
  const auto own = static_cast<gid_t>(*config.user);
  RETURN_IF_ERROR(GiveTree(layout.data(), *config.user, own));
  RETURN_IF_ERROR(GiveTree(layout.view(), *config.user, *config.lanes_group));
  return GiveTree(layout.private_directory(), *config.user, own);
}

}  // namespace

absl::Status ImportData(const Layout& layout, const std::string& spec_path,
                        const std::string& owner_key_path) {
  ASSIGN_OR_RETURN(const Config config, ReadConfig(layout));
  ASSIGN_OR_RETURN(const std::string key_text, ReadFile(owner_key_path));
  ASSIGN_OR_RETURN(const SigningKey owner, ParseKeyFile(key_text));
  ASSIGN_OR_RETURN(const dataset::ImportSpec spec, dataset::ReadImportSpec(spec_path));
  const auto data_key = RandomBytes<32>();
  ASSIGN_OR_RETURN(const dataset::ImportResult result,
                   dataset::Import(spec, layout.data(), data_key));
  // What comes after the import may fail too, and then the same command must work again.
  absl::Cleanup undo = [&layout] {
    for (const std::string& path : {layout.data(), layout.data_key(), layout.import_facts()}) {
      RemoveTree(path).IgnoreError();
    }
  };
  ASSIGN_OR_RETURN(const int64_t baseline, dataset::BaselinePredictionMillionths(result));
  RETURN_IF_ERROR(WriteFileDurably(layout.data_key(), HexEncode(data_key) + "\n", 0600));
  ImportFacts facts{.baseline_prediction = baseline,
                    .majority_label = result.train_labels.Majority()};
  if (result.persons.has_value()) facts.persons_in_both = result.persons->both;
  RETURN_IF_ERROR(WriteFileDurably(layout.import_facts(), FormatImportFacts(facts), 0600));
  const Digest salt = HmacSha256(data_key, AsBytes("pinhole data commitment v1"));
  ASSIGN_OR_RETURN(const log::DatasetEntry entry, MakeEntry(spec, result, layout, salt, owner));
  ASSIGN_OR_RETURN(const log::EncodedEntry encoded, log::Encode(entry));
  ASSIGN_OR_RETURN(storage::Database database, OpenDatabase(layout));
  Proposals proposals(database);
  ASSIGN_OR_RETURN(const int64_t proposal,
                   proposals.Add(ProposalKind::kDataset, "-", encoded.bytes()));
  if (absl::Status given = GiveData(layout, config); !given.ok()) {
    RETURN_IF_ERROR(proposals.Withdraw(proposal));
    return given;
  }
  std::move(undo).Cancel();
  std::printf("%s", DataReport(spec, result, entry).c_str());
  return absl::OkStatus();
}

}  // namespace pinhole::vault
