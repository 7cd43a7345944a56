#include "server/core/counting/transcripts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "absl/strings/str_format.h"
#include "server/core/base/text.h"

namespace pinhole::counting {
namespace {

using contest::Policy;
using contest::ReleaseRule;

absl::Status CannotShow(const char* why) {
  return absl::FailedPreconditionError(
      absl::StrFormat("the release rule cannot show this: %s", why));
}

BigCount CountEveryScore(int level_count, int tries) {
  BigCount count(1);
  for (int i = 0; i < tries; ++i) count *= static_cast<uint64_t>(level_count) + 1;
  return count;
}

BigCount CountImprovements(int min_gain, const TeamState& state) {
  BigCount total(0);
  const int most_scores = std::min(state.scores, state.tries);
  for (int shown = 0; shown <= most_scores; ++shown) {
    BigCount levels =
        shown == 0 ? BigCount(1)
                   : Binomial(int64_t{state.levels} - int64_t{shown - 1} * (min_gain - 1), shown);
    if (levels == BigCount(0)) break;  // more shown scores than steps: so for every larger count
    BigCount notices(0);
    for (int failed = 0; failed <= std::min(state.failures, state.tries - shown); ++failed) {
      notices += Binomial(state.tries - shown, failed);
    }
    levels *= notices;
    levels *= Binomial(state.tries, shown);
    total += levels;
  }
  return total;
}

// C(n, k) to within 4·k roundings; 0 when k < 0, n < 0 or k > n.
double RoughBinomial(int64_t n, int64_t k) {
  if (k < 0 || n < 0 || k > n) return 0;
  double result = 1;
  for (int64_t i = 1; i <= std::min(k, n - k); ++i) {
    result *= static_cast<double>(n - std::min(k, n - k) + i);
    result /= static_cast<double>(i);
  }
  return result;
}

// More scores and notices than these are counted exactly at once.
constexpr int kMostTerms = 1000;

// 1/i to within one rounding: a product costs a fifth of a quotient.
constexpr std::array<double, kMostTerms + 2> kReciprocals = [] {
  std::array<double, kMostTerms + 2> values{};
  for (size_t i = 1; i < values.size(); ++i) values[i] = 1.0 / static_cast<double>(i);
  return values;
}();
double Reciprocal(int i) { return kReciprocals[static_cast<size_t>(i)]; }

// Sum of C(n, e) for e from 0 to `most`, which is at most kMostTerms.
double RoughNotices(int n, int most) {
  double sum = 0;
  double choices = 1;
  for (int failed = 0; failed <= std::min(most, n); ++failed) {
    sum += choices;
    choices *= (n - failed) * Reciprocal(failed + 1);
  }
  return sum;
}

// CountImprovements in floating point. Only products, quotients and sums of positive numbers, so
// the relative error is at most 2^-53 for each of the roundings that one term goes through, of
// which there are fewer than 8 · (shown scores + notices + 2).
double RoughImprovements(int min_gain, const TeamState& state) {
  double total = 0;
  double choose_shown = 1;  // C(tries, shown)
  double levels = 1;        // of the same, under a minimum gain of one level
  const int most_scores = std::min(state.scores, state.tries);
  for (int shown = 0; shown <= most_scores; ++shown) {
    if (shown > 0 && min_gain == 1) {
      levels *= (state.levels - (shown - 1)) * Reciprocal(shown);
    } else if (shown > 0) {
      levels = RoughBinomial(int64_t{state.levels} - int64_t{shown - 1} * (min_gain - 1), shown);
    }
    if (levels <= 0) break;
    total += choose_shown * levels * RoughNotices(state.tries - shown, state.failures);
    choose_shown *= (state.tries - shown) * Reciprocal(shown + 1);
  }
  return total;
}

// log2 of the count that CountImprovements gives, rounded up to a thousandth; nothing when floating
// point leaves a doubt about the rounding, or the count is too large for it.
std::optional<Bits> QuickBits(int min_gain, const TeamState& state) {
  // With so many terms at most, the count's relative error is below 2^-53 · 8 · 1,002 < 10^-12, so
  // its logarithm's is below 2·10^-12 bits, and that of log2 itself below 10^-12 more: together
  // less than 10^-8 thousandths. The margin is a hundred times that.
  constexpr double kMargin = 1e-6;
  if (state.scores + state.failures > kMostTerms) return std::nullopt;
  const double count = RoughImprovements(min_gain, state);
  // The count is a whole number: below 1.5 it is 1.
  if (count > 0.5 && count < 1.5) return Bits{0};
  if (!(count > 1 && count < 1e300)) return std::nullopt;
  const double thousandths = std::log2(count) * 1000;
  const double up = std::ceil(thousandths);
  if (up - thousandths < kMargin || up - thousandths > 1 - kMargin) return std::nullopt;
  return Bits{static_cast<int64_t>(up)};
}

}  // namespace

int SymbolIndex(const SymbolValue& symbol) {
  switch (symbol.kind) {
    case SymbolKind::kNotImproved:
      return 0;
    case SymbolKind::kFailed:
      return 1;
    case SymbolKind::kLevel:
      return 2 + symbol.level;
  }
  return 0;
}

absl::StatusOr<SymbolValue> SymbolFromIndex(int64_t index, int level_count) {
  if (index < 0 || index >= int64_t{level_count} + 2) {
    return absl::InvalidArgumentError(absl::StrFormat("%d is no symbol of this alphabet", index));
  }
  if (index == 0) return SymbolValue{SymbolKind::kNotImproved};
  if (index == 1) return SymbolValue{SymbolKind::kFailed};
  return SymbolValue{SymbolKind::kLevel, static_cast<int>(index - 2)};
}

std::string SymbolText(const SymbolValue& symbol, const contest::LevelScale& scale) {
  switch (symbol.kind) {
    case SymbolKind::kNotImproved:
      return "NOT_IMPROVED";
    case SymbolKind::kFailed:
      return "FAILED";
    case SymbolKind::kLevel:
      return FormatMillionths(scale.ValueOf(symbol.level));
  }
  return "";
}

TeamState StartState(const Policy& policy) {
  if (policy.release.rule == ReleaseRule::kEveryScore) return {.tries = policy.release.tries};
  if (policy.release.rule == ReleaseRule::kRecords) {
    return {.tries = policy.release.tries, .failures = policy.release.shown_failures};
  }
  return {.tries = policy.release.tries,
          .levels = policy.scoring.scale.level_count(),
          .scores = policy.release.shown_scores,
          .failures = policy.release.shown_failures};
}

BigCount CountContinuations(const Policy& policy, const TeamState& state) {
  switch (policy.release.rule) {
    case ReleaseRule::kEveryScore:
      return CountEveryScore(policy.scoring.scale.level_count(), state.tries);
    case ReleaseRule::kImprovements:
    case ReleaseRule::kRecords:
      return CountImprovements(policy.release.min_gain, state);
  }
  return BigCount(1);
}

Bits BitsLeft(const Policy& policy, const TeamState& state) {
  if (policy.release.rule != ReleaseRule::kEveryScore) {
    const std::optional<Bits> quick = QuickBits(policy.release.min_gain, state);
    if (quick.has_value()) return *quick;
  }
  return CountContinuations(policy, state).CeilLog2();
}

absl::StatusOr<TeamState> StateAfter(const Policy& policy, const TeamState& state,
                                     const SymbolValue& symbol) {
  if (state.tries <= 0) return CannotShow("no try is left");
  if (symbol.kind == SymbolKind::kLevel &&
      (symbol.level < 0 || symbol.level >= policy.scoring.scale.level_count())) {
    return CannotShow("the level is outside the scale");
  }
  TeamState after = state;
  --after.tries;
  if (policy.release.rule == ReleaseRule::kEveryScore) {
    if (symbol.kind == SymbolKind::kNotImproved)
      return CannotShow("every-score shows a level or FAILED");
    return after;
  }
  switch (symbol.kind) {
    case SymbolKind::kNotImproved:
      return after;
    case SymbolKind::kFailed:
      if (state.failures <= 0) return CannotShow("no failure notice is left");
      --after.failures;
      return after;
    case SymbolKind::kLevel:
      if (state.scores <= 0) return CannotShow("no shown score is left");
      if (symbol.level >= state.levels)
        return CannotShow("the level does not improve on the best shown by the minimum gain");
      --after.scores;
      after.levels = std::max(0, symbol.level - policy.release.min_gain + 1);
      return after;
  }
  return after;
}

}  // namespace pinhole::counting
