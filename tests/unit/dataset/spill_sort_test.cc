// Sorting beyond memory, packed rows, and counting persons: the same whatever was put aside.
#include "server/dataset/spill_sort.h"

#include <gmock/gmock.h>

#include <random>

#include "server/dataset/packed_row.h"
#include "server/dataset/person_counter.h"
#include "tests/unit/dataset/dataset_fixture.h"

namespace pinhole::dataset {
namespace {

class SpillSortTest : public DatasetTest {
 protected:
  using Records = std::vector<std::pair<uint64_t, std::string>>;

  Records Sorted(const Records& records, size_t memory_bytes) {
    SpillSort sort(dir_->path(), memory_bytes);
    for (const auto& [key, text] : records) {
      EXPECT_TRUE(sort.Add({.high = key >> 8, .low = key & 0xff}, text).ok());
    }
    EXPECT_TRUE(sort.Seal().ok());
    EXPECT_TRUE(Names().empty()) << "what is put aside has no name";
    Records sorted;
    while (true) {
      const absl::StatusOr<bool> more = sort.Next();
      EXPECT_TRUE(more.ok()) << more.status();
      if (!more.ok() || !*more) return sorted;
      sorted.emplace_back(sort.key().high << 8 | sort.key().low, std::string(sort.record()));
    }
  }
};

TEST_F(SpillSortTest, SortsTheSameInMemoryAndOutOfIt) {
  std::mt19937_64 random(17);
  Records records;
  for (int i = 0; i < 20'000; ++i) {
    records.emplace_back(random() >> 8,
                         std::string(random() % 50, static_cast<char>(random() % 256)));
  }
  records[500].second = std::string(300'000, 'x');  // longer than any buffer
  Records wanted = records;
  std::ranges::sort(wanted);
  EXPECT_TRUE(Sorted(records, size_t{64} << 20) == wanted) << "all in memory";
  EXPECT_TRUE(Sorted(records, size_t{400} << 10) == wanted) << "a few runs";
  // A record or two a run: more runs than one merge takes, twice over.
  records.resize(5'000);
  wanted = records;
  std::ranges::sort(wanted);
  EXPECT_TRUE(Sorted(records, 64) == wanted) << "more runs than a merge takes";
}

TEST_F(SpillSortTest, AlikeKeysStandTogether) {
  Records records;
  for (uint64_t i = 0; i < 3'000; ++i) records.emplace_back(i % 3 << 40, "alike");
  Records wanted = records;
  std::ranges::sort(wanted);
  EXPECT_TRUE(Sorted(records, size_t{1} << 20) == wanted);
}

TEST_F(SpillSortTest, NothingSortsToNothing) { EXPECT_TRUE(Sorted({}, 100).empty()); }

TEST_F(SpillSortTest, NamesAFolderThatIsNotThere) {
  SpillSort sort(Path("none"), 10);
  EXPECT_TRUE(sort.Add({}, "first").ok());
  EXPECT_TRUE(absl::IsNotFound(sort.Add({}, "second")));
}

TEST_F(SpillSortTest, RowsComeBackAsTheyWere) {
  RowBatch batch;
  for (const auto type :
       {contest::ColumnType::kI8, contest::ColumnType::kText, contest::ColumnType::kF32,
        contest::ColumnType::kDate, contest::ColumnType::kI64, contest::ColumnType::kText,
        contest::ColumnType::kI16, contest::ColumnType::kI32, contest::ColumnType::kF64}) {
    batch.columns.emplace_back(type);
  }
  const auto fill = [&](int8_t tiny, std::string_view text, float real, int64_t wide) {
    batch.columns[0].AppendInteger(tiny);
    batch.columns[1].AppendText(text);
    batch.columns[2].AppendReal(real);
    batch.columns[3].AppendInteger(-719'162);
    batch.columns[4].AppendInteger(wide);
    batch.columns[5].AppendMissing();
    batch.columns[6].AppendInteger(-32'768);
    batch.columns[7].AppendMissing();
    batch.columns[8].AppendReal(-0.1);
    ++batch.rows;
  };
  fill(-128, "", 1.5F, INT64_MIN);
  fill(127, std::string_view("a\0b", 3), -2.25F, INT64_MAX);
  RowBatch back;
  for (const ColumnData& column : batch.columns) back.columns.emplace_back(column.type());
  for (size_t row = 0; row < batch.rows; ++row) {
    std::string packed;
    PackRow(batch, row, packed);
    UnpackRow(packed, back);
  }
  ASSERT_EQ(back.rows, 2u);
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    EXPECT_EQ(back.columns[i].rows(), 2u);
    EXPECT_EQ(back.columns[i].AllBytes(), batch.columns[i].AllBytes()) << i;
    for (size_t row = 0; row < 2; ++row) {
      EXPECT_EQ(back.columns[i].IsMissing(row), batch.columns[i].IsMissing(row)) << i;
    }
  }
  EXPECT_EQ(back.columns[1].Text(1), std::string_view("a\0b", 3));
}

TEST_F(SpillSortTest, PersonsAreCountedTheSameBeyondMemory) {
  for (const size_t in_memory : {size_t{1'000'000}, size_t{10}, size_t{1}}) {
    PersonCounter counter(dir_->path(), in_memory);
    for (int round = 0; round < 3; ++round) {
      for (int person = 0; person < 900; ++person) {
        const Digest digest = Sha256("person " + std::to_string(person));
        absl::Status seen;
        if (person < 600) seen.Update(counter.See(digest, Side::kTrain));
        if (person >= 500) seen.Update(counter.See(digest, Side::kScored));
        ASSERT_EQ(seen, absl::OkStatus());
      }
    }
    const absl::StatusOr<PersonOverlap> overlap = counter.Count();
    ASSERT_TRUE(overlap.ok()) << overlap.status();
    EXPECT_EQ(overlap->train, 600) << in_memory;
    EXPECT_EQ(overlap->scored, 400) << in_memory;
    EXPECT_EQ(overlap->both, 100) << in_memory;
  }
}

}  // namespace
}  // namespace pinhole::dataset
