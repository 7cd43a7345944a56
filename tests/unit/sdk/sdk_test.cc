// The C++ model header against columns that this test writes itself, byte by byte, as MODEL.md
// describes them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "pinhole/model.h"

namespace pinhole::model {
namespace {

using std::string_literals::operator""s;

constexpr auto kFailed = [](int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 2; };

class SdkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "sdk_test_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // `path` is below columns/.
  void Write(const std::string& path, std::string_view bytes) {
    const std::filesystem::path file = folder_ / "columns" / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
  }

  Columns Data() const { return Columns(folder_.string()); }

  // What `use` makes Predictions write.
  template <class Use>
  std::string Written(Format format, size_t rows, size_t values_per_row, Use use) {
    const std::filesystem::path file = folder_ / "out";
    const int descriptor = ::open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    EXPECT_GE(descriptor, 0);
    Predictions out(rows, format, values_per_row, descriptor);
    use(out);
    out.Finish();
    ::close(descriptor);
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }

  std::filesystem::path folder_;
};
using SdkDeathTest = SdkTest;

TEST_F(SdkTest, ReadsEveryStoredType) {
  struct Case {
    const char* type;
    std::string bytes;  // two elements, little-endian
    std::vector<double> values;
  };
  for (const Case& c : {
           Case{"i8", "\x01\xff"s, {1, -1}},
           Case{"i16", "\x01\x02\xfe\xff"s, {513, -2}},
           Case{"i32", "\x01\0\0\x40\xff\xff\xff\xff"s, {1073741825, -1}},
           Case{"i64", "\0\0\0\0\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"s, {4294967296, -1}},
           Case{"f32", "\0\0\x60\x40\0\0\0\xbf"s, {3.5, -0.5}},
           Case{"f64", "\0\0\0\0\0\0\x0c\x40\0\0\0\0\0\0\xe0\xbf"s, {3.5, -0.5}},
       }) {
    SCOPED_TRACE(c.type);
    Write("t/"s + c.type + "_column." + c.type, c.bytes);
    const NumberColumn column = Data().Numbers("t", c.type + "_column"s);
    EXPECT_EQ(column.size(), 2u);
    EXPECT_EQ(ElementTypeName(column.type()), c.type);
    EXPECT_EQ(column.As<double>(), c.values);
    EXPECT_EQ(column.At<double>(1), c.values[1]);
    EXPECT_FALSE(column.HasNulls());
  }
}

TEST_F(SdkTest, ViewsAColumnWithoutCopyingAndOutlivesColumns) {
  Write("ratings/userId.i32", "\x07\0\0\0\x09\0\0\0"s);
  const NumberColumn column = Data().Numbers("ratings", "userId");
  const std::span<const int32_t> view = column.View<int32_t>();
  ASSERT_EQ(view.size(), 2u);
  EXPECT_EQ(view[1], 9);
  EXPECT_EQ(view.data(), column.View<int32_t>().data());
}

TEST_F(SdkTest, ReadsTextsByTheirOffsets) {
  Write("movies/title.offsets.i64",
        "\0\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0"s);
  Write("movies/title.bytes", "abc\xc3\xa9");
  Write("movies/title.valid.i8", "\x01\0\x01"s);
  const TextColumn titles = Data().Texts("movies", "title");
  ASSERT_EQ(titles.size(), 3u);
  EXPECT_EQ(titles.At(0), "abc");
  EXPECT_EQ(titles.At(1), "");
  EXPECT_EQ(titles.At(2), "\xc3\xa9");
  EXPECT_FALSE(titles.IsNull(0));
  EXPECT_TRUE(titles.IsNull(1));
}

TEST_F(SdkTest, KnowsNullsAndRowCounts) {
  Write("links/tmdbId.i32", "\x01\0\0\0\0\0\0\0"s);
  Write("links/tmdbId.valid.i8", "\x01\0"s);
  const NumberColumn column = Data().Numbers("links", "tmdbId");
  EXPECT_TRUE(column.HasNulls());
  EXPECT_FALSE(column.IsNull(0));
  EXPECT_TRUE(column.IsNull(1));

  Write("predict/row.i64", std::string(24, '\0'));
  EXPECT_EQ(Data().PredictRows(), 3u);
  Write("empty/column.f64", "");
  EXPECT_EQ(Data().Numbers("empty", "column").size(), 0u);
}

TEST_F(SdkDeathTest, SaysWhatIsWrongWithTheData) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  Write("t/cut.i32", "\x01\0\0\0\x02"s);
  EXPECT_EXIT(Data().Numbers("t", "cut"), kFailed, "cut.i32 has 5 bytes, not a multiple of 4");
  EXPECT_EXIT(Data().Numbers("t", "absent"), kFailed, "no column absent of table t.*schema.json");
  EXPECT_EXIT(Data().Texts("t", "cut"), kFailed, "no column cut of table t");

