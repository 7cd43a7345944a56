// An import against its source, row for row, and against what must not be in it.
#include "server/dataset/importer.h"

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "server/core/base/sha256.h"
#include "server/dataset/folder.h"
#include "tests/unit/dataset/dataset_fixture.h"

namespace pinhole::dataset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kSpec[] = R"(dataset = "small"
version = 1
deployment = "one-machine"
budget_bits = 100
target = "visit"
label = "cost"
split = "part"
person = "who"
[[table]]
name = "visit"
file = "visit.csv"
[table.columns]
who = "i16"
cost = "f64[-1000000..987654321]"
[[table]]
name = "place"
file = "place.csv"
)";

// CRLF, a byte order mark, a missing value, quoted text with quotes and line ends.
constexpr char kVisits[] =
    "\xEF\xBB\xBFwho,note,part,cost,score\r\n"
    "1,\"said \"\"no\"\"\",train,1.5,0.25\r\n"
    "1,plain,final,987654.321,\r\n"
    "2,\"two\r\nlines\",train,-2.25,1e3\r\n"
    "3,,public,876543.219,-7\r\n"
    "4,\"\",train,3,0.5\r\n"
    "3,\"comma, and \xC3\xA9\",final,765432.198,2\r\n";

constexpr char kPlaces[] = "zip,name,beds\n02138,North,12\n,\"\",\n94110,South,7\n";

class ImportTest : public DatasetTest {
 protected:
  void SetUp() override {
    DatasetTest::SetUp();
    Put("spec.toml", kSpec);
    Put("visit.csv", kVisits);
    Put("place.csv", kPlaces);
  }

  absl::StatusOr<ImportResult> Run(const std::string& destination, const std::string& key = "k") {
    const absl::StatusOr<ImportSpec> spec = ReadImportSpec(Path("spec.toml"));
    if (!spec.ok()) return spec.status();
    return Import(*spec, Path(destination), AsBytes(key));
  }

  ImportResult RunOk(const std::string& destination, const std::string& key = "k") {
    absl::StatusOr<ImportResult> result = Run(destination, key);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *std::move(result) : ImportResult{};
  }

  static std::array<uint8_t, 16> Block(const std::string& key, const std::string& table,
                                       size_t row) {
    const Digest own = HmacSha256(AsBytes(key), AsBytes(table + ":order"));
    std::array<uint8_t, 16> plain{};
    for (size_t i = 0; i < 8; ++i) plain[15 - i] = static_cast<uint8_t>(row >> 8 * i);
    std::array<uint8_t, 16> block{};
    EVP_CIPHER_CTX* const cipher = EVP_CIPHER_CTX_new();
    int written = 0;
    EXPECT_EQ(EVP_EncryptInit_ex(cipher, EVP_aes_256_ecb(), nullptr, own.data(), nullptr), 1);
    EXPECT_EQ(EVP_EncryptUpdate(cipher, block.data(), &written, plain.data(), 16), 1);
    EVP_CIPHER_CTX_free(cipher);
    return block;
  }

  // The rows of kVisits by this test's own reading of what they mean, in the order of AES-256
  // blocks computed here, one at a time.
  static std::vector<size_t> Order(const std::string& key, std::vector<size_t> rows) {
    std::ranges::sort(rows, {}, [&](size_t row) { return Block(key, "visit", row); });
    return rows;
  }
};

const std::vector<std::vector<Cell>> kVisitRows = {
    {"1", "said \"no\"", "1.5", "0.25"},
    {"1", "plain", "987654.321", std::nullopt},
    {"2", "two\r\nlines", "-2.25", "1000.0"},
    {"3", std::nullopt, "876543.219", "-7.0"},
    {"4", "", "3.0", "0.5"},
    {"3", "comma, and \xC3\xA9", "765432.198", "2.0"},
};

