#include "server/core/score/predictions.h"

#include <algorithm>
#include <cstring>

namespace pinhole::score {
namespace {

constexpr std::array<uint64_t, 19> kPowersOfTen = [] {
  std::array<uint64_t, 19> powers = {};
  uint64_t power = 1;
  for (uint64_t& each : powers) {
    each = power;
    power *= 10;
  }
  return powers;
}();

constexpr ptrdiff_t kDecimals = 6;
// The common shape of a line, read without looking at it twice: sign, 1 to 9 digits, point, 1 to 24
// decimals, line end. At most 37 bytes, so it never leaves a window of kMaxLine bytes.
constexpr ptrdiff_t kShortWhole = 9;
constexpr ptrdiff_t kShortRest = 18;

// Reads digits while there are any and fewer than `most`, onto `value`.
inline const uint8_t* ScanDigits(const uint8_t* at, ptrdiff_t most, uint64_t* value) {
  const uint8_t* const end = at + most;
  for (; at != end; ++at) {
    const unsigned digit = static_cast<unsigned>(*at) - '0';
    if (digit > 9) break;
    *value = *value * 10 + digit;
  }
  return at;
}

// Reads one line of the common shape. Returns the first byte after its end, or nothing when the
// line has another shape, right or wrong.
inline const uint8_t* ScanShortLine(const uint8_t* at, int64_t* out) {
  const bool negative = *at == '-';
  at += negative || *at == '+' ? 1 : 0;
  uint64_t magnitude = 0;
  const uint8_t* first = at;
  at = ScanDigits(at, kShortWhole, &magnitude);
  if (at == first) return nullptr;
  ptrdiff_t decimals = 0;
  if (*at == '.') {
    first = ++at;
    at = ScanDigits(at, kDecimals, &magnitude);
    decimals = at - first;
    if (decimals == 0) return nullptr;
  }
  magnitude *= kPowersOfTen[static_cast<size_t>(kDecimals - decimals)];
  if (decimals == kDecimals && *at >= '0' && *at <= '9') {
    uint64_t rest = 0;
    first = at;
    at = ScanDigits(at, kShortRest, &rest);
    const uint64_t unit = kPowersOfTen[static_cast<size_t>(at - first)];
    const uint64_t twice = 2 * rest;
    if (twice > unit || (twice == unit && magnitude % 2 != 0)) ++magnitude;
  }
  at += at[0] == '\r' ? 1 : 0;
  if (*at != '\n') return nullptr;
  *out = negative ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude);
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
  static_assert(std::endian::native == std::endian::little);
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