  Write("t/half.f64", "\0\0\0\0\0\0\xe0\x3f"s);
  const NumberColumn half = Data().Numbers("t", "half");
  EXPECT_EXIT(half.At<int>(0), kFailed, "half.f64: row 0 is 0.5");
  EXPECT_EXIT(half.As<int64_t>(), kFailed, "half.f64: row 0 is 0.5");
  EXPECT_EXIT(half.At<double>(1), kFailed, "row 1 asked for, the column has 1");
  EXPECT_EXIT(half.View<float>(), kFailed, "another type than f64");

  Write("t/wide.i16", "\xff\x7f"s);
  EXPECT_EXIT(Data().Numbers("t", "wide").At<int8_t>(0), kFailed, "wide.i16: row 0 is 32767");
  Write("t/negative.i8", "\xff"s);
  EXPECT_EXIT(Data().Numbers("t", "negative").As<uint32_t>(), kFailed, "row 0 is -1");

  Write("t/name.bytes", "abc");
  Write("t/name.offsets.i64", "\0\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0"s);
  EXPECT_EXIT(Data().Texts("t", "name"), kFailed, "offsets must run from 0 to its 3 bytes");
  EXPECT_EXIT(Data().Numbers("t", "name"), kFailed, "holds texts; open it with Texts");
  Write("t/name.offsets.i64", "\0\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0"s);
  EXPECT_EXIT(Data().Texts("t", "name"), kFailed, "offsets do not rise");
  Write("t/half.valid.i8", "\x01\x01"s);
  EXPECT_EXIT(Data().Numbers("t", "half"), kFailed, "has 2 rows, its column 1");
}

TEST_F(SdkTest, WritesPredictionsInEachForm) {
  const auto two = [](Predictions& out) {
    out.Add(3.5);
    out.Add(-0.1);
  };
  EXPECT_EQ(Written(Format::kText, 2, 1, two), "3.5\n-0.1\n");
  EXPECT_EQ(Written(Format::kText, 1, 2, two), "3.5 -0.1\n");
  EXPECT_EQ(Written(Format::kF32, 2, 1, two), "PINHOLE1\0\0\x60\x40\xcd\xcc\xcc\xbd"s);
  EXPECT_EQ(Written(Format::kF64, 1, 2, two),
            "PINHOLE1\0\0\0\0\0\0\x0c\x40\x9a\x99\x99\x99\x99\x99\xb9\xbf"s);
  EXPECT_EQ(Written(Format::kText, 0, 1, [](Predictions&) {}), "");
}

TEST_F(SdkTest, TextReadsBackExactlyInAtMostFortyCharacters) {
  const std::vector<double> values = {
      0.1,  1.0 / 3,           -2.2250738585072014e-308,          5e-324, 1e23, 4.35,
      -0.0, 3.501556983616962, std::numeric_limits<double>::max()};
  const std::string text = Written(Format::kText, values.size(), 1, [&](Predictions& out) {
    for (double value : values) out.Add(value);
  });
  std::istringstream lines(text);
  std::string line;
  for (double value : values) {
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_LE(line.size(), 40u);
    double read = 0;
    const auto end = std::from_chars(line.data(), line.data() + line.size(), read);
    EXPECT_TRUE(end.ec == std::errc() && end.ptr == line.data() + line.size()) << line;
    EXPECT_EQ(read, value) << line;
  }
}

TEST_F(SdkTest, WritesMoreThanOneBuffer) {
  constexpr size_t kRows = 50'000;
  const std::string text = Written(Format::kText, kRows, 1, [](Predictions& out) {
    for (size_t row = 0; row < out.rows(); ++row) out.Add(static_cast<double>(row));
  });
  std::istringstream lines(text);
  double value = -1;
  size_t row = 0;
  for (; lines >> value; ++row) ASSERT_EQ(value, static_cast<double>(row));
  EXPECT_EQ(row, kRows);
}

TEST_F(SdkDeathTest, RefusesPredictionsThatWouldFailTheRun) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Predictions out(2);
  out.Add(1);
  EXPECT_EXIT(out.Add(kNan), kFailed, "the prediction for row 1 is nan");
  EXPECT_EXIT(out.Add(-kInfinity), kFailed, "the prediction for row 1 is -inf");
  EXPECT_EXIT(out.Finish(), kFailed, "1 predictions were given, 2 are needed");
  out.Add(2);
  EXPECT_EXIT(out.Add(3), kFailed, "more predictions than the 2 rows asked for");
  EXPECT_EXIT(Predictions(1, Format::kF32).Add(1e39), kFailed, "row 0 is too large for f32");
  EXPECT_EXIT(Predictions(1, Format::kText, 0), kFailed, "one prediction or more");
  EXPECT_EXIT(Predictions(1, Format::kText, 1, -1).Finish(), kFailed, "0 predictions were given");
  const auto closed = [] {
    Predictions lost(1, Format::kText, 1, -1);
    lost.Add(1);
    lost.Finish();
  };
  EXPECT_EXIT(closed(), kFailed, "write the predictions: Bad file descriptor");
}

}  // namespace
}  // namespace pinhole::model