TEST_F(ImportTest, ShapeAndCountsAreRight) {
  const ImportResult result = RunOk("out");
  EXPECT_EQ(contest::FormatTables(result.shape),
            "visit(who:i16,note:str,cost:f64[-1000000..987654321],score:f64);"
            "place(zip:str,name:str,beds:i64)");
  EXPECT_EQ(result.shape.target, "visit");
  EXPECT_EQ(result.shape.label, "cost");
  EXPECT_EQ(result.train_rows, 3);
  EXPECT_EQ(result.public_rows, 1);
  EXPECT_EQ(result.final_rows, 2);
  EXPECT_EQ(result.train_labels.sum(), 1'500'000 - 2'250'000 + 3'000'000);
  EXPECT_EQ(result.train_labels.count(), 3);
  EXPECT_EQ(result.train_labels.Majority(), -2'250'000);
  EXPECT_EQ(*BaselinePredictionMillionths(result), 750'000);
  ASSERT_TRUE(result.persons.has_value());
  EXPECT_EQ(result.persons->train, 3);
  EXPECT_EQ(result.persons->scored, 2);
  EXPECT_EQ(result.persons->both, 1);
}

TEST_F(ImportTest, EveryRowIsThereAndInTheOrderOfTheKey) {
  RunOk("out");
  const std::string database = Path("out/view/contest.db");
  Rows train;
  for (const size_t row : Order("k", {0, 2, 4})) train.push_back(kVisitRows[row]);
  EXPECT_EQ(Query(database, "SELECT * FROM visit ORDER BY rowid", 4), train);

  Rows predict;
  std::vector<Label> labels;
  const std::map<size_t, Label> truth = {
      {1, {987'654'321'000, 1}}, {3, {876'543'219'000, 0}}, {5, {765'432'198'000, 1}}};
  for (const size_t row : Order("k", {1, 3, 5})) {
    const auto& cells = kVisitRows[row];
    predict.push_back({std::to_string(predict.size()), cells[0], cells[1], cells[3]});
    labels.push_back(truth.at(row));
  }
  EXPECT_EQ(Query(database, "SELECT * FROM predict ORDER BY row", 4), predict);
  EXPECT_EQ(ReadLabels(Path("out/truth/labels.rows")), labels);

  EXPECT_EQ(
      Query(database, "SELECT * FROM place", 3),
      (Rows{{"02138", "North", "12"}, {std::nullopt, "", std::nullopt}, {"94110", "South", "7"}}));
}

TEST_F(ImportTest, TheDatabaseSaysItsTypes) {
  RunOk("out");
  EXPECT_EQ(Query(Path("out/view/contest.db"), "SELECT sql FROM sqlite_schema ORDER BY name", 1),
            (Rows{{"CREATE TABLE \"place\"(\"zip\" TEXT, \"name\" TEXT, \"beds\" INTEGER) STRICT"},
                  {"CREATE TABLE \"predict\"(\"row\" INTEGER PRIMARY KEY, \"who\" INTEGER, "
                   "\"note\" TEXT, \"score\" REAL) STRICT"},
                  {"CREATE TABLE \"visit\"(\"who\" INTEGER, \"note\" TEXT, \"cost\" REAL, "
                   "\"score\" REAL) STRICT"}}));
}

TEST_F(ImportTest, ColumnsEqualTheDatabase) {
  RunOk("out");
  const std::string database = Path("out/view/contest.db");
  const nlohmann::json schema = nlohmann::json::parse(Slurp(Path("out/view/columns/schema.json")));
  EXPECT_EQ(schema["version"], 1);
  EXPECT_EQ(schema["target"], "visit");
  EXPECT_EQ(schema["label"], "cost");
  size_t files = 1;  // schema.json
  for (const auto& table : schema["tables"]) {
    const std::string name = table["name"];
    for (const auto& column : table["columns"]) {
      const std::string column_name = column["name"];
      const std::string type = column["type"];
      const std::string stem = Path("out/view/columns/" + name + "/" + column_name);
      SCOPED_TRACE(name + "." + column_name);
      Rows wanted =
          Query(database, "SELECT \"" + column_name + "\" FROM \"" + name + "\" ORDER BY rowid", 1);
      ASSERT_EQ(wanted.size(), table["rows"].get<size_t>());

      int64_t nulls = 0;
      std::vector<int8_t> valid(wanted.size(), 1);
      for (size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i][0].has_value()) continue;
        valid[i] = 0;
        ++nulls;
      }
      EXPECT_EQ(column["nulls"], nulls);
      EXPECT_EQ(std::filesystem::exists(stem + ".valid.i8"), nulls > 0);
      if (nulls > 0) {
        EXPECT_EQ(ReadPacked<int8_t>(stem + ".valid.i8"), valid);
        ++files;
      }

      const auto expect_numbers = [&](const auto& values) {
        ASSERT_EQ(values.size(), wanted.size());
        for (size_t i = 0; i < values.size(); ++i) {
          EXPECT_EQ(static_cast<double>(values[i]), std::stod(wanted[i][0].value_or("0")));
        }
      };
      if (type == "str") {
        const std::vector<std::string> texts = ReadTexts(stem);
        ASSERT_EQ(texts.size(), wanted.size());
        for (size_t i = 0; i < texts.size(); ++i) {
          EXPECT_EQ(texts[i], wanted[i][0].value_or(""));
        }
        files += 2;
        continue;
      }
      ++files;
      if (type == "i16") expect_numbers(ReadPacked<int16_t>(stem + ".i16"));
      if (type == "i64") expect_numbers(ReadPacked<int64_t>(stem + ".i64"));
      if (type == "f64") expect_numbers(ReadPacked<double>(stem + ".f64"));
    }
  }
  EXPECT_EQ(SlurpTree(Path("out/view/columns")).size(), files);
}

TEST_F(ImportTest, NoLabelOfAScoredRowIsInTheView) {
  RunOk("out");
  for (const auto& [path, bytes] : SlurpTree(Path("out/view"))) {
    for (const double label : {987654.321, 876543.219, 765432.198}) {
      for (const bool swapped : {false, true}) {
        std::string needle(8, '\0');
        std::memcpy(needle.data(), &label, 8);
        if (swapped) std::ranges::reverse(needle);
        EXPECT_EQ(bytes.find(needle), std::string::npos) << path << " holds " << label;
        int64_t millionths = static_cast<int64_t>(label * 1e6 + 0.5);
        std::memcpy(needle.data(), &millionths, 8);
        if (swapped) std::ranges::reverse(needle);
        EXPECT_EQ(bytes.find(needle), std::string::npos) << path << " holds " << label;
      }
    }
    for (const char* text : {"987654", "876543", "765432", "public", "final", "part"}) {
      EXPECT_EQ(bytes.find(text), std::string::npos) << path << " holds " << text;
    }
  }
  // The search would find one: a training label is there, in the database's byte order and ours.
  const double planted = -2.25;
  std::string needle(8, '\0');
  std::memcpy(needle.data(), &planted, 8);
  EXPECT_NE(Slurp(Path("out/view/columns/visit/cost.f64")).find(needle), std::string::npos);
  std::ranges::reverse(needle);
  EXPECT_NE(Slurp(Path("out/view/contest.db")).find(needle), std::string::npos);
}

TEST_F(ImportTest, ModesKeepTheTruthApart) {
  RunOk("out");
  const std::map<std::string, mode_t> wanted = {
      {"out", 0750},
      {"out/view", 0750},
      {"out/view/contest.db", 0640},
      {"out/view/columns", 0750},
      {"out/view/columns/visit", 0750},
      {"out/view/columns/visit/cost.f64", 0640},
      {"out/truth", 0700},
      {"out/truth/labels.rows", 0600},
  };
  for (const auto& [path, mode] : wanted) {
    struct stat found {};
    ASSERT_EQ(::stat(Path(path).c_str(), &found), 0) << path;
    EXPECT_EQ(found.st_mode & 07777, mode) << path;
  }
  EXPECT_THAT(SlurpTree(Path("out/truth")), testing::SizeIs(1));
}

TEST_F(ImportTest, SameKeySameBytesOtherKeyOtherOrder) {
  // 200 training rows, so that two keys agree on an order with probability 1/200!.
  std::string visits = "who,note,part,cost,score\n1,x,public,1,1\n1,x,final,1,1\n";
  for (int i = 0; i < 200; ++i) visits += "1,x,train," + std::to_string(i) + ",1\n";
  Put("visit.csv", visits);
  RunOk("one", "key");
  RunOk("two", "key");
  RunOk("other", "another");
  EXPECT_EQ(SlurpTree(Path("one")), SlurpTree(Path("two")));
  const auto costs = [&](const std::string& name) {
    return ReadPacked<double>(Path(name + "/view/columns/visit/cost.f64"));
  };
  EXPECT_NE(costs("one"), costs("other"));
  std::vector<double> sorted = costs("one");
  EXPECT_FALSE(std::ranges::is_sorted(sorted));
  std::vector<double> other = costs("other");
  std::ranges::sort(sorted);
  std::ranges::sort(other);
  EXPECT_EQ(sorted, other);
}

TEST_F(ImportTest, CommitmentDependsOnSaltRowsAndLabels) {
  RunOk("one");
  RunOk("two");
  const auto commitment = [&](const std::string& name, const std::string& salt) {
    const absl::StatusOr<Digest> digest = DataCommitment(Path(name), AsBytes(salt));
    EXPECT_TRUE(digest.ok()) << digest.status();
    return *digest;
  };
  const Digest first = commitment("one", "salt");
  EXPECT_EQ(first, commitment("two", "salt"));
  EXPECT_NE(first, commitment("one", "other"));
  EXPECT_EQ(first, Sha256("salt" + std::string(AsText(Sha256(Slurp(Path("one/view/contest.db"))))) +
                          std::string(AsText(Sha256(Slurp(Path("one/truth/labels.rows")))))));
  std::string labels = Slurp(Path("two/truth/labels.rows"));
  labels[0] = static_cast<char>(labels[0] ^ 1);
  Put("two/truth/labels.rows", labels);
  EXPECT_NE(first, commitment("two", "salt"));
}

TEST_F(ImportTest, RefusesAnExistingDestination) {
  std::filesystem::create_directory(Path("out"));
  EXPECT_TRUE(absl::IsAlreadyExists(Run("out").status()));
  EXPECT_TRUE(std::filesystem::is_empty(Path("out")));
}

struct BadSource {
  const char* name;
  const char* file;
  const char* from;
  const char* to;
  const char* message;
};

class ImportRefuses : public ImportTest, public testing::WithParamInterface<BadSource> {};

TEST_P(ImportRefuses, AndLeavesNothing) {
  const BadSource& bad = GetParam();
  std::string text = Slurp(Path(bad.file));
  const size_t at = text.find(bad.from);
  ASSERT_NE(at, std::string::npos);
  Put(bad.file, text.replace(at, std::strlen(bad.from), bad.to));
  const absl::Status status = Run("out").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(bad.message));
  EXPECT_THAT(Names(), ElementsAre("place.csv", "spec.toml", "visit.csv"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, ImportRefuses,
    testing::Values(
        BadSource{"split_word", "visit.csv", "plain,final", "plain,Final",
                  "visit.csv:3:9: the split must be one of train, public, final"},
        BadSource{"split_missing", "visit.csv", "plain,final", "plain,", "visit.csv:3:9: "},
        BadSource{"label_missing", "visit.csv", "876543.219", "",
                  "visit.csv:6:11: a public or final row must have a label"},
        BadSource{"label_inexact", "visit.csv", "876543.219", "0.1234567", "visit.csv:6:11: "},
        BadSource{"label_exponent", "visit.csv", "876543.219", "1e3", "visit.csv:6:11: "},
        BadSource{"train_label_inexact", "visit.csv", "-2.25", "0.1234567", "visit.csv:5:14: "},
        BadSource{"out_of_range", "visit.csv", "-2.25", "-1000000.5",
                  "visit.csv:5:14: \"-1000000.5\" lies outside the declared range"},
        BadSource{"integer_too_large", "visit.csv", "4,\"\"", "40000,\"\"",
                  "visit.csv:7:1: \"40000\" is not an i16, the type of \"who\""},
        BadSource{"text_in_integer", "visit.csv", "4,\"\"", "\"\",\"\"", "visit.csv:7:1: \"\""},
        BadSource{"malformed_last_table", "place.csv", "94110,South", "94110,So\"uth",
                  "place.csv:4:9: "},
        BadSource{"no_public_row", "visit.csv", "public", "final", "0 public"},
        BadSource{"no_split_column", "visit.csv", "part", "parts", "no column \"part\""},
        BadSource{"no_label_column", "visit.csv", "cost", "price", "no column \"cost\""},
        BadSource{"declared_column_absent", "visit.csv", "who", "whom", "no column \"who\""},
        BadSource{"bad_column_name", "place.csv", "zip", "zip code", "zip code"},
        BadSource{"column_twice_but_for_case", "place.csv", "name", "ZIP", "\"ZIP\""},
        BadSource{"column_row", "visit.csv", "note", "ROW", "\"ROW\""},
        BadSource{"table_predict", "spec.toml", "name = \"place\"", "name = \"Predict\"",
                  "\"Predict\""},
        BadSource{"table_of_sqlite", "spec.toml", "name = \"place\"", "name = \"sqlite_x\"",
                  "\"sqlite_x\""},
        BadSource{"label_text", "spec.toml", "label = \"cost\"", "label = \"note\"", "\"note\""},
        BadSource{"person_real", "spec.toml", "person = \"who\"", "person = \"score\"",
                  "\"score\" must hold integers or text"},
        BadSource{"person_unknown", "spec.toml", "person = \"who\"", "person = \"nobody\"",
                  "no column \"nobody\""}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(ImportTest, RefusesAnEmptyFileAndAMissingOne) {
  Put("place.csv", "");
  EXPECT_THAT(std::string(Run("out").status().message()), HasSubstr("place.csv:1:1: "));
  std::filesystem::remove(Path("place.csv"));
  EXPECT_TRUE(absl::IsNotFound(Run("out").status()));
  EXPECT_THAT(Names(), ElementsAre("spec.toml", "visit.csv"));
}

TEST(BaselinePrediction, NeedsATrainingLabel) {
  EXPECT_TRUE(absl::IsFailedPrecondition(BaselinePredictionMillionths({}).status()));
}

}  // namespace
}  // namespace pinhole::dataset
