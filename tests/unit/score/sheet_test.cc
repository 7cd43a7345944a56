// Sheets and answers as bytes: round trips, golden bytes, and every changed byte noticed.
#include "server/core/score/sheet.h"

#include <algorithm>

#include "server/core/score/answer.h"
#include "server/core/score/decode_answer.h"
#include "tests/unit/score/mock.h"

namespace pinhole::score {
namespace {

using contest::Metric;
using contest::PredictionFormat;

SheetHeader GoodHeader() {
  return {.scoring = StarScoring(Metric::kRmse), .rows = 10, .public_rows = 4, .label_sum = 77};
}

TEST(SheetHeader, RoundTripsAndHasItsLayout) {
  for (const Metric metric : kAllMetrics) {
    for (const auto format :
         {PredictionFormat::kText, PredictionFormat::kF32, PredictionFormat::kF64}) {
      SheetHeader header = GoodHeader();
      header.scoring = StarScoring(metric);
      header.scoring.format = format;
      EXPECT_EQ(DecodeSheetHeader(EncodeSheetHeader(header)), header);
    }
  }
  const auto bytes = EncodeSheetHeader(GoodHeader());
  EXPECT_EQ(HexEncode(std::span(bytes).first(24)),
            "50494e53484545540200000000000000"
            "40420f0000000000");
  EXPECT_EQ(HexEncode(std::span(bytes).subspan(56, 24)),
            "0a000000000000000400000000000000"
            "4d00000000000000");
  const auto row = EncodeSheetRow({-2, RowSet::kFinal, 2500});
  EXPECT_EQ(HexEncode(row), "feffffffffffffff01c4090000");
  EXPECT_EQ(DecodeSheetRow(row), (SheetRow{-2, RowSet::kFinal, 2500}));
  SheetHeader weighted = GoodHeader();
  weighted.scoring.weights = contest::RowWeights::kColumn;
  weighted.weight = 7000;
  weighted.public_weight = 258;
  const auto weighted_bytes = EncodeSheetHeader(weighted);
  EXPECT_EQ(DecodeSheetHeader(weighted_bytes), weighted);
  EXPECT_EQ(HexEncode(std::span(weighted_bytes).subspan(80, 16)),
            "581b0000000000000201000000000000");
}

TEST(SheetHeader, NoChangedByteIsRead) {
  const auto good = EncodeSheetHeader(GoodHeader());
  for (size_t at = 0; at < good.size(); ++at) {
    for (int flip = 1; flip < 256; ++flip) {
      auto bytes = good;
      bytes[at] = static_cast<uint8_t>(bytes[at] ^ flip);
      ASSERT_FALSE(DecodeSheetHeader(bytes).has_value()) << at << " " << flip;
    }
  }
}

void Weigh(SheetHeader& header, uint64_t weight, uint64_t public_weight) {
  header.scoring.weights = contest::RowWeights::kColumn;
  header.weight = weight;
  header.public_weight = public_weight;
}

struct HeaderCase {
  const char* name;
  void (*change)(SheetHeader&);
  SheetFault fault;
  const char* text;
};

TEST(SheetHeader, RefusesWhatCantBeScored) {
  const HeaderCase cases[] = {
      {"good", [](SheetHeader&) {}, SheetFault::kNone, ""},
      {"all_rows_public", [](SheetHeader& h) { h.public_rows = h.rows; }, SheetFault::kNone, ""},
      {"no_rows", [](SheetHeader& h) { h.rows = h.public_rows = 0; }, SheetFault::kNoRows,
       "mark rows"},
      {"no_public_rows", [](SheetHeader& h) { h.public_rows = 0; }, SheetFault::kNoRows,
       "mark rows"},
      {"more_public_than_rows", [](SheetHeader& h) { h.public_rows = 11; },
       SheetFault::kTooManyRows, "fewer rows"},
      {"most_rows", [](SheetHeader& h) { h.rows = kMaxSheetRows; }, SheetFault::kNone, ""},
      {"too_many_rows", [](SheetHeader& h) { h.rows = kMaxSheetRows + 1; },
       SheetFault::kTooManyRows, "fewer rows"},
      {"range_backwards", [](SheetHeader& h) { h.scoring.range_high = h.scoring.range_low; },
       SheetFault::kScoring, "score.range"},
      {"range_too_far", [](SheetHeader& h) { h.scoring.range_high = kMaxRangeEnd + 1; },
       SheetFault::kScoring, "score.range"},
      {"widest_range_fits_85_million_rows",
       [](SheetHeader& h) {
         h.scoring.range_low = -kMaxRangeEnd;
         h.scoring.range_high = kMaxRangeEnd;
         h.rows = 85'070'591;  // floor((2^128 - 1) / (2 * 10^15)^2)
       },
       SheetFault::kNone, ""},
      {"widest_range_and_one_row_more",
       [](SheetHeader& h) {
         h.scoring.range_low = -kMaxRangeEnd;
         h.scoring.range_high = kMaxRangeEnd;
         h.rows = 85'070'592;
       },
       SheetFault::kTooWide, "narrow score.range"},
      {"weights_where_they_are_equal", [](SheetHeader& h) { h.weight = h.public_weight = 1000; },
       SheetFault::kWeights, "build it again"},
      {"weighted", [](SheetHeader& h) { Weigh(h, 2, 1); }, SheetFault::kNone, ""},
      {"public_rows_weigh_nothing", [](SheetHeader& h) { Weigh(h, 2, 0); }, SheetFault::kNoWeight,
       "weight above 0"},
      {"final_rows_weigh_nothing", [](SheetHeader& h) { Weigh(h, 2, 2); }, SheetFault::kNoWeight,
       "weight above 0"},
      {"all_weight_public_as_all_rows",
       [](SheetHeader& h) {
         h.public_rows = h.rows;
         Weigh(h, 2, 2);
       },
       SheetFault::kNone, ""},
      {"more_public_weight_than_weight", [](SheetHeader& h) { Weigh(h, 2, 3); },
       SheetFault::kWeights, "build it again"},
      {"more_weight_than_rows_can_have",
       [](SheetHeader& h) { Weigh(h, uint64_t{10} * UINT32_MAX, uint64_t{4} * UINT32_MAX + 1); },
       SheetFault::kWeights, "build it again"},
      {"widest_range_fits_85_million_thousandths",
       [](SheetHeader& h) {
         h.scoring.range_low = -kMaxRangeEnd;
         h.scoring.range_high = kMaxRangeEnd;
         Weigh(h, 85'070'591, 1);
       },
       SheetFault::kNone, ""},
      {"widest_range_and_one_thousandth_more",
       [](SheetHeader& h) {
         h.scoring.range_low = -kMaxRangeEnd;
         h.scoring.range_high = kMaxRangeEnd;
         Weigh(h, 85'070'592, 1);
       },
       SheetFault::kTooWide, "narrow score.range"},
      {"step_zero", [](SheetHeader& h) { h.scoring.scale.step = 0; }, SheetFault::kScoring, "step"},
      {"step_uneven", [](SheetHeader& h) { h.scoring.scale.step = 7'001; }, SheetFault::kScoring,
       "step"},
      {"too_many_levels", [](SheetHeader& h) { h.scoring.scale.step = 1; }, SheetFault::kScoring,
       "levels"},
      {"scale_backwards",
       [](SheetHeader& h) { std::swap(h.scoring.scale.best, h.scoring.scale.worst); },
       SheetFault::kScoring, "metric"},
      {"scale_negative",
       [](SheetHeader& h) {
         h.scoring.scale = {-5, 5, 1};
       },
       SheetFault::kScoring, "score.best"},
  };
  for (const HeaderCase& each : cases) {
    SheetHeader header = GoodHeader();
    each.change(header);
    EXPECT_EQ(Check(header), each.fault) << each.name;
    EXPECT_EQ(DecodeSheetHeader(EncodeSheetHeader(header)).has_value(),
              each.fault == SheetFault::kNone)
        << each.name;
    const absl::Status status = Validate(header);
    EXPECT_EQ(status.ok(), each.fault == SheetFault::kNone) << each.name;
    EXPECT_NE(std::string(status.message()).find(each.text), std::string::npos)
        << each.name << ": " << status;
  }
}

TEST(EncodeSheet, NamesTheRowOfALabelOutOfRangeAndNotTheLabel) {
  const absl::StatusOr<std::string> sheet =
      EncodeSheet(StarScoring(Metric::kRmse),
                  std::vector<SheetRow>{{3'000'000, RowSet::kPublic}, {5'123'457, RowSet::kFinal}});
  ASSERT_FALSE(sheet.ok());
  const std::string text(sheet.status().message());
  EXPECT_NE(text.find("row 1"), std::string::npos) << text;
  EXPECT_EQ(text.find("5.123457"), std::string::npos) << text;
}

TEST(EncodeSheet, RefusesASetThatWeighsNothing) {
  contest::Scoring scoring = StarScoring(Metric::kMae);
  scoring.weights = contest::RowWeights::kColumn;
  const auto sheet = EncodeSheet(scoring, std::vector<SheetRow>{{3'000'000, RowSet::kPublic, 5},
                                                                {3'000'000, RowSet::kFinal, 0}});
  ASSERT_FALSE(sheet.ok());
  EXPECT_NE(std::string(sheet.status().message()).find("score.weights"), std::string::npos);
  scoring.weights = contest::RowWeights::kEqual;
  EXPECT_TRUE(EncodeSheet(scoring, std::vector<SheetRow>{{3'000'000, RowSet::kPublic, 0}}).ok());
}

TEST(ReadRows, ReadsLabelRecordsAndRefusesTornOnes) {
  std::string records;
  const std::vector<SheetRow> rows = {{-7, RowSet::kPublic, 0}, {9, RowSet::kFinal, UINT32_MAX}};
  for (const SheetRow& row : rows) {
    const auto record = EncodeSheetRow(row);
    records.append(record.begin(), record.end());
  }
  EXPECT_EQ(*ReadRows(AsBytes(records)), rows);
  EXPECT_FALSE(ReadRows(AsBytes(records).first(25)).ok());
  EXPECT_FALSE(ReadRows({}).ok());
}

std::optional<RunLevels> SomeLevels() {
  // Public level 40, final level 51 (worse than worst).
  return Levels("4\n5\n", SheetOf(StarScoring(Metric::kMae),
                                  {{3'000'000, RowSet::kPublic}, {3'000'000, RowSet::kFinal}}));
}

TEST(Answer, HasItsBytesAndRoundTrips) {
  const std::optional<RunLevels> levels = SomeLevels();
  ASSERT_TRUE(levels.has_value());
  const auto answer = EncodeAnswer(levels);
  EXPECT_EQ(HexEncode(answer).substr(0, 14), "4c010028003300");
  absl::StatusOr<std::optional<RunLevels>> decoded = DecodeAnswer(answer, 51);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, levels);

  const auto failed = EncodeAnswer(std::nullopt);
  EXPECT_EQ(HexEncode(failed).substr(0, 14), "4c010100000000");
  decoded = DecodeAnswer(failed, 51);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_FALSE(decoded->has_value());
}

// CRC-8 with polynomial 0x07: its check value over "123456789" is 0xf4 (CRC catalogue of G. Cook);
// over seven bytes it is computed here bit by bit as the remainder of a division.
TEST(Answer, CheckIsTheRemainderOfThePolynomial) {
  const auto answer = EncodeAnswer(SomeLevels());
  std::vector<int> bits;
  for (size_t i = 0; i < 7; ++i) {
    for (int bit = 7; bit >= 0; --bit) bits.push_back(answer[i] >> bit & 1);
  }
  bits.resize(bits.size() + 8, 0);
  const int divisor[] = {1, 0, 0, 0, 0, 0, 1, 1, 1};
  for (size_t i = 0; i + 8 < bits.size(); ++i) {
    for (size_t j = 0; bits[i] == 1 && j < 9; ++j) {
      if (j > 0) bits[i + j] ^= divisor[j];
      if (j == 8) bits[i] = 0;
    }
  }
  int remainder = 0;
  for (size_t i = bits.size() - 8; i < bits.size(); ++i) remainder = remainder * 2 + bits[i];
  EXPECT_EQ(answer[7], remainder);
}

TEST(Answer, AnyChangedByteIsNoAnswer) {
  for (const auto& good : {EncodeAnswer(SomeLevels()), EncodeAnswer(std::nullopt)}) {
    for (size_t at = 0; at < good.size(); ++at) {
      for (int flip = 1; flip < 256; ++flip) {
        auto bytes = good;
        bytes[at] = static_cast<uint8_t>(bytes[at] ^ flip);
        EXPECT_FALSE(DecodeAnswer(bytes, 51).ok()) << at << " " << flip;
      }
    }
  }
}

TEST(Answer, OfAnyLengthButEightIsNoAnswer) {
  const auto good = EncodeAnswer(std::nullopt);
  for (size_t size = 0; size < 8; ++size) {
    EXPECT_FALSE(DecodeAnswer(std::span(good).first(size), 51).ok()) << size;
  }
  std::vector<uint8_t> longer(good.begin(), good.end());
  longer.push_back(0);
  EXPECT_FALSE(DecodeAnswer(longer, 51).ok());
}

// A scorer that was taken over knows the check as well: whatever it says, levels are in range.
TEST(Answer, WithARightCheckSaysOnlyLevelsThatThereAre) {
  int levels_read = 0;
  int failures_read = 0;
  for (int status = 0; status < 256; ++status) {
    for (const int public_level : {0, 1, 50, 51, 52, 255, 256, 50'001, 65'535}) {
      for (const int final_level : {0, 51, 52, 65'535}) {
        std::array<uint8_t, kAnswerSize> bytes = {'L',
                                                  1,
                                                  static_cast<uint8_t>(status),
                                                  static_cast<uint8_t>(public_level & 0xff),
                                                  static_cast<uint8_t>(public_level >> 8),
                                                  static_cast<uint8_t>(final_level & 0xff),
                                                  static_cast<uint8_t>(final_level >> 8)};
        bytes[7] = AnswerCheck(bytes);
        const absl::StatusOr<std::optional<RunLevels>> decoded = DecodeAnswer(bytes, 51);
        const bool is_levels = status == 0 && public_level <= 51 && final_level <= 51;
        const bool is_failure = status == 1 && public_level == 0 && final_level == 0;
        ASSERT_EQ(decoded.ok(), is_levels || is_failure);
        if (!decoded.ok()) continue;
        ASSERT_EQ(decoded->has_value(), is_levels);
        (is_levels ? levels_read : failures_read)++;
        if (is_levels) {
          EXPECT_EQ((*decoded)->public_level.index(), public_level);
          EXPECT_EQ((*decoded)->final_level.index(), final_level);
        }
      }
    }
  }
  EXPECT_EQ(levels_read, 8);
  EXPECT_EQ(failures_read, 1);
}

}  // namespace
}  // namespace pinhole::score
