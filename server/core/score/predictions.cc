#include "server/core/score/predictions.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace pinhole::score {
namespace {

static_assert(std::endian::native == std::endian::little);

// Eight characters as one little-endian word, so that eight digits cost as much as one.
struct EightDigits {
  uint64_t values;  // of the digits at the front, one a byte
  unsigned count;   // of the digits at the front, 0 to 8
};

inline EightDigits LookAtEight(const uint8_t* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  const uint64_t values = word ^ 0x3030303030303030;
  // The high bit of a byte is set when it is no digit. A carry out of such a byte spoils only later
  // ones, and only the first counts.
  const uint64_t others = ((values + 0x7676767676767676) | values) & 0x8080808080808080;
  return {values, static_cast<unsigned>(std::countr_zero(others)) / 8};
}

// The number that eight values say, the first in the lowest byte: pairs, then all four pairs.
inline uint64_t NumberOf(uint64_t values) {
  const uint64_t pairs = values * 10 + (values >> 8);
  constexpr uint64_t kEveryFourth = 0x000000ff000000ff;
  return ((pairs & kEveryFourth) * (uint64_t{1'000'000} << 32 | 100) +
          ((pairs >> 16) & kEveryFourth) * (uint64_t{10'000} << 32 | 1)) >>
         32;
}

constexpr int64_t kMillion = 1'000'000;
constexpr ptrdiff_t kShortWhole = 8;

// The common shape of a line, read without looking at it twice: sign, 1 to 8 digits, point, 1 to 24
// decimals, line end: at most 36 bytes, and no look goes beyond a window of kMaxLine bytes.
//
// Returns the first byte after the line's end, or nothing when the line has another shape, right or
// wrong.
inline const uint8_t* ScanShortLine(const uint8_t* at, int64_t* out) {
  const bool negative = *at == '-';
  at += negative || *at == '+' ? 1 : 0;
  // One by one: most lines have the same few digits here, which a processor guesses ahead.
  const uint8_t* const whole_end = at + kShortWhole;
  const uint8_t* const whole = at;
  int64_t magnitude = 0;
  for (; at != whole_end && *at >= '0' && *at <= '9'; ++at)
    magnitude = magnitude * 10 + (*at - '0');
  if (at == whole) return nullptr;
  magnitude *= kMillion;
  if (*at == '.') {
    ++at;
    const EightDigits decimals = LookAtEight(at);
    if (decimals.count == 0) return nullptr;
    at += decimals.count;
    // Cut so that zeros stand behind: always eight decimals, two more than are kept.
    const uint64_t eight = NumberOf(decimals.values & (~uint64_t{0} >> (64 - 8 * decimals.count)));
    uint64_t beyond = 0;
    if (decimals.count == 8) {
      for (int block = 0; block < 2; ++block) {
        const EightDigits more = LookAtEight(at);
        if (more.count == 0) break;
        beyond |= more.values << (64 - 8 * more.count);
        at += more.count;
      }
    }
    magnitude += static_cast<int64_t>(eight / 100);
    const uint64_t rest = eight % 100;
    const bool tie_goes_up = beyond != 0 || magnitude % 2 != 0;
    magnitude += rest > 50 || (rest == 50 && tie_goes_up) ? 1 : 0;
  }
  at += at[0] == '\r' ? 1 : 0;
  if (*at != '\n') return nullptr;
  *out = negative ? -magnitude : magnitude;
  return at + 1;
}

// A line without its LF; a CR before that LF belongs to the line end.
std::optional<int64_t> ReadLine(const uint8_t* line, size_t size) {
  if (size > 0 && line[size - 1] == '\r') --size;
  return FixedPointOfText({reinterpret_cast<const char*>(line), size});
}

size_t WidthOf(contest::PredictionFormat format) {
  return format == contest::PredictionFormat::kF32 ? sizeof(float) : sizeof(double);
}

// Decodes `count` values of type T; returns whether all are finite. A float is widened first: NaN
// and infinity stay what they are.
template <typename T>
bool DecodeValues(const uint8_t* bytes, size_t count, int64_t* out) {
  bool finite = true;
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes + i * sizeof(T), sizeof(T));
    const double wide = value;
    finite = finite & IsFinite(wide);
    out[i] = FixedPointOfFinite(wide);
  }
  return finite;
}

bool Decode(contest::PredictionFormat format, const uint8_t* bytes, size_t count, int64_t* out) {
  return format == contest::PredictionFormat::kF32 ? DecodeValues<float>(bytes, count, out)
                                                   : DecodeValues<double>(bytes, count, out);
}

}  // namespace

PredictionParser::Progress PredictionParser::Feed(std::span<const uint8_t> bytes,
                                                  std::span<int64_t> out) {
  if (fault_ != PredictionFault::kNone) return {};
  return format_ == contest::PredictionFormat::kText ? FeedText(bytes, out)
                                                     : FeedBinary(bytes, out);
}

size_t PredictionParser::Finish(std::span<int64_t> out) {
  if (fault_ != PredictionFault::kNone) return 0;
  size_t written = 0;
  if (pending_size_ > 0) {
    if (format_ != contest::PredictionFormat::kText) {
      fault_ = magic_seen_ ? PredictionFault::kTornNumber : PredictionFault::kBadMagic;
      return 0;
    }
    // No LF came, so a CR here ends no line and is refused with the number.
    const std::optional<int64_t> value =
        FixedPointOfText({reinterpret_cast<const char*>(pending_.data()), pending_size_});
    if (!value.has_value()) {
      fault_ = PredictionFault::kNotANumber;
      return 0;
    }
    pending_size_ = 0;
    out[written++] = *value;
    ++row_;
  }
  if (row_ != rows_) fault_ = PredictionFault::kTooFewRows;
  return written;
}

PredictionParser::Progress PredictionParser::FeedText(std::span<const uint8_t> bytes,
                                                      std::span<int64_t> out) {
  Progress progress;
  while (progress.consumed < bytes.size()) {
    if (row_ == rows_) {
      fault_ = PredictionFault::kTooManyRows;
      return progress;
    }
    if (progress.written == out.size()) return progress;
    const std::span<const uint8_t> rest = bytes.subspan(progress.consumed);
    if (pending_size_ > 0 || rest.size() < kMaxLine) {
      progress.consumed += CompleteLine(rest, out, &progress.written);
      if (fault_ != PredictionFault::kNone) return progress;
      continue;
    }
    // A whole line is in reach from every position up to `last`.
    const uint8_t* at = rest.data();
    const uint8_t* const last = rest.data() + (rest.size() - kMaxLine);
    int64_t* value = out.data() + progress.written;
    int64_t* const value_end =
        value + std::min<uint64_t>(out.size() - progress.written, rows_ - row_);
    const int64_t* const value_begin = value;
    const uint8_t* next = at;
    while (at <= last && value != value_end) {
      next = ScanShortLine(at, value);
      if (next == nullptr) break;
      at = next;
      ++value;
    }
    const size_t count = static_cast<size_t>(value - value_begin);
    progress.written += count;
    row_ += count;
    progress.consumed += static_cast<size_t>(at - rest.data());
    if (next == nullptr) {
      progress.consumed += CompleteLine(bytes.subspan(progress.consumed), out, &progress.written);
      if (fault_ != PredictionFault::kNone) return progress;
    }
  }
  return progress;
}

// Reads one line of any shape that begins in pending_ and goes on in `bytes`; keeps it there when
// its end has not come. Needs room in `out` and a row to come.
size_t PredictionParser::CompleteLine(std::span<const uint8_t> bytes, std::span<int64_t> out,
                                      size_t* written) {
  const size_t reach = std::min(bytes.size(), kMaxLine - pending_size_);
  const void* const end = std::memchr(bytes.data(), '\n', reach);
  const size_t line_rest =
      end == nullptr ? reach : static_cast<size_t>(static_cast<const uint8_t*>(end) - bytes.data());
  std::memcpy(pending_.data() + pending_size_, bytes.data(), line_rest);
  pending_size_ += line_rest;
  if (end == nullptr) {
    if (pending_size_ == kMaxLine) fault_ = PredictionFault::kLineTooLong;
    return line_rest;
  }
  const std::optional<int64_t> value = ReadLine(pending_.data(), pending_size_);
  if (!value.has_value()) {
    fault_ = PredictionFault::kNotANumber;
    return line_rest;
  }
  pending_size_ = 0;
  out[(*written)++] = *value;
  ++row_;
  return line_rest + 1;
}

PredictionParser::Progress PredictionParser::FeedBinary(std::span<const uint8_t> bytes,
                                                        std::span<int64_t> out) {
  Progress progress;
  if (!magic_seen_) {
    progress.consumed += FillPending(bytes, kBinaryMagic.size());
    if (std::memcmp(pending_.data(), kBinaryMagic.data(), pending_size_) != 0) {
      fault_ = PredictionFault::kBadMagic;
      return progress;
    }
    if (pending_size_ < kBinaryMagic.size()) return progress;
    magic_seen_ = true;
    pending_size_ = 0;
  }
  const size_t width = WidthOf(format_);
  while (progress.consumed < bytes.size()) {
    if (row_ == rows_) {
      fault_ = PredictionFault::kTooManyRows;
      return progress;
    }
    if (progress.written == out.size()) return progress;
    const std::span<const uint8_t> rest = bytes.subspan(progress.consumed);
    const uint64_t wanted = std::min<uint64_t>(out.size() - progress.written, rows_ - row_);
    if (pending_size_ > 0 || rest.size() < width) {
      progress.consumed += FillPending(rest, width);
      if (pending_size_ < width) return progress;
      pending_size_ = 0;
      TakeValues(pending_.data(), 1, out.data() + progress.written, &progress.written);
    } else {
      const size_t count = static_cast<size_t>(std::min<uint64_t>(wanted, rest.size() / width));
      progress.consumed += count * width;
      TakeValues(rest.data(), count, out.data() + progress.written, &progress.written);
    }
    if (fault_ != PredictionFault::kNone) return progress;
  }
  return progress;
}

size_t PredictionParser::FillPending(std::span<const uint8_t> bytes, size_t size) {
  const size_t taken = std::min(bytes.size(), size - pending_size_);
  std::memcpy(pending_.data() + pending_size_, bytes.data(), taken);
  pending_size_ += taken;
  return taken;
}

void PredictionParser::TakeValues(const uint8_t* bytes, size_t count, int64_t* out,
                                  size_t* written) {
  size_t good = count;
  if (!Decode(format_, bytes, count, out)) {
    // Rare and final: look again, one by one, for the row.
    good = 0;
    while (Decode(format_, bytes + good * WidthOf(format_), 1, out + good)) ++good;
    fault_ = PredictionFault::kNotFinite;
  }
  row_ += good;
  *written += good;
}

}  // namespace pinhole::score
