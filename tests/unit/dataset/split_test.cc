// Splits by keyed hash, weights and dates: what an import decides by itself.
#include <gmock/gmock.h>

#include <set>

#include "server/core/base/date.h"
#include "server/dataset/importer.h"
#include "server/dataset/row_keys.h"
#include "tests/unit/dataset/dataset_fixture.h"

namespace pinhole::dataset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kHead[] = R"(dataset = "small"
version = 1
deployment = "one-machine"
budget_bits = 100
target = "visit"
label = "cost"
)";
constexpr char kTable[] = R"([[table]]
name = "visit"
file = "visit.csv"
)";

class SplitTest : public DatasetTest {
 protected:
  absl::StatusOr<ImportResult> Run(const std::string& keys, const std::string& columns = "",
                                   const std::string& key = "k") {
    const absl::StatusOr<ImportSpec> spec =
        ParseImportSpec(kHead + keys + kTable + columns, Path("spec.toml"));
    if (!spec.ok()) return spec.status();
    return Import(*spec, Path("out-" + key), AsBytes(key));
  }
  std::string Database(const std::string& key = "k") const {
    return Path("out-" + key + "/view/contest.db");
  }
};

std::string Visits(int count, int persons) {
  std::string text = "id,who,cost\n";
  for (int i = 0; i < count; ++i) {
    text +=
        std::to_string(i) + "," + std::to_string(i % persons) + "," + std::to_string(i) + ".5\n";
  }
  return text;
}

TEST(PartOf, CutsTheLastEightBytesInShares) {
  const Shares shares{.train = 2, .public_rows = 1, .final_rows = 1};
  const struct {
    const char* tail;
    Part part;
  } cases[] = {{"0000000000000000", Part::kTrain},  {"7fffffffffffffff", Part::kTrain},
               {"8000000000000000", Part::kPublic}, {"bfffffffffffffff", Part::kPublic},
               {"c000000000000000", Part::kFinal},  {"ffffffffffffffff", Part::kFinal}};
  for (const auto& c : cases) {
    const auto digest = HexDecodeArray<32>(std::string(48, 'a') + c.tail);
    ASSERT_TRUE(digest.ok());
    EXPECT_EQ(PartOf(*digest, shares), c.part) << c.tail;
  }
}

TEST(RowKeys, AreHmacsOfTableAndRowOrPerson) {
  RowKeys keys(AsBytes("key"), "visit");
  EXPECT_EQ(keys.OfRow(17), HmacSha256(AsBytes("key"), AsBytes("visit:17")));
  EXPECT_EQ(keys.OfPerson("Ann"), HmacSha256(AsBytes("key"), AsBytes("visit:person:Ann")));
}

TEST_F(SplitTest, ByRowIsAsTheHashSays) {
  Put("visit.csv", Visits(1000, 1000));
  const auto result = Run("");
  ASSERT_TRUE(result.ok()) << result.status();
  // The same by this test's own reading of the rule: 80, 10 and 10 of 100.
  std::map<Part, std::set<std::string>> wanted;
  for (int i = 0; i < 1000; ++i) {
    const Digest digest = HmacSha256(AsBytes("k"), AsBytes("visit:" + std::to_string(i)));
    double fraction = 0;
    for (size_t byte = 32; byte-- > 24;) fraction = (fraction + digest[byte]) / 256;
    wanted[fraction < 0.8   ? Part::kTrain
           : fraction < 0.9 ? Part::kPublic
                            : Part::kFinal]
        .insert(std::to_string(i));
  }
  EXPECT_EQ(result->train_rows, static_cast<int64_t>(wanted[Part::kTrain].size()));
  EXPECT_EQ(result->public_rows, static_cast<int64_t>(wanted[Part::kPublic].size()));
  EXPECT_EQ(result->final_rows, static_cast<int64_t>(wanted[Part::kFinal].size()));
  EXPECT_FALSE(result->persons.has_value());
  std::set<std::string> train;
  for (const auto& row : Query(Database(), "SELECT id FROM visit", 1)) train.insert(*row[0]);
  EXPECT_EQ(train, wanted[Part::kTrain]);
  const Rows predict = Query(Database(), "SELECT id FROM predict ORDER BY row", 1);
  const std::vector<Label> labels = ReadLabels(Path("out-k/truth/labels.rows"));
  ASSERT_EQ(predict.size(), labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string id = *predict[i][0];
    EXPECT_EQ(labels[i].set, wanted[Part::kFinal].count(id)) << id;
    EXPECT_EQ(labels[i].millionths, std::stoll(id) * 1'000'000 + 500'000);
  }
}

TEST_F(SplitTest, ByPersonKeepsAPersonTogether) {
  Put("visit.csv", Visits(5000, 200));
  const auto result = Run("person = \"who\"\nshares = {train = 2, public = 1, final = 1}\n");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_TRUE(result->persons.has_value());
  EXPECT_EQ(result->persons->both, 0);
  EXPECT_EQ(result->persons->train + result->persons->scored, 200);
  EXPECT_EQ(
      Query(Database(), "SELECT count(*) FROM visit WHERE who IN (SELECT who FROM predict)", 1),
      (Rows{{"0"}}));
  // Public and final do not share a person either.
  const Rows predict = Query(Database(), "SELECT who FROM predict ORDER BY row", 1);
  const std::vector<Label> labels = ReadLabels(Path("out-k/truth/labels.rows"));
  std::map<std::string, std::set<int>> sets;
  for (size_t i = 0; i < labels.size(); ++i) sets[*predict[i][0]].insert(labels[i].set);
  EXPECT_EQ(sets.size(), static_cast<size_t>(result->persons->scored));
  for (const auto& [who, of] : sets) EXPECT_EQ(of.size(), 1u) << who;
  // Each share within five standard deviations of a binomial with 200 tries.
  EXPECT_NEAR(static_cast<double>(result->persons->train), 100, 36);
  EXPECT_NEAR(static_cast<double>(result->public_rows) / 25, 50, 31);
  EXPECT_NEAR(static_cast<double>(result->final_rows) / 25, 50, 31);
}

TEST_F(SplitTest, APersonIsAValueNotASpelling) {
  std::string text = "who,cost\n";
  for (int i = 0; i < 100; ++i) {
    text += std::to_string(i) + ",1\n00" + std::to_string(i) + ",2\n";
  }
  Put("visit.csv", text);
  const auto result = Run("person = \"who\"\n", "[table.columns]\nwho = \"i32\"\n");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->persons->train + result->persons->scored, 100);
  EXPECT_EQ(result->persons->both, 0);
}

