#include "server/dataset/mock.h"

#include <algorithm>
#include <limits>
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
constexpr int64_t kInventedFirstDay = 10'957;  // 2000-01-01
constexpr int64_t kInventedLastDay = 18'261;   // 2019-12-31

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

// Integers, and dates as days.
bool IsWholeType(ColumnType type) { return IsIntegerType(type) || type == ColumnType::kDate; }

int64_t CeilMillionths(int64_t millionths) {
  return millionths / kMillion + (millionths % kMillion > 0 ? 1 : 0);
}

int64_t FloorMillionths(int64_t millionths) {
  return millionths / kMillion - (millionths % kMillion < 0 ? 1 : 0);
}

// A number of the column, in millionths.
int64_t InventMillionths(const Column& column, Generator& generator) {
  if (!IsWholeType(column.type)) {
    return column.range.has_value() ? generator.Between(column.range->low, column.range->high)
                                    : generator.Between(0, kMillion);
  }
  const IntegerLimits limits = LimitsOf(column.type);
  int64_t low = column.type == ColumnType::kDate ? kInventedFirstDay : 1;
  int64_t high = column.type == ColumnType::kDate ? kInventedLastDay : kInventedNames;
  if (column.range.has_value()) {
    low = std::max(CeilMillionths(column.range->low), limits.low);
    high = std::min(FloorMillionths(column.range->high), limits.high);
  }
  return generator.Between(low, high) * kMillion;
}

void AppendInvented(const Column& column, Generator& generator, ColumnData& data) {
  if (column.type == ColumnType::kText) {
    data.AppendText(absl::StrFormat("text-%d", generator.Between(1, kInventedNames)));
    return;
  }
  const int64_t value = InventMillionths(column, generator);
  if (IsWholeType(column.type)) {
    data.AppendInteger(value / kMillion);
  } else {
    data.AppendReal(static_cast<double>(value) / static_cast<double>(kMillion));
  }
}

absl::Status WriteInvented(ViewTable table, int64_t rows, Generator& generator, ViewWriter& view) {
  RowBatch batch;
  for (const Column& column : table.columns) {
    table.places.push_back(batch.columns.size());
    batch.columns.emplace_back(column.type);
  }
  const std::vector<Column> columns = table.columns;
  RETURN_IF_ERROR(view.Begin(std::move(table)));
  while (rows > 0) {
    for (; rows > 0 && !batch.IsFull(); --rows, ++batch.rows) {
      for (size_t i = 0; i < columns.size(); ++i) {
        AppendInvented(columns[i], generator, batch.columns[i]);
      }
    }
    RETURN_IF_ERROR(view.AppendRows(batch));
    RETURN_IF_ERROR(view.AppendColumns(batch));
    batch.Clear();
  }
  return view.End();
}

// A weight that an import would take, and above 0: any choice of rows has something to score.
uint32_t InventWeight(const Column& weight, Generator& generator) {
  constexpr int64_t kLimitThousandths = 4'000'000'000;
  return static_cast<uint32_t>(
      std::clamp<int64_t>(InventMillionths(weight, generator) / 1000, 1, kLimitThousandths));
}

// `weight` is null where all rows count the same.
absl::Status WriteInventedLabels(const Column& label, const Column* weight, const MockRows& rows,
                                 Generator& generator, const std::string& path) {
  ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(path, 0600));
  int64_t public_left = rows.public_rows;
  const int64_t count = rows.public_rows + rows.final_rows;
  for (int64_t row = 0; row < count; ++row) {
    // Selection sampling (Knuth, TAOCP 2, 3.4.2 S): each choice of public rows is as likely.
    const bool is_public = generator.Between(1, count - row) <= public_left;
    if (is_public) --public_left;
    const int64_t value = InventMillionths(label, generator);
    RETURN_IF_ERROR(
        WriteLabel(file, value, is_public ? ScoredSet::kPublic : ScoredSet::kFinal,
                   weight == nullptr ? kOneRowThousandths : InventWeight(*weight, generator)));
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
      if (!column.range.has_value() || !IsWholeType(column.type)) continue;
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
    RETURN_IF_ERROR(WriteInvented({.name = table.name, .columns = table.columns, .places = {}},
                                  target ? rows.train : rows.other_table, generator, view));
    if (!target) continue;
    const auto label = std::ranges::find(table.columns, shape.label, &Column::name);
    const auto weight = std::ranges::find(table.columns, shape.weight, &Column::name);
    RETURN_IF_ERROR(WriteInventedLabels(*label, weight == table.columns.end() ? nullptr : &*weight,
                                        rows, generator, staged.Path(kLabelsFile)));
    std::vector<Column> known = table.columns;
    std::erase_if(known, [&shape](const Column& column) {
      return column.name == shape.label || column.name == shape.weight;
    });
    RETURN_IF_ERROR(WriteInvented({.name = "predict",
                                   .columns = std::move(known),
                                   .places = {},
                                   .row_numbers = RowNumbers::kFirstColumn},
                                  rows.public_rows + rows.final_rows, generator, view));
  }
  return view.Finish(shape);
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
