// The owner's CSV into a data set's folder, SQLite, columns and labels, beside what `sqlite3
// .import` takes for the same file.
#include <time.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"
#include "server/dataset/folder.h"
#include "server/dataset/import_spec.h"
#include "server/dataset/importer.h"
#include "server/dataset/stages.h"
#include "server/storage/database.h"
#include "server/system/temp_dir.h"
#include "tests/bench/programs.h"
#include "tests/bench/suite.h"

namespace pinhole::bench {
namespace {

constexpr std::string_view kSpec =
    "dataset = \"ratings\"\nversion = 1\ndeployment = \"one-machine\"\nbudget_bits = 8192\n"
    "target = \"ratings\"\nlabel = \"rating\"\nsplit = \"split\"\n"
    "[[table]]\nname = \"ratings\"\nfile = \"ratings.csv\"\n"
    "[table.columns]\nuserId = \"i32\"\nmovieId = \"i32\"\nrating = \"f64\"\nday = \"i32\"\n";

// Netflix's shape: user, movie, half stars, day; eight in ten rows to train on.
void WriteCsv(const std::string& path, int64_t rows) {
  std::ofstream file(path, std::ios::binary);
  file << "userId,movieId,rating,day,split\n";
  uint64_t noise = 1;
  std::string line;
  for (int64_t row = 0; row < rows; ++row) {
    noise = noise * 6364136223846793005 + 1442695040888963407;
    const uint64_t draw = noise >> 20;
    const uint64_t part = draw % 10;
    line = absl::StrFormat("%d,%d,%d.%d,%d,%s\n", draw % 480'189, draw / 11 % 17'770, draw / 13 % 5,
                           draw / 17 % 2 * 5, draw / 19 % 2'243,
                           part < 8    ? "train"
                           : part == 8 ? "public"
                                       : "final");
    file << line;
  }
  Check(file.good(), "cannot write the CSV file");
}

class ImportFixture final : public Fixture {
 public:
  explicit ImportFixture(Suite& suite)
      : folder_(*TempDir::Make()), rows_(suite.Pick(1'000'000, 2'000)) {
    WriteCsv(Path("ratings.csv"), rows_);
    const auto spec = dataset::ParseImportSpec(kSpec, Path("dataset.toml"));
    Check(spec.ok(), "the import's description is refused");
    spec_ = *spec;
    Import();
    Sqlite();
    CheckSame();
    const auto add = [&](std::string name, std::function<void()> run,
                         std::function<void()> prepare) {
      suite.Add(Case{.name = std::move(name),
                     .amount = static_cast<double>(rows_),
                     .unit = "rows",
                     .run = std::move(run),
                     .prepare = std::move(prepare)});
    };
    add(
        "import", [this] { Import(); }, [this] { std::filesystem::remove_all(Path("data")); });
    add(
        "sqlite", [this] { Sqlite(); }, [this] { std::filesystem::remove(Path("plain.db")); });
    suite.set_repetitions(5);
    suite.Add(Row{.what = "import of CSV: private SQLite, columns, labels, durable",
                  .subject = "import",
                  .floor = "sqlite",
                  .floor_text = "`sqlite3 .import` into the same types",
                  .ratio_aim = 1.5});
    AddStages(suite);
  }

 private:
  // What the import's own watch said in the same turn.
  void AddStages(Suite& suite) {
    struct Stage {
      std::string name;
      std::string what;
      int64_t dataset::ImportStages::*nanos;
    };
    for (const Stage& stage :
         {Stage{"read", "reading and typing CSV", &dataset::ImportStages::read_ns},
          Stage{"order", "split and secret order", &dataset::ImportStages::order_ns},
          Stage{"rows", "rows into SQLite", &dataset::ImportStages::rows_ns},
          Stage{"columns", "flat columns and labels", &dataset::ImportStages::columns_ns},
          Stage{"publish", "making it durable", &dataset::ImportStages::publish_ns}}) {
      suite.Add(Case{.name = stage.name,
                     .amount = static_cast<double>(rows_),
                     .unit = "rows",
                     .self_timed = [this, nanos = stage.nanos] {
                       return static_cast<double>(stages_.*nanos) * 1e-9;
                     }});
      suite.Add(Row{.what = "of it: " + stage.what,
                    .subject = stage.name,
                    .floor = "import",
                    .floor_text = "the whole import",
                    .aim = Aim::kAtMost});
    }
  }

  std::string Path(std::string_view name) const { return folder_.path() + "/" + std::string(name); }

  void Import() {
    const dataset::MonotonicClock clock = [] {
      timespec now{};
      ::clock_gettime(CLOCK_MONOTONIC, &now);
      return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
    };
    const auto result =
        dataset::Import(spec_, Path("data"), AsBytes("a key of 32 bytes, as a test's"), clock);
    if (!result.ok()) Fail(result.status().ToString());
    Check(result->train_rows + result->public_rows + result->final_rows == rows_, "rows are lost");
    stages_ = result->stages;
  }

  void Sqlite() const {
    RunProgram({"sqlite3", Path("plain.db"),
                "CREATE TABLE ratings(userId INTEGER, movieId INTEGER, rating REAL, day INTEGER, "
                "split TEXT) STRICT",
                ".mode csv", absl::StrFormat(".import --skip 1 %s ratings", Path("ratings.csv"))});
  }

  static int64_t Integer(const std::string& database, std::string_view sql) {
    auto opened = storage::Database::Open(database, storage::Mode::kReadOnlyImmutable);
    Check(opened.ok(), "no database");
    auto select = opened->Prepare(sql);
    Check(select.ok(), "no statement");
    const auto row = select->Step();
    Check(row.ok() && *row, "no row");
    return select->Int64(0);
  }

  // The same rows, by sums that share no code with the import.
  void CheckSame() const {
    const std::string view = Path(std::string("data/") + std::string(dataset::kContestDatabase));
    const std::string plain = Path("plain.db");
    for (const char* column : {"1", "userId", "movieId", "day", "userId * movieId"}) {
      Check(Integer(view, absl::StrFormat("SELECT sum(%s) FROM ratings", column)) ==
                Integer(plain, absl::StrFormat("SELECT sum(%s) FROM ratings WHERE split = 'train'",
                                               column)),
            "the training rows differ");
      Check(Integer(view, absl::StrFormat("SELECT sum(%s) FROM predict", column)) ==
                Integer(plain, absl::StrFormat("SELECT sum(%s) FROM ratings WHERE split <> 'train'",
                                               column)),
            "the rows to predict differ");
    }
  }

  TempDir folder_;
  int64_t rows_;
  dataset::ImportSpec spec_;
  dataset::ImportStages stages_;  // of the last import
};

}  // namespace

std::unique_ptr<Fixture> Define(Suite& suite) { return std::make_unique<ImportFixture>(suite); }

}  // namespace pinhole::bench
