#include "server/vault/evidence_chain.h"

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole::vault {
namespace {

Digest Next(const Digest& chain, std::string_view record) {
  Sha256Hasher hasher;
  hasher.Update(chain);
  hasher.Update(AsBytes(record));
  return hasher.Finish();
}

}  // namespace

absl::StatusOr<EvidenceChain> EvidenceChain::Open(storage::Database& database) {
  ASSIGN_OR_RETURN(storage::Statement read,
                   database.Prepare("SELECT number, record, chain FROM evidence ORDER BY number"));
  ASSIGN_OR_RETURN(
      storage::Statement last,
      database.Prepare("SELECT number, chain FROM evidence ORDER BY number DESC LIMIT 1"));
  ASSIGN_OR_RETURN(
      storage::Statement append,
      database.Prepare("INSERT INTO evidence (number, record, chain) VALUES (?1, ?2, ?3)"));
  return EvidenceChain(std::move(read), std::move(last), std::move(append));
}

absl::StatusOr<EvidenceRoot> EvidenceChain::Read(
    const std::function<absl::Status(int64_t, const EvidenceRecord&)>& visit, int64_t most) {
  const absl::Cleanup reset = [this] { read_.Reset(); };
  EvidenceRoot root;
  while (root.size < most) {
    ASSIGN_OR_RETURN(const bool row, read_.Step());
    if (!row) break;
    const int64_t number = root.size + 1;
    const std::string_view bytes = AsText(read_.Blob(1));
    const Digest chain = Next(root.chain, bytes);
    const absl::StatusOr<Digest> stored = read_.FixedBlob<32>(2);
    if (read_.Int64(0) != number || !stored.ok() || *stored != chain) {
      return absl::DataLossError(
          absl::StrFormat("record %d of the evidence is not what its chain says", number));
    }
    const absl::StatusOr<EvidenceRecord> record = ParseEvidence(bytes);
    if (!record.ok()) {
      return absl::DataLossError(absl::StrFormat("record %d of the evidence: %s", number,
                                                 std::string(record.status().message())));
    }
    RETURN_IF_ERROR(visit(number, *record));
    root = {.size = number, .chain = chain};
  }
  return root;
}

absl::Status EvidenceChain::Append(storage::Transaction& /*transaction*/,
                                   const EvidenceRecord& record) {
  ASSIGN_OR_RETURN(const std::string bytes, Encode(record));
  EvidenceRoot root;
  {
    const absl::Cleanup reset = [this] { last_.Reset(); };
    ASSIGN_OR_RETURN(const bool row, last_.Step());
    if (row) {
      root.size = last_.Int64(0);
      ASSIGN_OR_RETURN(root.chain, last_.FixedBlob<32>(1));
    }
  }
  append_.BindInt64(1, root.size + 1)
      .BindBlob(2, AsBytes(bytes))
      .BindBlob(3, Next(root.chain, bytes));
  return append_.Run();
}

}  // namespace pinhole::vault
