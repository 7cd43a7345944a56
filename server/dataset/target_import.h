// The target table's way from its source to training rows, rows to predict and labels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/dataset/folder.h"
#include "server/dataset/importer.h"
#include "server/dataset/person_counter.h"
#include "server/dataset/row_batch.h"
#include "server/dataset/row_keys.h"
#include "server/dataset/source_table.h"
#include "server/dataset/spill_sort.h"
#include "server/dataset/stages.h"
#include "server/dataset/view_writer.h"

namespace pinhole::dataset {

// The columns of the target that mean something to an import, by their place in the source.
struct TargetRoles {
  size_t label = 0;
  std::optional<size_t> weight;
  std::optional<size_t> person;
  std::optional<size_t> split;
};

// Reads the rows, decides each one's part, puts all aside by the keyed order, and writes the view.
// Borrows everything for its life. Used once.
class TargetImport {
 public:
  // `columns` are those of the source, split included. Memory: target_import.cc's kSortMemoryBytes,
  // a batch, and what the classes it uses say.
  TargetImport(const ImportSpec& spec, const TableSpec& table,
               const std::vector<contest::Column>& columns, const TargetRoles& roles, ByteView key,
               const StagedFolder& staged, Stopwatch& watch, ImportResult& result);

  // Fills the result's counts, facts and stages. Errors: as Import.
  absl::Status Run(ViewWriter& view);

 private:
  // What a row says beside its columns.
  struct RowFacts {
    std::optional<Part> part;      // where it is known before the hash
    std::optional<int64_t> label;  // millionths
    uint32_t weight_thousandths = kOneRowThousandths;
  };

  absl::Status Read();
  absl::Status TakeRecord(const Records& records);
  absl::StatusOr<RowFacts> TakeFacts(const Records& records);
  absl::StatusOr<Part> TakePart(const Records& records) const;
  absl::StatusOr<int64_t> TakeLabel(const Records& records) const;
  absl::StatusOr<uint32_t> TakeWeight(const Records& records) const;
  const Digest& PersonDigest(size_t row);  // of the batch

  absl::Status PutBatchAside();
  absl::Status Count(const RowFacts& facts, Part part);
  absl::Status CheckParts() const;

  absl::Status Write(ViewWriter& view);
  absl::Status FlushBatch(ViewWriter& view);
  ViewTable TrainTable() const;
  ViewTable PredictTable() const;

  const ImportSpec& spec_;
  const TableSpec& table_;
  const std::vector<contest::Column>& columns_;
  const TargetRoles& roles_;
  const StagedFolder& staged_;
  Stopwatch& watch_;
  ImportResult& result_;

  RowKeys keys_;
  RowOrder order_;
  SpillSort sorted_;
  PersonCounter persons_;
  std::vector<size_t> sources_;  // of the batch's columns: all but the split
  size_t person_place_ = 0;      // in the batch
  RowBatch batch_;
  std::vector<RowFacts> facts_;  // of the batch's rows
  int64_t rows_ = 0;             // before the batch
  std::vector<int64_t> nulls_;   // of the batch's columns
  bool public_counts_ = false;   // a public row has a weight above 0
  bool final_counts_ = false;
  std::string packed_;
  std::string last_person_;  // PersonDigest's memory: rows of a person often stand together
  std::optional<Digest> last_person_digest_;
};

}  // namespace pinhole::dataset
