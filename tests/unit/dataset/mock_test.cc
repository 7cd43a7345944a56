// Invented data have the declared shape and keep the public ranges.
#include "server/dataset/mock.h"

#include "tests/unit/dataset/dataset_fixture.h"

namespace pinhole::dataset {
namespace {

contest::DataShape Shape() {
  const absl::StatusOr<contest::DataShape> shape = contest::ParseShape(
      "movies(movieId:i32[1..9],title:str);"
      "ratings(userId:i16[-3..4],movieId:i32[1..9],rating:f32[0.5..5],weight:f64,flag:i8)",
      "ratings", "rating");
  EXPECT_TRUE(shape.ok()) << shape.status();
  return *shape;
}

constexpr MockRows kRows = {.train = 500, .public_rows = 70, .final_rows = 30, .other_table = 40};

TEST_F(DatasetTest, MockHasTheLayoutOfAnImport) {
  ASSERT_TRUE(MakeMock(Shape(), kRows, 7, Path("mock")).ok());
  const std::string database = Path("mock/view/contest.db");
  EXPECT_EQ(Query(database, "SELECT count(*) FROM ratings", 1), (Rows{{"500"}}));
  EXPECT_EQ(Query(database, "SELECT count(*), min(row), max(row) FROM predict", 3),
            (Rows{{"100", "0", "99"}}));
  EXPECT_EQ(Query(database, "SELECT count(*), count(title) FROM movies", 2), (Rows{{"40", "40"}}));
  EXPECT_EQ(Query(database, "SELECT group_concat(name) FROM pragma_table_info('predict')", 1),
            (Rows{{"row,userId,movieId,weight,flag"}}));

  const std::vector<Label> labels = ReadLabels(Path("mock/truth/labels.rows"));
  ASSERT_EQ(labels.size(), 100u);
  EXPECT_EQ(std::ranges::count(labels, 0, &Label::set), 70);
  EXPECT_EQ(std::ranges::count(labels, 1, &Label::set), 30);
  for (const Label& label : labels) {
    EXPECT_GE(label.millionths, 500'000);
    EXPECT_LE(label.millionths, 5'000'000);
  }
  EXPECT_FALSE(std::filesystem::exists(Path("mock/view/columns/predict/rating.f32")));
}

TEST_F(DatasetTest, MockHasDatesAndWeights) {
  const absl::StatusOr<contest::DataShape> shape = contest::ParseShape(
      "visit(cost:f64,day:date[1969-12-30..1970-01-02],born:date,count:f32[0..3],id:i64)", "visit",
      "cost", "count");
  ASSERT_TRUE(shape.ok()) << shape.status();
  ASSERT_TRUE(MakeMock(*shape, kRows, 7, Path("mock")).ok());
  const std::string database = Path("mock/view/contest.db");
  EXPECT_EQ(Query(database, "SELECT min(day), max(day), count(DISTINCT day) FROM visit", 3),
            (Rows{{"1969-12-30", "1970-01-02", "4"}}));
  EXPECT_EQ(
      Query(database, "SELECT min(born) >= '2000-01-01', max(born) <= '2019-12-31' FROM visit", 2),
      (Rows{{"1", "1"}}));
  EXPECT_EQ(Query(database, "SELECT group_concat(name) FROM pragma_table_info('predict')", 1),
            (Rows{{"row,day,born,id"}}));
  uint32_t least = UINT32_MAX;
  uint32_t most = 0;
  for (const Label& label : ReadLabels(Path("mock/truth/labels.rows"))) {
    least = std::min(least, label.weight_thousandths);
    most = std::max(most, label.weight_thousandths);
  }
  EXPECT_GE(least, 1u);
  EXPECT_GT(most, 2'000u);
  EXPECT_LE(most, 3'000u);
}

TEST_F(DatasetTest, MockReachesBothEndsOfARangeAndNeverLeavesIt) {
  ASSERT_TRUE(MakeMock(Shape(), kRows, 7, Path("mock")).ok());
  const std::string columns = Path("mock/view/columns/ratings/");
  const auto users = ReadPacked<int16_t>(columns + "userId.i16");
  EXPECT_EQ(std::ranges::min(users), -3);
  EXPECT_EQ(std::ranges::max(users), 4);
  const auto ratings = ReadPacked<float>(columns + "rating.f32");
  EXPECT_GE(std::ranges::min(ratings), 0.5F);
  EXPECT_LE(std::ranges::max(ratings), 5.0F);
  EXPECT_GT(std::ranges::max(ratings) - std::ranges::min(ratings), 4.0F);
}

TEST_F(DatasetTest, MockIsAFunctionOfItsSeed) {
  ASSERT_TRUE(MakeMock(Shape(), kRows, 7, Path("one")).ok());
  ASSERT_TRUE(MakeMock(Shape(), kRows, 7, Path("two")).ok());
  ASSERT_TRUE(MakeMock(Shape(), kRows, 8, Path("other")).ok());
  EXPECT_EQ(SlurpTree(Path("one")), SlurpTree(Path("two")));
  EXPECT_NE(SlurpTree(Path("one")), SlurpTree(Path("other")));
}

TEST_F(DatasetTest, MockRefusesWhatItCannotInvent) {
  contest::DataShape shape = Shape();
  EXPECT_TRUE(absl::IsInvalidArgument(MakeMock(shape, {.train = 0}, 7, Path("mock"))));
  EXPECT_TRUE(absl::IsInvalidArgument(MakeMock(shape, {.other_table = -1}, 7, Path("mock"))));
  shape.tables[0].columns[0].range = {.low = 1'200'000, .high = 1'800'000};
  EXPECT_TRUE(absl::IsInvalidArgument(MakeMock(shape, kRows, 7, Path("mock"))));
  shape = Shape();
  shape.label = "title";
  EXPECT_TRUE(absl::IsInvalidArgument(MakeMock(shape, kRows, 7, Path("mock"))));
  EXPECT_TRUE(Names().empty());
  std::filesystem::create_directory(Path("mock"));
  EXPECT_TRUE(absl::IsAlreadyExists(MakeMock(Shape(), kRows, 7, Path("mock"))));
}

}  // namespace
}  // namespace pinhole::dataset
