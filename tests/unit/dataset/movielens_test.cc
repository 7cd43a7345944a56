// A real data set split by a keyless hash, whose counts and scores were measured elsewhere: b =
// first 8 bytes, big-endian, of SHA-256("pinhole-split-v2:" userId ":" movieId) modulo 10; up to 7
// train, 8 public, 9 final.
#include <cstdlib>

#include "server/core/base/sha256.h"
#include "server/dataset/importer.h"
#include "tests/unit/dataset/dataset_fixture.h"

namespace pinhole::dataset {
namespace {

std::string Folder() {
  const char* source = std::getenv("PINHOLE_SOURCE");
  EXPECT_NE(source, nullptr) << "run by ctest, or set PINHOLE_SOURCE to the top of the tree";
  return std::string(source == nullptr ? "." : source) + "/tests/data/ml-latest-small";
}

struct Rating {
  std::string user, movie, rating, timestamp, part;
};

std::string PartOf(const std::string& user, const std::string& movie) {
  const Digest digest = Sha256("pinhole-split-v2:" + user + ":" + movie);
  uint64_t first = 0;
  for (size_t i = 0; i < 8; ++i) first = first << 8 | digest[i];
  const uint64_t b = first % 10;
  return b <= 7 ? "train" : b == 8 ? "public" : "final";
}

// ratings.csv has no quotes, so cutting at commas reads it.
std::vector<Rating> ReadRatings() {
  std::istringstream lines(Slurp(Folder() + "/ratings.csv"));
  std::vector<Rating> ratings;
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "userId,movieId,rating,timestamp\r");
  while (std::getline(lines, line)) {
    EXPECT_TRUE(line.ends_with('\r'));
    line.pop_back();
    std::istringstream fields(line);
    Rating rating;
    std::getline(fields, rating.user, ',');
    std::getline(fields, rating.movie, ',');
    std::getline(fields, rating.rating, ',');
    std::getline(fields, rating.timestamp, ',');
    rating.part = PartOf(rating.user, rating.movie);
    ratings.push_back(std::move(rating));
  }
  return ratings;
}

// One import, looked at from several sides.
class MovieLens : public testing::Test {
 protected:
  struct Imported {
    explicit Imported(TempDir folder) : dir(std::move(folder)) {}
    TempDir dir;
    std::vector<Rating> ratings;
    ImportResult result;
  };

  static void SetUpTestSuite() {
    absl::StatusOr<TempDir> dir = TempDir::Make();
    ASSERT_TRUE(dir.ok()) << dir.status();
    imported_ = std::make_unique<Imported>(*std::move(dir));
    imported_->ratings = ReadRatings();
    std::ofstream csv(Path("ratings.csv"), std::ios::binary);
    csv << "userId,movieId,rating,timestamp,split\r\n";
    for (const Rating& r : imported_->ratings) {
      csv << r.user << ',' << r.movie << ',' << r.rating << ',' << r.timestamp << ',' << r.part
          << "\r\n";
    }
    csv.close();
    std::string spec =
        "dataset = \"movielens\"\nversion = 1\ndeployment = \"one-machine\"\nbudget_bits = 8192\n"
        "target = \"ratings\"\nlabel = \"rating\"\nsplit = \"split\"\nperson = \"userId\"\n"
        "[[table]]\nname = \"ratings\"\nfile = \"ratings.csv\"\n[table.columns]\n"
        "userId = \"i32\"\nmovieId = \"i32\"\nrating = \"f32[0.5..5]\"\n";
    for (const char* name : {"movies", "tags", "links"}) {
      spec += std::string("[[table]]\nname = \"") + name + "\"\nfile = \"" + Folder() + "/" + name +
              ".csv\"\n";
    }
    const absl::StatusOr<ImportSpec> parsed = ParseImportSpec(spec, Path("import.toml"));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    absl::StatusOr<ImportResult> result = Import(*parsed, Path("out"), AsBytes("key"));
    ASSERT_TRUE(result.ok()) << result.status();
    imported_->result = *std::move(result);
  }
  static void TearDownTestSuite() { imported_.reset(); }

  static std::string Path(const std::string& name) { return imported_->dir.path() + "/" + name; }

