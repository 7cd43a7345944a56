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
        Change{"missing_file", "file = \"ratings.csv\"", "", "the key \"file\" is missing"},
        Change{"bad_id", "\"movielens\"", "\"Movie Lens\"", "x.toml:1: \"dataset\" is an id"},
        Change{"version_text", "version = 2", "version = \"2\"",
               "x.toml:2: \"version\" must be an integer from 1"},
        Change{"version_zero", "version = 2", "version = 0", "x.toml:2: "},
        Change{"no_budget", "budget_bits = 8192", "budget_bits = 0", "x.toml:4: "},
        Change{"deployment", "\"two-machine\"", "\"cloud\"", "x.toml:3: "},
        Change{"target_text", "target = \"ratings\"", "target = 7", "x.toml:5: "},
        Change{"target_unknown", "target = \"ratings\"", "target = \"tags\"",
               "x.toml:5: the target \"tags\" is not among the tables"},
        Change{"split_is_label", "split = \"split\"", "split = \"rating\"", "x.toml:7: "},
        Change{"column_type", "\"i32\"", "\"int\"", "x.toml:14: \"int\" is not a column type"},
        Change{"column_no_text", "\"i32\"", "32", "x.toml:14: "},
        Change{"range_backwards", "[0.5..5]", "[5..0.5]", "x.toml:15: "},
        Change{"range_open", "[0.5..5]", "[0.5..5", "x.toml:15: "},
        Change{"range_of_text", "f64[0.5..5]", "str[0..5]", "x.toml:15: "},
        Change{"table_twice", "\"movies\"", "\"ratings\"", "table \"ratings\" stands twice"},
        Change{"single_brackets", "[[table]]\nname = \"ratings\"", "[table]\nname = \"ratings\"",
               "x.toml:"}),
    [](const auto& tested) { return tested.param.name; });

TEST(ImportSpec, NeedsATable) {
  const std::string text(kWhole, std::string(kWhole).find("[[table]]"));
  EXPECT_TRUE(absl::IsInvalidArgument(ParseImportSpec(text, "x.toml").status()));
}

TEST(ImportSpec, NamesAMissingFile) {
  EXPECT_TRUE(absl::IsNotFound(ReadImportSpec("/nonexistent/x.toml").status()));
}

}  // namespace
}  // namespace pinhole::dataset
