#include "server/dataset/mock.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/dataset/column_data.h"
#include "server/dataset/folder.h"
#include "server/dataset/number.h"
#include "server/dataset/view_writer.h"

namespace pinhole::dataset {
namespace {

using contest::Column;
using contest::ColumnType;

constexpr int64_t kMillion = 1'000'000;
constexpr int64_t kInventedNames = 100;

// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
class Generator {
 public:
  explicit Generator(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  // Between low and high, both included; the bias of the multiplication is below 2^-32 here.
  int64_t Between(int64_t low, int64_t high) {
    const absl::uint128 width =
        static_cast<absl::uint128>(absl::int128(high) - absl::int128(low) + 1);
    const absl::uint128 offset = (width * Next()) >> 64;
    return static_cast<int64_t>(absl::int128(low) + static_cast<absl::int128>(offset));
  }

 private:
  uint64_t state_;
};

int64_t CeilMillionths(int64_t millionths) {
  return millionths / kMillion + (millionths % kMillion > 0 ? 1 : 0);
}

int64_t FloorMillionths(int64_t millionths) {
  return millionths / kMillion - (millionths % kMillion < 0 ? 1 : 0);
}

// A number of the column, in millionths.
int64_t InventMillionths(const Column& column, Generator& generator) {
  if (!IsIntegerType(column.type)) {
    return column.range.has_value() ? generator.Between(column.range->low, column.range->high)
                                    : generator.Between(0, kMillion);
  }
  const IntegerLimits limits = LimitsOf(column.type);
  int64_t low = 1;
  int64_t high = kInventedNames;
  if (column.range.has_value()) {
    low = std::max(CeilMillionths(column.range->low), limits.low);
    high = std::min(FloorMillionths(column.range->high), limits.high);
  }
  return generator.Between(low, high) * kMillion;
}

ColumnData InventColumn(const Column& column, int64_t rows, Generator& generator) {
  ColumnData data(column.type);
  for (int64_t row = 0; row < rows; ++row) {
    if (column.type == ColumnType::kText) {
      data.AppendText(absl::StrFormat("text-%d", generator.Between(1, kInventedNames)));
      continue;
    }
    const int64_t value = InventMillionths(column, generator);
    if (IsIntegerType(column.type)) {
      data.AppendInteger(value / kMillion);
    } else {
      data.AppendReal(static_cast<double>(value) / static_cast<double>(kMillion));
    }
  }
  return data;
}

absl::Status WriteInvented(const std::vector<Column>& columns, int64_t rows, RowNumbers row_numbers,
                           std::string_view name, Generator& generator, ViewWriter& view) {
  std::vector<ColumnData> data;
  data.reserve(columns.size());
  ViewTable written{.name = std::string(name),
                    .columns = {},
                    .row_numbers = row_numbers,
                    .rows = std::vector<uint32_t>(static_cast<size_t>(rows))};
  std::iota(written.rows.begin(), written.rows.end(), 0U);
  for (const Column& column : columns) {
    data.push_back(InventColumn(column, rows, generator));
    written.columns.push_back({column.name, &data.back()});
  }
  return view.Write(written);
}

absl::Status WriteInventedLabels(const Column& label, const MockRows& rows, Generator& generator,
                                 const std::string& path) {
  ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(path, 0600));
  int64_t public_left = rows.public_rows;
  const int64_t count = rows.public_rows + rows.final_rows;
  for (int64_t row = 0; row < count; ++row) {
    // Selection sampling (Knuth, TAOCP 2, 3.4.2 S): each choice of public rows is as likely.
    const bool is_public = generator.Between(1, count - row) <= public_left;
    if (is_public) --public_left;
    RETURN_IF_ERROR(WriteLabel(file, InventMillionths(label, generator),
                               is_public ? ScoredSet::kPublic : ScoredSet::kFinal,
                               kOneRowThousandths));
  }
  return file.Finish();
}

absl::Status CheckRows(const MockRows& rows) {
  constexpr int64_t kLimit = std::numeric_limits<uint32_t>::max() / 2;
  for (const int64_t count : {rows.train, rows.public_rows, rows.final_rows}) {
    if (count < 1 || count > kLimit) {
      return absl::InvalidArgumentError(
          "mock data need at least one training, public and final row");
    }
  }
  if (rows.other_table < 0 || rows.other_table > kLimit) {
    return absl::InvalidArgumentError("a table cannot have a negative number of rows");
  }
  return absl::OkStatus();
}

// An integer column whose range holds no integer of its type has nothing to invent.
absl::Status CheckRanges(const contest::DataShape& shape) {
  for (const contest::Table& table : shape.tables) {
    for (const Column& column : table.columns) {
      if (!column.range.has_value() || !IsIntegerType(column.type)) continue;
      const IntegerLimits limits = LimitsOf(column.type);
      if (std::max(CeilMillionths(column.range->low), limits.low) >
          std::min(FloorMillionths(column.range->high), limits.high)) {
        return absl::InvalidArgumentError(
            absl::StrFormat("table \"%s\", column \"%s\": no %s lies in the range", table.name,
                            column.name, contest::ColumnTypeName(column.type)));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status FillMock(const contest::DataShape& shape, const MockRows& rows, uint64_t seed,
                      const StagedFolder& staged) {
  ASSIGN_OR_RETURN(ViewWriter view, ViewWriter::Create(staged.Path(kViewFolder)));
  Generator generator(seed);
  for (const contest::Table& table : shape.tables) {
    const bool target = table.name == shape.target;
    RETURN_IF_ERROR(WriteInvented(table.columns, target ? rows.train : rows.other_table,
                                  RowNumbers::kNone, table.name, generator, view));
    if (!target) continue;
    std::vector<Column> known = table.columns;
    const auto label = std::ranges::find(known, shape.label, &Column::name);
    RETURN_IF_ERROR(WriteInventedLabels(*label, rows, generator, staged.Path(kLabelsFile)));
    known.erase(label);
    RETURN_IF_ERROR(WriteInvented(known, rows.public_rows + rows.final_rows,
                                  RowNumbers::kFirstColumn, "predict", generator, view));
  }
  return view.Finish(shape.target, shape.label);
}

}  // namespace

absl::Status MakeMock(const contest::DataShape& shape, const MockRows& rows, uint64_t seed,
                      const std::string& destination) {
  RETURN_IF_ERROR(contest::Validate(shape));
  RETURN_IF_ERROR(CheckRows(rows));
  RETURN_IF_ERROR(CheckRanges(shape));
  ASSIGN_OR_RETURN(StagedFolder staged, StagedFolder::Make(destination));
  RETURN_IF_ERROR(FillMock(shape, rows, seed, staged));
  return staged.Publish();
}

}  // namespace pinhole::dataset
