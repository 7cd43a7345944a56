// A data set's folder: what lies where, and that it appears whole or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/bytes.h"
#include "server/core/base/sha256.h"
#include "server/dataset/output_file.h"

namespace pinhole::dataset {

// Below a data set's folder. view/ is what a box sees under /data (MODEL.md); truth/ never enters
// one.
inline constexpr std::string_view kViewFolder = "view";
inline constexpr std::string_view kTruthFolder = "truth";
inline constexpr std::string_view kContestDatabase = "view/contest.db";
inline constexpr std::string_view kLabelsFile = "truth/labels.rows";

// truth/labels.rows: one record a row to predict, in the order of `predict.row`, packed: int64
// little-endian label in millionths, one byte saying which set the row counts for, then uint32
// little-endian weight of the row in thousandths. These are the records of a scoring sheet
// (server/core/score/sheet.h).
inline constexpr size_t kLabelRecordBytes = 13;
enum class ScoredSet : uint8_t { kPublic = 0, kFinal = 1 };

// The weight of a row that counts once.
inline constexpr uint32_t kOneRowThousandths = 1000;

absl::Status WriteLabel(OutputFile& file, int64_t label_millionths, ScoredSet set,
                        uint32_t weight_thousandths);

// A folder under another name until Publish; removed with all in it when that never comes. Holds an
// empty view/ (mode 0750) and truth/ (0700). Moves, never copies.
class StagedFolder {
 public:
  // Stages beside `destination`, whose parent must exist. Errors: ALREADY_EXISTS when `destination`
  // does.
  static absl::StatusOr<StagedFolder> Make(const std::string& destination);
  StagedFolder(StagedFolder&& other) noexcept;
  StagedFolder& operator=(StagedFolder&&) = delete;
  ~StagedFolder();

  // A path below the folder, such as kContestDatabase.
  std::string Path(std::string_view below) const;

  // Makes everything durable and gives it its name. A crash before leaves
  // "<destination>.tmp-<hex>", which nothing reads.
  absl::Status Publish();

 private:
  StagedFolder(std::string destination, std::string staged)
      : destination_(std::move(destination)), staged_(std::move(staged)) {}
  std::string destination_;
  std::string staged_;  // empty once published or moved from
};

// What the DATASET entry commits to: SHA-256(salt ‖ SHA-256(view/contest.db) ‖
// SHA-256(truth/labels.rows)). The salt keeps somebody who guesses the data from checking the
// guess.
absl::StatusOr<Digest> DataCommitment(const std::string& folder, ByteView salt);

}  // namespace pinhole::dataset
