// The parser of hostile predictions against a plain one, in pieces of any size. The first four
// bytes of an input choose format, rows, piece and batch; the rest is the output.
#include <algorithm>
#include <cstring>

#include "server/core/score/predictions.h"
#include "tests/fuzz/plain_predictions.h"
#include "tests/fuzz/target.h"

namespace pinhole::fuzz {
namespace {

using contest::PredictionFormat;
using score::PredictionFault;
using score::PredictionParser;

constexpr size_t kChoices = 4;

Reading ReadInPieces(PredictionFormat format, uint64_t rows, std::span<const uint8_t> output,
                     size_t piece, size_t batch) {
  PredictionParser parser(format, rows);
  Reading reading;
  std::vector<int64_t> out(batch);
  const auto take = [&](size_t count) {
    Expect(count <= out.size(), "more values than there is room for");
    reading.values.insert(reading.values.end(), out.begin(),
                          out.begin() + static_cast<ptrdiff_t>(count));
  };
  while (!output.empty() && parser.fault() == PredictionFault::kNone) {
    // A copy of its own, so that a sanitizer sees a look beyond its end.
    const auto front = output.first(std::min(piece, output.size()));
    const std::vector<uint8_t> copy(front.begin(), front.end());
    output = output.subspan(front.size());
    std::span<const uint8_t> rest = copy;
    while (!rest.empty() && parser.fault() == PredictionFault::kNone) {
      const PredictionParser::Progress progress = parser.Feed(rest, out);
      Expect(progress.consumed <= rest.size(), "more bytes taken than given");
      Expect(
          progress.consumed > 0 || progress.written > 0 || parser.fault() != PredictionFault::kNone,
          "no progress");
      take(progress.written);
      rest = rest.subspan(progress.consumed);
    }
  }
  take(parser.Finish(out));
  reading.fault = parser.fault();
  reading.row = parser.row();
  return reading;
}

std::string Seed(char format, char rows, const std::string& output) {
  return std::string({format, rows, '\x07', '\x02'}) + output;
}

template <typename T>
std::string Binary(std::initializer_list<T> values) {
  std::string bytes(score::kBinaryMagic);
  for (const T value : values) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes.append(raw, sizeof(T));
  }
  return bytes;
}

}  // namespace

void Try(std::span<const uint8_t> bytes) {
  if (bytes.size() < kChoices) return;
  constexpr PredictionFormat kFormats[] = {PredictionFormat::kText, PredictionFormat::kF32,
                                           PredictionFormat::kF64};
  const PredictionFormat format = kFormats[bytes[0] % 3];
  const uint64_t rows = 1 + bytes[1] % 16;
  const size_t piece = 1 + bytes[2];
  const size_t batch = 1 + bytes[3] % 20;
  const std::span<const uint8_t> output = bytes.subspan(kChoices);
  const Reading plain =
      ReadPlainly(format, rows, {reinterpret_cast<const char*>(output.data()), output.size()});
  const Reading pieces = ReadInPieces(format, rows, output, piece, batch);
  Expect(pieces.fault == plain.fault, "another fault than the plain reader's");
  Expect(pieces.row == plain.row, "another row than the plain reader's");
  Expect(pieces.values == plain.values, "other values than the plain reader's");
}

std::vector<std::string> Seeds() {
  const std::string lines =
      "1\n-2.5\n+3.25e2\r\n0.000000500\n12345678.123456789012345678901234\n1e-7\n0.0000005\n9e99";
  std::string many;
  for (int row = 0; row < 16; ++row) many += "4." + std::to_string(row * row) + "\n";
  return {
      Seed(0, 7, lines),
      Seed(0, 15, many),
      Seed(0, 2,
           "2000000000.0000005\n-2000000000.0000015\n0.00000050000000000000000000000000001\n"),
      Seed(1, 3, Binary<float>({1, -2.5F, 1e30F, 3e-7F})),
      Seed(2, 3, Binary<double>({1, -2.5, 1e300, 5e-7})),
  };
}

std::vector<std::string> Words() {
  return {"\n",
          "\r\n",
          "\r",
          "e",
          "e-",
          "e+9",
          ".",
          "-",
          "+",
          "0",
          "00000000",
          "5",
          "99999999",
          "0.0000005",
          "nan",
          " ",
          "PINHOLE1",
          std::string("\0\0\x80\x7f", 4),
          std::string("\0\0\0\0\0\0\xf0\x7f", 8),
          std::string(44, '1'),
          std::string(1, '\0')};
}

}  // namespace pinhole::fuzz