TEST_F(SplitTest, OtherKeyOtherSplit) {
  Put("visit.csv", Visits(1000, 1000));
  ASSERT_TRUE(Run("", "", "one").ok());
  ASSERT_TRUE(Run("", "", "two").ok());
  EXPECT_NE(Query(Database("one"), "SELECT id FROM predict ORDER BY id", 1),
            Query(Database("two"), "SELECT id FROM predict ORDER BY id", 1));
}

TEST_F(SplitTest, RowsWithoutLabelAreTrainingRows) {
  std::string text = "id,cost\n";
  for (int i = 0; i < 400; ++i) text += std::to_string(i) + (i % 2 == 0 ? ",1\n" : ",\n");
  Put("visit.csv", text);
  const auto result = Run("");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Query(Database(), "SELECT count(*) FROM visit WHERE cost IS NULL", 1), (Rows{{"200"}}));
  EXPECT_EQ(result->train_labels.count() + result->public_rows + result->final_rows, 200);
  EXPECT_EQ(result->tables[0].nulls, (std::vector<int64_t>{0, 200}));
}

TEST_F(SplitTest, BadRowsAreNamedAndLeaveNothing) {
  std::string scored_without_label = "who,cost\n";
  for (int i = 0; i < 200; ++i)
    scored_without_label += std::to_string(i) + (i == 0 ? ",1\n" : ",\n");
  const struct {
    const char* name;
    std::string keys;
    std::string visits;
    const char* message;
  } cases[] = {
      {"no_person", "person = \"who\"\n", "who,cost\n1,1\n,2\n",
       "visit.csv:3:1: the split is by person and this row names none"},
      {"scored_without_label", "person = \"who\"\n", scored_without_label,
       "the row's person is among those who are scored"},
      {"too_few_rows", "", "who,cost\n1,1\n", "each needs at least one"},
      {"weight_negative", "weight = \"w\"\n", "w,cost\n1,1\n-1,2\n",
       "visit.csv:3:1: a weight is a number from 0 to 4000000"},
      {"weight_fine", "weight = \"w\"\n", "w,cost\n1.0001,1\n", "visit.csv:2:1: a weight"},
      {"weight_large", "weight = \"w\"\n", "w,cost\n4000000.001,1\n", "visit.csv:2:1: a weight"},
      {"weight_missing", "weight = \"w\"\n", "w,cost\n1,1\n,1\n", "visit.csv:3:1: a weight"},
      {"weight_text", "weight = \"w\"\n", "w,cost\nx,1\n", "\"w\""},
      {"weight_absent", "weight = \"v\"\n", "w,cost\n1,1\n", "no column \"v\""},
      {"nothing_to_score", "weight = \"w\"\nsplit = \"part\"\n",
       "w,cost,part\n1,1,train\n0,1,public\n1,1,final\n", "every public row has weight 0"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Put("visit.csv", c.visits);
    const absl::Status status = Run(c.keys).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
    EXPECT_THAT(Names(), ElementsAre("visit.csv"));
  }
}

TEST_F(SplitTest, WeightsStayWithTheTrainingRows) {
  Put("visit.csv",
      "id,w,cost,part\n1,2,1,train\n2,0,2,train\n3,1.25,3,public\n4,4000000,4,final\n5,0,5,"
      "final\n");
  const auto result = Run("weight = \"w\"\nsplit = \"part\"\n");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->shape.weight, "w");
  EXPECT_EQ(Query(Database(), "SELECT id, w, cost FROM visit ORDER BY id", 3),
            (Rows{{"1", "2.0", "1"}, {"2", "0.0", "2"}}));
  EXPECT_EQ(Query(Database(), "SELECT group_concat(name) FROM pragma_table_info('predict')", 1),
            (Rows{{"row,id"}}));
  EXPECT_FALSE(std::filesystem::exists(Path("out-k/view/columns/predict/w.f64")));
  std::vector<Label> labels = ReadLabels(Path("out-k/truth/labels.rows"));
  std::ranges::sort(labels, {}, &Label::millionths);
  EXPECT_EQ(labels, (std::vector<Label>{
                        {3'000'000, 0, 1'250}, {4'000'000, 1, 4'000'000'000}, {5'000'000, 1, 0}}));
  EXPECT_THAT(Slurp(Path("out-k/view/columns/schema.json")), HasSubstr("\"weight\": \"w\""));
}

