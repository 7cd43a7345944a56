// Predictions to a level, by the scorer's own code on one core, beside memcpy of the same bytes and
// `wc -l` of the same file.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/score/answer.h"
#include "server/core/score/scoring.h"
#include "server/core/score/sheet_writer.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "server/system/unique_fd.h"
#include "tests/bench/programs.h"
#include "tests/bench/suite.h"

namespace pinhole::bench {
namespace {

using contest::PredictionFormat;

// Numbers without a clock or a library's choice: the same on every machine (Marsaglia, Xorshift
// RNGs, 2003).
class Noise {
 public:
  uint64_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }

 private:
  uint64_t state_ = 0x9e3779b97f4a7c15;
};

struct Output {
  std::string name;
  PredictionFormat format;
  std::string what;
  double rate_aim;
  std::string bytes;
  std::vector<int64_t> values;  // millionths, as they must be read
};

contest::Scoring ScoringFor(PredictionFormat format) {
  return {.metric = contest::Metric::kRmse,
          .format = format,
          .range_low = 0,
          .range_high = 5'000'000,
          .scale = {.best = 0, .worst = 5'000'000, .step = 1'000}};
}

// One prediction of [0, 5): text with so many decimals, or a number that both floats hold exactly.
void AddPrediction(Noise& noise, int decimals, Output& output) {
  if (output.format != PredictionFormat::kText) {
    const int64_t sixty_fourths = static_cast<int64_t>(noise.Next() % 320);
    output.values.push_back(sixty_fourths * 15'625);
    const double wide = static_cast<double>(sixty_fourths) / 64;
    const float narrow = static_cast<float>(wide);
    if (output.format == PredictionFormat::kF64) {
      output.bytes.append(reinterpret_cast<const char*>(&wide), sizeof(wide));
    } else {
      output.bytes.append(reinterpret_cast<const char*>(&narrow), sizeof(narrow));
    }
    return;
  }
  int64_t unit = 1'000'000;
  for (int i = 0; i < decimals && i < 6; ++i) unit /= 10;
  const int64_t value = static_cast<int64_t>(noise.Next() % 5'000'000) / unit * unit;
  output.values.push_back(value);
  std::string text = absl::StrFormat("%d.%06d", value / 1'000'000, value % 1'000'000);
  // Digits that are cut away again: below half of a millionth.
  if (decimals > 6) text += absl::StrFormat("4%010d", noise.Next() % 10'000'000'000);
  output.bytes.append(text, 0, static_cast<size_t>(2 + decimals));
  output.bytes.push_back('\n');
}

Output MakeOutput(std::string name, std::string what, PredictionFormat format, int decimals,
                  int64_t rows) {
  Output output{.name = std::move(name),
                .format = format,
                .what = std::move(what),
                .rate_aim = format == PredictionFormat::kText ? 50e6 : 200e6};
  if (format != PredictionFormat::kText) output.bytes = score::kBinaryMagic;
  Noise noise;
  for (int64_t row = 0; row < rows; ++row) AddPrediction(noise, decimals, output);
  return output;
}

// The level that a plain reading of the definition gives, for the rows of one set.
int LevelByDefinition(const std::vector<score::SheetRow>& rows, const std::vector<int64_t>& values,
                      score::RowSet set, const contest::LevelScale& scale) {
  unsigned __int128 sum = 0;
  unsigned __int128 count = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].set != set) continue;
    const __int128 error = values[i] - rows[i].label;
    sum += static_cast<unsigned __int128>(error * error);
    ++count;
  }
  for (int level = 0; level < scale.level_count(); ++level) {
    const auto value = static_cast<unsigned __int128>(scale.ValueOf(level));
    if (sum <= count * value * value) return level;
  }
  return scale.level_count();
}

class ScoreFixture final : public Fixture {
 public:
  explicit ScoreFixture(Suite& suite) : folder_(*TempDir::Make()) {
    const int64_t rows = suite.Pick(2'000'000, 5'000);
    Noise noise;
    for (int64_t i = 0; i < rows; ++i) {
      rows_.push_back({.label = static_cast<int64_t>(noise.Next() % 5'000'001),
                       .set = i % 4 == 0 ? score::RowSet::kFinal : score::RowSet::kPublic});
    }
    outputs_.push_back(MakeOutput("text1", "1 decimal", PredictionFormat::kText, 1, rows));
    outputs_.push_back(MakeOutput("text4", "4 decimals", PredictionFormat::kText, 4, rows));
    outputs_.push_back(MakeOutput("text17", "17 decimals", PredictionFormat::kText, 17, rows));
    outputs_.push_back(MakeOutput("f32", "f32", PredictionFormat::kF32, 0, rows));
    outputs_.push_back(MakeOutput("f64", "f64", PredictionFormat::kF64, 0, rows));
    copy_.resize(outputs_[2].bytes.size());
    for (const Output& output : outputs_) Prepare(output, suite);
  }

 private:
  std::string Path(const Output& output) const { return folder_.path() + "/" + output.name; }
  static ByteView View(const std::string& bytes) { return AsBytes(bytes); }

  std::optional<score::RunLevels> Score(const Output& output) {
    score::MemorySource predictions(View(output.bytes));
    score::MemorySource sheet(View(sheets_.at(output.name)));
    return score::ScoreStream(predictions, sheet, buffers_);
  }

  void Prepare(const Output& output, Suite& suite) {
    const contest::Scoring scoring = ScoringFor(output.format);
    sheets_[output.name] = *score::EncodeSheet(scoring, rows_);
    const auto levels = Score(output);
    Check(levels.has_value(), output.name + ": no level");
    for (const auto& [set, level] : {std::pair(score::RowSet::kPublic, levels->public_level),
                                     std::pair(score::RowSet::kFinal, levels->final_level)}) {
      Check(level.index() == LevelByDefinition(rows_, output.values, set, scoring.scale),
            output.name + ": another level than by the definition");
    }
    const auto rows = static_cast<double>(rows_.size());
    suite.Add(Case{.name = output.name,
                   .amount = rows,
                   .unit = "rows",
                   .clock = Clock::kCpu,
                   .run = [this, &output] { Check(Score(output).has_value(), "no level"); }});
    suite.Add(Case{.name = output.name + "_copy",
                   .amount = rows,
                   .unit = "rows",
                   .clock = Clock::kCpu,
                   .run = [this, &output] {
                     std::memcpy(copy_.data(), output.bytes.data(), output.bytes.size());
                     // The copy must be made although nobody reads it.
                     asm volatile("" : : "r"(copy_.data()) : "memory");
                   }});
    suite.Add(Row{.what = "predictions → level: " + output.what,
                  .subject = output.name,
                  .floor = output.name + "_copy",
                  .floor_text = "memcpy of the same bytes",
                  .rate_aim = output.rate_aim});
    if (output.format == PredictionFormat::kText) CompareWithWc(output, suite);
    if (output.name == "text4") CompareProgram(output, suite);
  }

  void CompareWithWc(const Output& output, Suite& suite) {
    Check(WriteFileDurably(Path(output), output.bytes, 0600).ok(), "cannot write");
    suite.Add(Case{.name = output.name + "_wc",
                   .amount = static_cast<double>(rows_.size()),
                   .unit = "rows",
                   .clock = Clock::kCpu,
                   .run = [path = Path(output)] {
                     RunProgram({"wc", "-l", path});
                   }});
    suite.Add(Row{.what = "the same: " + output.what,
                  .subject = output.name,
                  .floor = output.name + "_wc",
                  .floor_text = "`wc -l`, the program"});
  }

  // The scorer as the vault starts it, its seal and two files included.
  void CompareProgram(const Output& output, Suite& suite) {
    const std::string sheet = folder_.path() + "/sheet";
    Check(WriteFileDurably(sheet, sheets_.at(output.name), 0600).ok(), "cannot write");
    const auto run = [this, path = Path(output), sheet] {
      const UniqueFd input(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      const UniqueFd labels(::open(sheet.c_str(), O_RDONLY | O_CLOEXEC));
      const UniqueFd answer(::open((folder_.path() + "/answer").c_str(),
                                   O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
      RunProgram({Bin("pinhole-scorer")},
                 {.input = input.get(), .output = answer.get(), .third = labels.get()});
    };
    run();
    const auto answer = ReadFile(folder_.path() + "/answer");
    Check(answer.ok() && AsText(score::EncodeAnswer(Score(output))) == *answer,
          "the program gives another answer than its code");
    suite.Add(Case{.name = "program",
                   .amount = static_cast<double>(rows_.size()),
                   .unit = "rows",
                   .clock = Clock::kCpu,
                   .run = run});
    suite.Add(Row{.what = "pinhole-scorer, the program: " + output.what,
                  .subject = "program",
                  .floor = output.name + "_wc",
                  .floor_text = "`wc -l`, the program"});
  }

  TempDir folder_;
  std::vector<score::SheetRow> rows_;
  std::vector<Output> outputs_;
  std::map<std::string, std::string> sheets_;
  std::string copy_;
  score::ScoringBuffers buffers_;
};

}  // namespace

std::unique_ptr<Fixture> Define(Suite& suite) { return std::make_unique<ScoreFixture>(suite); }

}  // namespace pinhole::bench
