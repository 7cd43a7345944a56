// The exact scores behind the demo's levels, through the real importer, the real sheet and the one
// door that may read a score: no operator's command has it, a test does.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "server/core/rehearsal/reveal.h"
#include "server/core/score/sheet_writer.h"
#include "server/dataset/folder.h"
#include "server/dataset/importer.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"

namespace pinhole {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  EXPECT_NE(value, nullptr) << name << ": run this test by ctest";
  return value == nullptr ? "" : value;
}

std::string OutputOf(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 65536> block;
  for (size_t got; (got = ::fread(block.data(), 1, block.size(), pipe)) > 0;)
    output.append(block.data(), got);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return output;
}

std::string Sheet(const std::string& data) {
  const std::string records = *ReadFile(data + "/" + std::string(dataset::kLabelsFile));
  const auto rows = score::ReadRows(AsBytes(records));
  const contest::Scoring scoring = {.metric = contest::Metric::kRmse,
                                    .range_low = 500'000,
                                    .range_high = 5'000'000,
                                    .scale = {.best = 800'000, .worst = 1'050'000, .step = 5'000}};
  return *score::EncodeSheet(scoring, *rows);
}

TEST(Board, StandsOnThePublishedScores) {
  const std::string source = Environment("PINHOLE_SOURCE");
  const std::string bin = Environment("PINHOLE_BIN");
  const TempDir folder = *TempDir::Make();
  OutputOf(source + "/deploy/prepare-movielens " + source + "/tests/data/ml-latest-small " +
           folder.path() + "/private");
  const auto spec = dataset::ReadImportSpec(folder.path() + "/private/dataset.toml");
  ASSERT_TRUE(spec.ok()) << spec.status();
  const std::string data = folder.path() + "/data";
  const auto imported = dataset::Import(*spec, data, AsBytes("a key for this test"));
  ASSERT_TRUE(imported.ok()) << imported.status();
  const std::string sheet = Sheet(data);
  struct Case {
    const char* model;
    double public_rmse;  // measured once outside this code (the design's table of ml-latest-small)
    double final_rmse;
    int level;
  };
  for (const Case& c : {Case{"model-global-mean", 1.047809, 1.053377, 50},
                        Case{"model-damped-biases", 0.878712, 0.886585, 16}}) {
    SCOPED_TRACE(c.model);
    const std::string predictions = OutputOf(bin + "/" + c.model + " " + data + "/view");
    const auto scores = rehearsal::RevealForRehearsal(AsBytes(predictions), AsBytes(sheet));
    ASSERT_TRUE(scores.ok()) << scores.status();
    EXPECT_NEAR(scores->public_score, c.public_rmse, 1e-6);
    EXPECT_NEAR(scores->final_score, c.final_rmse, 1e-6);
    EXPECT_EQ(scores->levels.public_level.index(), c.level);
  }
}

}  // namespace
}  // namespace pinhole
