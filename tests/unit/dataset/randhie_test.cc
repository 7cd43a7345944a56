// A second real data set, split by rows: against numbers that Python's csv, hmac and decimal gave.
#include <gmock/gmock.h>

#include <cstdlib>

#include "server/dataset/importer.h"
#include "tests/unit/dataset/dataset_fixture.h"

namespace pinhole::dataset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Randhie : public DatasetTest {
 protected:
  void SetUp() override {
    DatasetTest::SetUp();
    const char* source = std::getenv("PINHOLE_SOURCE");
    ASSERT_NE(source, nullptr) << "run by ctest, or set PINHOLE_SOURCE to the top of the tree";
    folder_ = std::string(source) + "/tests/data/randhie";
  }
  absl::StatusOr<ImportResult> Run(const std::string& spec_path) const {
    const absl::StatusOr<ImportSpec> spec = ReadImportSpec(spec_path);
    if (!spec.ok()) return spec.status();
    return Import(*spec, Path("out"), AsBytes("randhie"));
  }

  std::string folder_;
};

// for i, r in enumerate(csv.DictReader(open("randhie.csv"))):
//     d = hmac.new(b"randhie", b"visits:%d" % i, hashlib.sha256).digest()
//     ticket = int.from_bytes(d[24:], "big") * 100 >> 64   # < 70 train, < 85 public, else final
TEST_F(Randhie, IsSplitAndCountedAsPythonDoes) {
  const auto result = Run(folder_ + "/import.toml");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(contest::FormatTables(result->shape),
            "visits(mdvis:i32[0..77],lncoins:f64[0..5],idp:i8[0..1],lpi:f64,fmde:f64,physlm:f64,"
            "disea:f64,hlthg:i64,hlthf:i64,hlthp:i64)");
  EXPECT_EQ(result->train_rows, 14'079);
  EXPECT_EQ(result->public_rows, 3'067);
  EXPECT_EQ(result->final_rows, 3'044);
  EXPECT_EQ(result->train_labels.sum(), 40'429 * int64_t{1'000'000});
  EXPECT_EQ(result->train_labels.Mean(), 2'871'582);
  EXPECT_EQ(result->train_labels.Majority(), 0);
  EXPECT_EQ(result->tables[0].rows, 20'190);
  EXPECT_EQ(result->tables[0].nulls, std::vector<int64_t>(10, 0));

  std::map<int, std::pair<int64_t, int64_t>> rows_and_sum;
  for (const Label& label : ReadLabels(Path("out/truth/labels.rows"))) {
    ++rows_and_sum[label.set].first;
    rows_and_sum[label.set].second += label.millionths;
  }
  EXPECT_EQ(rows_and_sum[0], (std::pair<int64_t, int64_t>{3'067, 8'755'000'000}));
  EXPECT_EQ(rows_and_sum[1], (std::pair<int64_t, int64_t>{3'044, 8'568'000'000}));

  // sum(Decimal(r["physlm"])) over all rows, training and scored.
  const Rows sums = Query(Path("out/view/contest.db"),
                          "SELECT printf('%.7f', (SELECT sum(physlm) FROM visits) + (SELECT "
                          "sum(physlm) FROM predict)), (SELECT sum(hlthg) FROM visits) + (SELECT "
                          "sum(hlthg) FROM predict)",
                          2);
  EXPECT_EQ(sums, (Rows{{"2493.4700952", "7309"}}));
}

TEST_F(Randhie, SpoiltCopiesAreRefusedWhereTheyAreSpoilt) {
  const std::string whole = Slurp(folder_ + "/randhie.csv");
  Put("import.toml", Slurp(folder_ + "/import.toml"));
  const auto line = [&whole](int number) {  // where it begins
    size_t at = 0;
    for (int i = 1; i < number; ++i) at = whole.find('\n', at) + 1;
    return at;
  };
  const struct {
    const char* name;
    size_t at;
    size_t erased;
    std::string put;
    const char* message;
  } cases[] = {
      {"text_in_a_number", line(15'000), 1, "x", "randhie.csv:15000:1: \"x\" is not an i32"},
      {"out_of_range", line(20'191), 0, "9", "randhie.csv:20191:1: \""},
      {"field_lost", whole.size() - 3, 2, "", "randhie.csv:20191:1: the record has 9 fields, the "},
      {"quote", line(777) + 1, 0, "\"", "randhie.csv:777:2: a quote inside an unquoted field"},
      {"nul", line(9'999), 1, std::string(1, '\0'), "randhie.csv:9999:1: a NUL byte"},
      {"label_missing_column", 0, 5, "visit", "no column \"mdvis\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::string text = whole;
    Put("randhie.csv", text.replace(c.at, c.erased, c.put));
    const absl::Status status = Run(Path("import.toml")).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
    EXPECT_THAT(Names(), ElementsAre("import.toml", "randhie.csv"));
  }
}

}  // namespace
}  // namespace pinhole::dataset
