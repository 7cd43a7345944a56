// The parser of hostile output: what it takes, what it refuses, and that pieces make no difference.
#include "server/core/score/predictions.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "server/core/base/bytes.h"

namespace pinhole::score {
namespace {

using contest::PredictionFormat;
using enum PredictionFault;

struct Reading {
  std::vector<int64_t> values;
  PredictionFault fault = kNone;
  uint64_t row = 0;
  bool operator==(const Reading&) const = default;
};

// Feeds `bytes` in pieces of `piece`, taking at most `batch` values at a time.
Reading Read(PredictionFormat format, uint64_t rows, ByteView bytes, size_t piece, size_t batch) {
  PredictionParser parser(format, rows);
  Reading reading;
  std::vector<int64_t> out(batch);
  const auto take = [&](size_t count) {
    reading.values.insert(reading.values.end(), out.begin(),
                          out.begin() + static_cast<ptrdiff_t>(count));
  };
  while (!bytes.empty() && parser.fault() == kNone) {
    // A copy of its own, so that an address sanitizer sees a look beyond its end.
    const ByteView front = bytes.first(std::min(piece, bytes.size()));
    const std::vector<uint8_t> copy(front.begin(), front.end());
    bytes = bytes.subspan(front.size());
    ByteView part = copy;
    while (!part.empty() && parser.fault() == kNone) {
      const PredictionParser::Progress progress = parser.Feed(part, out);
      take(progress.written);
      part = part.subspan(progress.consumed);
    }
  }
  take(parser.Finish(out));
  reading.fault = parser.fault();
  reading.row = parser.row();
  return reading;
}

Reading ReadAtOnce(PredictionFormat format, uint64_t rows, std::string_view bytes) {
  return Read(format, rows, AsBytes(bytes), std::max<size_t>(bytes.size(), 1), 1000);
}

template <typename T>
std::string Binary(const std::vector<T>& values) {
  std::string bytes(kBinaryMagic);
  for (const T value : values) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes.append(raw, sizeof(T));
  }
  return bytes;
}

struct TextCase {
  const char* name;
  uint64_t rows;
  std::string text;
  PredictionFault fault;
  uint64_t row;
};

const std::vector<TextCase>& TextCases() {
  static const std::vector<TextCase> cases = {
      {"lf", 3, "1\n2\n3\n", kNone, 3},
      {"last_newline_left_out", 3, "1\n2\n3", kNone, 3},
      {"crlf", 3, "1\r\n2\r\n3\r\n", kNone, 3},
      {"crlf_last_left_out", 3, "1\r\n2\r\n3", kNone, 3},
      {"mixed_line_ends", 3, "1\n2\r\n3\n", kNone, 3},
      {"one_row", 1, "-12.5e-1", kNone, 1},
      {"forty_characters_crlf", 2, std::string(40, '0') + "\r\n" + std::string(40, '0') + "\r\n",
       kNone, 2},
      {"nothing", 1, "", kTooFewRows, 0},
      {"one_too_few", 3, "1\n2\n", kTooFewRows, 2},
      {"one_too_many", 2, "1\n2\n3\n", kTooManyRows, 2},
      {"one_byte_too_many", 2, "1\n2\n3", kTooManyRows, 2},
      {"empty_line_at_the_end", 2, "1\n2\n\n", kTooManyRows, 2},
      {"nul_at_the_end", 2, std::string("1\n2\n\0", 5), kTooManyRows, 2},
      {"empty_line_in_the_middle", 3, "1\n\n3\n", kNotANumber, 1},
      {"empty_first_line", 2, "\n1\n", kNotANumber, 0},
      {"only_a_newline", 1, "\n", kNotANumber, 0},
      {"only_crlf", 1, "\r\n", kNotANumber, 0},
      {"cr_alone_at_the_end", 2, "1\n2\r", kNotANumber, 1},
      {"cr_alone_as_line_end", 2, "1\r2\n", kNotANumber, 0},
      {"two_crs", 2, "1\r\r\n2\n", kNotANumber, 0},
      {"space_behind", 2, "1 \n2\n", kNotANumber, 0},
      {"space_before", 2, "1\n 2\n", kNotANumber, 1},
      {"two_numbers_a_line", 2, "1 2\n3\n", kNotANumber, 0},
      {"nan", 2, "1\nnan\n", kNotANumber, 1},
      {"header_line", 2, "prediction\n1\n2\n", kNotANumber, 0},
      {"byte_order_mark", 1,
       "\xef\xbb\xbf"
       "1\n",
       kNotANumber, 0},
      {"forty_one_characters", 2, "1\n" + std::string(41, '0') + "\n", kNotANumber, 1},
      {"forty_two_characters", 2, "1\n" + std::string(42, '0') + "\n", kLineTooLong, 1},
      {"endless_line", 2, std::string(100'000, '1'), kLineTooLong, 0},
      {"forty_one_without_an_end", 1, std::string(41, '0'), kNotANumber, 0},
      {"binary_instead", 1, Binary<double>({1.5}), kNotANumber, 0},
      {"binary_of_two", 2, Binary<double>({1, 2, 3, 4, 5, 6}), kLineTooLong, 0},
  };
  return cases;
}

TEST(TextPredictions, TakesWholeOutputsAndNamesTheFirstFault) {
  for (const TextCase& each : TextCases()) {
    const Reading reading = ReadAtOnce(PredictionFormat::kText, each.rows, each.text);
    EXPECT_EQ(reading.fault, each.fault) << each.name;
    EXPECT_EQ(reading.row, each.row) << each.name;
  }
}

TEST(TextPredictions, PiecesOfAnySizeReadTheSame) {
  std::vector<TextCase> cases = TextCases();
  // A long mixed output, so that the quick path and its borders are met everywhere.
  std::mt19937_64 random(3);
  std::string text;
  const uint64_t rows = 400;
  for (uint64_t i = 0; i < rows; ++i) {
    const int64_t whole = static_cast<int64_t>(random() % 2001) - 1000;
    text +=
        absl::StrFormat("%.*f", static_cast<int>(random() % 25), static_cast<double>(whole) / 7);
    text += random() % 4 == 0 ? "e-1\r\n" : random() % 2 == 0 ? "\r\n" : "\n";
  }
  cases.push_back({"long", rows, text, kNone, rows});
  cases.push_back({"long_one_less", rows - 1, text, kTooManyRows, rows - 1});
  cases.push_back({"long_one_more", rows + 1, text, kTooFewRows, rows});
  for (const TextCase& each : cases) {
    const Reading whole = ReadAtOnce(PredictionFormat::kText, each.rows, each.text);
    EXPECT_EQ(whole.fault, each.fault) << each.name;
    for (size_t piece = 1; piece <= 50; ++piece) {
      for (const size_t batch : {size_t{1}, size_t{3}, size_t{1000}}) {
        const Reading pieces =
            Read(PredictionFormat::kText, each.rows, AsBytes(each.text), piece, batch);
        ASSERT_EQ(pieces, whole) << each.name << " in pieces of " << piece << ", " << batch;
      }
    }
  }
}

// Every value by the quick path must be the one that the careful path of fixed_point.cc gives.
TEST(TextPredictions, QuickPathAgreesWithTheCarefulOne) {
  std::mt19937_64 random(4);
  std::string text;
  std::vector<int64_t> expected;
  for (int i = 0; i < 200'000; ++i) {
    std::string line = random() % 3 == 0 ? "-" : random() % 5 == 0 ? "+" : "";
    for (size_t left = 1 + random() % 11; left > 0; --left) {
      line += static_cast<char>('0' + random() % 10);
    }
    if (const size_t decimals = random() % 26; decimals > 0) {
      line += '.';
      for (size_t left = decimals; left > 0; --left) {
        line += left < decimals && random() % 2 == 0 ? "05"[random() % 2]
                                                     : static_cast<char>('0' + random() % 10);
      }
    }
    if (random() % 8 == 0) line += "e-2";
    const std::optional<int64_t> value = FixedPointOfText(line);
    if (!value.has_value()) continue;  // longer than 40
    expected.push_back(*value);
    text += line + "\n";
  }
  EXPECT_GT(expected.size(), 190'000U);
  EXPECT_EQ(ReadAtOnce(PredictionFormat::kText, expected.size(), text).fault, kNone);
  EXPECT_EQ(Read(PredictionFormat::kText, expected.size(), AsBytes(text), 65536, 4096).values,
            expected);
}

// One changed byte anywhere is refused or is another number: never another count of rows.
TEST(TextPredictions, AnyByteInAnyPlaceKeepsTheRowCount) {
  const std::string good = "1.25\n-3\r\n4e+1\n";
  for (size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = good;
      changed[at] = static_cast<char>(byte);
      const Reading reading = ReadAtOnce(PredictionFormat::kText, 3, changed);
      if (reading.fault == kNone) {
        EXPECT_EQ(reading.values.size(), 3U) << at << " " << byte;
      }
      EXPECT_EQ(Read(PredictionFormat::kText, 3, AsBytes(changed), 1, 1), reading);
    }
  }
}

TEST(BinaryPredictions, ReadsBothWidths) {
  const Reading wide = ReadAtOnce(PredictionFormat::kF64, 3, Binary<double>({1.5, -0.25, 1e300}));
  EXPECT_EQ(wide.fault, kNone);
  EXPECT_EQ(wide.values, (std::vector<int64_t>{1'500'000, -250'000, kFixedPointLimit}));
  const Reading narrow = ReadAtOnce(PredictionFormat::kF32, 2, Binary<float>({1.5F, -0.25F}));
  EXPECT_EQ(narrow.fault, kNone);
  EXPECT_EQ(narrow.values, (std::vector<int64_t>{1'500'000, -250'000}));
}

template <typename T>
void CheckBinaryFaults(PredictionFormat format) {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const T infinity = std::numeric_limits<T>::infinity();
  const std::string good = Binary<T>({1, 2, 3});
  const std::vector<TextCase> cases = {
      {"good", 3, good, kNone, 3},
      {"nothing", 3, "", kTooFewRows, 0},
      {"magic_only", 3, Binary<T>({}), kTooFewRows, 0},
      {"torn_magic", 3, "PINHO", kBadMagic, 0},
      {"other_magic", 3, "PINHOLE2" + good.substr(8), kBadMagic, 0},
      {"text_instead", 3, "1\n2\n3\n", kBadMagic, 0},
      {"magic_twice", 3, std::string(kBinaryMagic) + good, kTooManyRows, 3},
      {"one_too_few", 4, good, kTooFewRows, 3},
      {"one_too_many", 2, good, kTooManyRows, 2},
      {"one_byte_too_many", 3, good + "x", kTooManyRows, 3},
      {"newline_at_the_end", 3, good + "\n", kTooManyRows, 3},
      {"torn_number", 3, good.substr(0, good.size() - 1), kTornNumber, 2},
      {"first_nan", 3, Binary<T>({nan, 2, 3}), kNotFinite, 0},
      {"last_nan", 3, Binary<T>({1, 2, -nan}), kNotFinite, 2},
      {"infinity", 3, Binary<T>({1, infinity, 3}), kNotFinite, 1},
      {"minus_infinity", 3, Binary<T>({1, -infinity, nan}), kNotFinite, 1},
  };
  for (const TextCase& each : cases) {
    const Reading whole = ReadAtOnce(format, each.rows, each.text);
    EXPECT_EQ(whole.fault, each.fault) << each.name;
    EXPECT_EQ(whole.row, each.row) << each.name;
    for (size_t piece = 1; piece <= 17; ++piece) {
      for (const size_t batch : {size_t{1}, size_t{2}, size_t{1000}}) {
        ASSERT_EQ(Read(format, each.rows, AsBytes(each.text), piece, batch), whole)
            << each.name << " in pieces of " << piece << ", " << batch;
      }
    }
  }
}

TEST(BinaryPredictions, NamesTheFirstFaultInPiecesOfAnySize) {
  CheckBinaryFaults<double>(PredictionFormat::kF64);
  CheckBinaryFaults<float>(PredictionFormat::kF32);
}

TEST(PredictionParser, TakesNothingAfterAFault) {
  PredictionParser parser(PredictionFormat::kText, 2);
  std::vector<int64_t> out(4);
  parser.Feed(AsBytes("x\n"), out);
  ASSERT_EQ(parser.fault(), kNotANumber);
  const PredictionParser::Progress progress = parser.Feed(AsBytes("1\n2\n"), out);
  EXPECT_EQ(progress.consumed, 0U);
  EXPECT_EQ(progress.written, 0U);
  EXPECT_EQ(parser.Finish(out), 0U);
  EXPECT_EQ(parser.fault(), kNotANumber);
}

// Row counts past 2^32 are only numbers here: nothing is reserved for them.
TEST(PredictionParser, ExpectingManyRowsTakesNoMemory) {
  const Reading reading = ReadAtOnce(PredictionFormat::kText, uint64_t{1} << 60, "1\n2\n");
  EXPECT_EQ(reading.fault, kTooFewRows);
  EXPECT_EQ(reading.row, 2U);
}

}  // namespace
}  // namespace pinhole::score
