// The import's TOML file: what is read, and what is refused at which line.
#include "server/dataset/import_spec.h"

#include "tests/unit/dataset/dataset_fixture.h"

namespace pinhole::dataset {
namespace {

constexpr char kWhole[] = R"(dataset = "movielens"
version = 2
deployment = "two-machine"
budget_bits = 8192
target = "ratings"
label = "rating"
split = "split"
person = "userId"

[[table]]
name = "ratings"
file = "ratings.csv"
[table.columns]
userId = "i32"
rating = "f64[0.5..5]"

[[table]]
name = "movies"
file = "/elsewhere/movies.csv"
)";

TEST(ImportSpec, ReadsEveryKey) {
  const absl::StatusOr<ImportSpec> spec = ParseImportSpec(kWhole, "data/import.toml");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->dataset, "movielens");
  EXPECT_EQ(spec->version, 2);
  EXPECT_EQ(spec->deployment, contest::Deployment::kTwoMachine);
  EXPECT_EQ(spec->budget_bits, 8192);
  EXPECT_EQ(spec->target, "ratings");
  EXPECT_EQ(spec->label, "rating");
  EXPECT_EQ(spec->split, "split");
  EXPECT_EQ(spec->person, "userId");
  EXPECT_FALSE(spec->weight.has_value());
  ASSERT_EQ(spec->tables.size(), 2u);
  EXPECT_EQ(spec->tables[0].name, "ratings");
  EXPECT_EQ(spec->tables[0].file, "data/ratings.csv");
  EXPECT_EQ(spec->tables[0].columns.at("userId").type, contest::ColumnType::kI32);
  EXPECT_EQ(spec->tables[0].columns.at("rating").range,
            (contest::PublicRange{.low = 500'000, .high = 5'000'000}));
  EXPECT_EQ(spec->tables[1].file, "/elsewhere/movies.csv");
  EXPECT_TRUE(spec->tables[1].columns.empty());
}

struct Change {
  const char* name;
  const char* from;
  const char* to;
  const char* message;  // a part of it
};

class ImportSpecRefuses : public testing::TestWithParam<Change> {};

TEST_P(ImportSpecRefuses, Change) {
  std::string text = kWhole;
  const size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::strlen(GetParam().from), GetParam().to);
  const absl::Status status = ParseImportSpec(text, "x.toml").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_NE(status.message().find(GetParam().message), std::string::npos) << status;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ImportSpecRefuses,
    testing::Values(
        Change{"bad_toml", "version = 2", "version = ", "x.toml:2: "},
        Change{"unknown_key", "version = 2", "version = 2\nbudget = 5",
               "x.toml:3: unknown key \"budget\"; known here: dataset"},
        Change{"unknown_table_key", "name = \"movies\"", "name = \"movies\"\nfiles = \"x\"",
               "x.toml:19: unknown key \"files\""},
        Change{"missing", "label = \"rating\"", "", "the key \"label\" is missing"},
        Change{"bad_id", "\"movielens\"", "\"Movie Lens\"", "x.toml:1: \"dataset\" is an id"},
        Change{"version_text", "version = 2", "version = \"2\"",
               "x.toml:2: \"version\" must be an integer from 1"},
        Change{"version_zero", "version = 2", "version = 0", "x.toml:2: "},
        Change{"no_budget", "budget_bits = 8192", "budget_bits = 0", "x.toml:4: "},
        Change{"deployment", "\"two-machine\"", "\"cloud\"", "x.toml:3: "},
        Change{"target_text", "target = \"ratings\"", "target = 7", "x.toml:5: "},
        Change{"target_unknown", "target = \"ratings\"", "target = \"tags\"",
               "x.toml:5: the target \"tags\" is not among the tables"},
        Change{"split_is_label", "split = \"split\"", "split = \"rating\"",
               "x.toml:7: \"label\" and \"split\" must be different columns"},
        Change{"person_is_weight", "person = \"userId\"",
               "person = \"userId\"\nweight = \"userId\"",
               "x.toml:9: \"person\" and \"weight\" must be different columns"},
        Change{"shares_beside_split", "person = \"userId\"",
               "shares = {train = 8, public = 1, final = 1}",
               "x.toml:8: \"split\" takes each row's part from the column \"split\" and \"shares\" "
               "gives parts by chance; keep one"},
        Change{"shares_no_table", "split = \"split\"", "shares = 80",
               "x.toml:7: shares are written"},
        Change{"shares_incomplete", "split = \"split\"", "shares = {train = 80, public = 20}",
               "x.toml:7: the key \"final\" is missing"},
        Change{"share_zero", "split = \"split\"", "shares = {train = 80, public = 0, final = 20}",
               "x.toml:7: \"public\" must be an integer from 1"},
        Change{"share_fraction", "split = \"split\"",
               "shares = {train = 0.8, public = 1, final = 1}", "x.toml:7: \"train\" must be an"},
        Change{"share_unknown", "split = \"split\"",
               "shares = {train = 8, public = 1, final = 1, test = 1}", "unknown key \"test\""},
        Change{"share_too_large", "split = \"split\"",
               "shares = {train = 1000001, public = 1, final = 1}", "a share is at most 1000000"},
        Change{"no_source", "file = \"ratings.csv\"\n", "",
               "x.toml:10: table \"ratings\" needs one of \"file\""},
        Change{"two_sources", "file = \"ratings.csv\"",
               "file = \"ratings.csv\"\ndatabase = \"x.db\"", "needs one of \"file\""},
        Change{"table_of_a_file", "file = \"ratings.csv\"", "file = \"ratings.csv\"\ntable = \"t\"",
               "x.toml:13: \"table\" names a table of a"},
        Change{"date_range", "\"i32\"", "\"date[1..2]\"", "x.toml:14: \"1\" is not a date"},
        Change{"column_type", "\"i32\"", "\"int\"", "x.toml:14: \"int\" is not a column type"},
        Change{"column_no_text", "\"i32\"", "32", "x.toml:14: "},
        Change{"range_backwards", "[0.5..5]", "[5..0.5]", "x.toml:15: "},
        Change{"range_open", "[0.5..5]", "[0.5..5", "x.toml:15: "},
        Change{"range_of_text", "f64[0.5..5]", "str[0..5]", "x.toml:15: "},
        Change{"table_twice", "\"movies\"", "\"ratings\"", "table \"ratings\" stands twice"},
        Change{"single_brackets", "[[table]]\nname = \"ratings\"", "[table]\nname = \"ratings\"",
               "x.toml:"}),
    [](const auto& tested) { return tested.param.name; });

TEST(ImportSpec, ReadsSharesWeightDatesAndDatabases) {
  const absl::StatusOr<ImportSpec> spec = ParseImportSpec(R"(dataset = "clinic"
version = 1
deployment = "one-machine"
budget_bits = 100
target = "visit"
label = "cost"
weight = "count"
shares = {train = 6, public = 3, final = 1}
[[table]]
name = "visit"
database = "clinic.db"
[table.columns]
day = "date[2020-01-01..2020-12-31]"
[[table]]
name = "place"
database = "/elsewhere/places.db"
table = "Ort"
)",
                                                          "data/import.toml");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_FALSE(spec->split.has_value());
  EXPECT_FALSE(spec->person.has_value());
  EXPECT_EQ(spec->weight, "count");
  EXPECT_EQ(spec->shares, (Shares{.train = 6, .public_rows = 3, .final_rows = 1}));
  EXPECT_EQ(spec->tables[0].file, "data/clinic.db");
  EXPECT_EQ(spec->tables[0].database_table, "visit");
  EXPECT_EQ(spec->tables[0].columns.at("day").type, contest::ColumnType::kDate);
  EXPECT_EQ(spec->tables[0].columns.at("day").range->low, 18'262 * int64_t{1'000'000});
  EXPECT_EQ(spec->tables[1].file, "/elsewhere/places.db");
  EXPECT_EQ(spec->tables[1].database_table, "Ort");
}

TEST(ImportSpec, SplitsByEightyTenAndTenUnlessToldOtherwise) {
  std::string text = kWhole;
  text.erase(text.find("split = "), std::strlen("split = \"split\""));
  const absl::StatusOr<ImportSpec> spec = ParseImportSpec(text, "x.toml");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_FALSE(spec->split.has_value());
  EXPECT_EQ(spec->shares, (Shares{.train = 80, .public_rows = 10, .final_rows = 10}));
}

TEST(ImportSpec, NeedsATable) {
  const std::string text(kWhole, std::string(kWhole).find("[[table]]"));
  EXPECT_TRUE(absl::IsInvalidArgument(ParseImportSpec(text, "x.toml").status()));
}

TEST(ImportSpec, NamesAMissingFile) {
  EXPECT_TRUE(absl::IsNotFound(ReadImportSpec("/nonexistent/x.toml").status()));
}

}  // namespace
}  // namespace pinhole::dataset