TEST_F(SplitTest, DatesAreTextInTheDatabaseAndDaysInTheColumns) {
  Put("visit.csv",
      "day,born,mixed,cost,part\n"
      "2020-02-29,1970-01-01,2020-01-01,1,train\n"
      "1969-12-31,,2020-1-1,2,train\n"
      "2020-03-01,0001-01-01,,3,public\n"
      "2020-03-01,9999-12-31,,4,final\n");
  const auto result =
      Run("split = \"part\"\n", "[table.columns]\nday = \"date[1960-01-01..2020-12-31]\"\n");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(contest::FormatTables(result->shape),
            "visit(day:date[1960-01-01..2020-12-31],born:date,mixed:str,cost:i64)");
  EXPECT_EQ(Query(Database(), "SELECT day, born, typeof(day) FROM visit ORDER BY cost", 3),
            (Rows{{"2020-02-29", "1970-01-01", "text"}, {"1969-12-31", std::nullopt, "text"}}));
  EXPECT_EQ(Query(Database(), "SELECT sql FROM sqlite_schema WHERE name = 'predict'", 1),
            (Rows{{"CREATE TABLE \"predict\"(\"row\" INTEGER PRIMARY KEY, \"day\" TEXT, \"born\" "
                   "TEXT, \"mixed\" TEXT) STRICT"}}));
  auto days = ReadPacked<int32_t>(Path("out-k/view/columns/visit/day.i32"));
  std::ranges::sort(days);
  EXPECT_THAT(days, ElementsAre(-1, 18'321));
  auto born = ReadPacked<int32_t>(Path("out-k/view/columns/predict/born.i32"));
  std::ranges::sort(born);
  EXPECT_THAT(born, ElementsAre(kFirstDay, kLastDay));
  EXPECT_EQ(ReadPacked<int8_t>(Path("out-k/view/columns/visit/born.valid.i8")).size(), 2u);
  EXPECT_THAT(
      Slurp(Path("out-k/view/columns/schema.json")),
      HasSubstr("\"name\": \"day\", \"type\": \"i32\", \"nulls\": 0, \"unit\": \"days since "
                "1970-01-01\""));
}

TEST_F(SplitTest, DatesThatAreNoneAreRefused) {
  for (const char* bad : {"2021-02-29", "29.2.2020", "2020-02-29T00:00", "0", "2021-01-01"}) {
    Put("visit.csv", std::string("cost,day\n1,2020-01-01\n2,") + bad + "\n");
    const absl::Status status =
        Run("", "[table.columns]\nday = \"date[1960-01-01..2020-12-31]\"\n").status();
    EXPECT_THAT(std::string(status.message()), HasSubstr("visit.csv:3:3: \"")) << bad;
    EXPECT_THAT(Names(), ElementsAre("visit.csv"));
  }
}

TEST_F(SplitTest, EveryTableIsStrict) {
  Put("visit.csv", Visits(1000, 10));
  Put("place.csv", "name,opened\nNorth,1999-01-01\n");
  ASSERT_TRUE(Run("", "[[table]]\nname = \"place\"\nfile = \"place.csv\"\n").ok());
  EXPECT_EQ(
      Query(Database(),
            "SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite%' ORDER BY "
            "name",
            2),
      (Rows{{"place", "1"}, {"predict", "1"}, {"visit", "1"}}));
}

}  // namespace
}  // namespace pinhole::dataset