  static std::unique_ptr<Imported> imported_;
};

std::unique_ptr<MovieLens::Imported> MovieLens::imported_;

TEST_F(MovieLens, IsSplitAndCountedAsMeasured) {
  EXPECT_EQ(contest::FormatTables(imported_->result.shape),
            "ratings(userId:i32,movieId:i32,rating:f32[0.5..5],timestamp:i64);"
            "movies(movieId:i64,title:str,genres:str);"
            "tags(userId:i64,movieId:i64,tag:str,timestamp:i64);"
            "links(movieId:i64,imdbId:str,tmdbId:i64)");
  EXPECT_EQ(imported_->result.train_rows, 80'621);
  EXPECT_EQ(imported_->result.public_rows, 10'122);
  EXPECT_EQ(imported_->result.final_rows, 10'093);
  ASSERT_TRUE(imported_->result.persons.has_value());
  EXPECT_EQ(imported_->result.persons->train, 610);
}

TEST_F(MovieLens, GlobalMeanScoresAsMeasured) {
  // The mean by another road: half stars are exact in a double.
  double sum = 0;
  for (const Rating& r : imported_->ratings) sum += r.part == "train" ? std::stod(r.rating) : 0;
  const double mean = sum / 80'621;
  EXPECT_NEAR(static_cast<double>(*BaselinePredictionMillionths(imported_->result)) / 1e6, mean,
              0.5e-6);

  double squares[2] = {0, 0};
  int64_t counts[2] = {0, 0};
  for (const Label& label : ReadLabels(Path("out/truth/labels.rows"))) {
    ASSERT_TRUE(label.set == 0 || label.set == 1);
    const double error = static_cast<double>(label.millionths) / 1e6 - mean;
    squares[label.set] += error * error;
    ++counts[label.set];
  }
  EXPECT_EQ(counts[0], 10'122);
  EXPECT_EQ(counts[1], 10'093);
  EXPECT_NEAR(std::sqrt(squares[0] / static_cast<double>(counts[0])), 1.047809, 1e-6);
  EXPECT_NEAR(std::sqrt(squares[1] / static_cast<double>(counts[1])), 1.053377, 1e-6);
}

TEST_F(MovieLens, EveryRatingIsInItsPlace) {
  std::map<std::pair<int, int>, const Rating*> by_key;
  for (const Rating& r : imported_->ratings) by_key[{std::stoi(r.user), std::stoi(r.movie)}] = &r;
  ASSERT_EQ(by_key.size(), 100'836u);

  const std::string columns = Path("out/view/columns/");
  const auto users = ReadPacked<int32_t>(columns + "ratings/userId.i32");
  const auto movies = ReadPacked<int32_t>(columns + "ratings/movieId.i32");
  const auto stars = ReadPacked<float>(columns + "ratings/rating.f32");
  const auto times = ReadPacked<int64_t>(columns + "ratings/timestamp.i64");
  ASSERT_EQ(users.size(), 80'621u);
  size_t wrong = 0;
  for (size_t i = 0; i < users.size(); ++i) {
    const Rating* r = by_key.at({users[i], movies[i]});
    if (r->part != "train" || std::stof(r->rating) != stars[i] ||
        std::stoll(r->timestamp) != times[i]) {
      ++wrong;
    }
  }
  const auto predict_users = ReadPacked<int32_t>(columns + "predict/userId.i32");
  const auto predict_movies = ReadPacked<int32_t>(columns + "predict/movieId.i32");
  const std::vector<Label> labels = ReadLabels(Path("out/truth/labels.rows"));
  ASSERT_EQ(predict_users.size(), labels.size());
  for (size_t i = 0; i < labels.size(); ++i) {
    const Rating* r = by_key.at({predict_users[i], predict_movies[i]});
    const int64_t millionths = static_cast<int64_t>(std::stod(r->rating) * 1e6);
    if (labels[i] != Label{millionths, r->part == "final" ? 1 : 0} || r->part == "train") ++wrong;
  }
  EXPECT_EQ(wrong, 0u);
  EXPECT_FALSE(std::filesystem::exists(columns + "predict/rating.f32"));
}

TEST_F(MovieLens, TablesAreWhole) {
  const std::string database = Path("out/view/contest.db");
  EXPECT_EQ(Query(database, "SELECT count(*), count(title) FROM movies", 2),
            (Rows{{"9742", "9742"}}));
  EXPECT_EQ(Query(database, "SELECT count(*) FROM tags", 1), (Rows{{"3683"}}));
  EXPECT_EQ(Query(database, "SELECT count(*), count(tmdbId) FROM links", 2),
            (Rows{{"9742", "9734"}}));
  EXPECT_EQ(Query(database, "SELECT title FROM movies WHERE movieId = 11", 1),
            (Rows{{"American President, The (1995)"}}));
  EXPECT_EQ(Query(database, "PRAGMA integrity_check", 1), (Rows{{"ok"}}));
}

}  // namespace
}  // namespace pinhole::dataset
