#include "tests/redteam/meter.h"

#include <algorithm>
#include <cmath>

namespace pinhole::redteam {
namespace {

// The continued fraction converges quickly for x below (a + 1) / (a + b + 2).
double Fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr double kEnough = 1e-15;
  const auto away_from_zero = [](double value) { return std::fabs(value) < kTiny ? kTiny : value; };
  double numerator = 1;
  double denominator = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double result = denominator;
  for (int m = 1; m <= 100'000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    denominator = 1 / away_from_zero(1 + even * denominator);
    numerator = away_from_zero(1 + even / numerator);
    result *= denominator * numerator;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    denominator = 1 / away_from_zero(1 + odd * denominator);
    numerator = away_from_zero(1 + odd / numerator);
    const double change = denominator * numerator;
    result *= change;
    if (std::fabs(change - 1) < kEnough) break;
  }
  return result;
}

}  // namespace

double IncompleteBeta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * Fraction(a, b, x) / a;
  return 1 - front * Fraction(b, a, 1 - x) / b;
}

double LowestRate(int64_t successes, int64_t trials, double alpha) {
  if (successes == 0) return 0;
  const auto a = static_cast<double>(successes);
  const auto b = static_cast<double>(trials - successes + 1);
  double low = 0;
  double high = 1;
  // I_p(a, b) is the probability of so many successes or more; it grows with p.
  for (int step = 0; step < 200 && low < high; ++step) {
    const double middle = (low + high) / 2;
    (IncompleteBeta(a, b, middle) < alpha ? low : high) = middle;
  }
  return low;
}

double ExtractedBits(double secret_bits, int64_t successes, int64_t trials) {
  const double rate = LowestRate(successes, trials);
  return rate == 0 ? 0 : std::max(0.0, secret_bits + std::log2(rate));
}

double AlarmDistance(int64_t trials) { return 3.29 * 0.5 / std::sqrt(static_cast<double>(trials)); }

bool Alarm(int64_t successes, int64_t trials) {
  const double rate = static_cast<double>(successes) / static_cast<double>(trials);
  return std::fabs(rate - 0.5) > AlarmDistance(trials);
}

double MutualInformation(const std::map<std::pair<int, int>, int64_t>& counts) {
  std::map<int, int64_t> of_x;
  std::map<int, int64_t> of_y;
  int64_t all = 0;
  for (const auto& [pair, count] : counts) {
    of_x[pair.first] += count;
    of_y[pair.second] += count;
    all += count;
  }
  if (all == 0) return 0;
  const auto total = static_cast<double>(all);
  double plug_in = 0;
  for (const auto& [pair, count] : counts) {
    if (count == 0) continue;
    const double joint = static_cast<double>(count) / total;
    plug_in +=
        joint *
        std::log2(joint * total * total /
                  (static_cast<double>(of_x[pair.first]) * static_cast<double>(of_y[pair.second])));
  }
  const double bias = static_cast<double>(of_x.size() - 1) * static_cast<double>(of_y.size() - 1) /
                      (2 * total * std::log(2.0));
  return plug_in - bias;
}

bool LearningDecoder::Try(const std::string& view, bool secret) {
  const auto [found, is_new] =
      seen_.try_emplace(view, Counts{.number = static_cast<int>(seen_.size())});
  Counts& counts = found->second;
  const bool right = (counts.ones > counts.zeros) == secret;
  ++(secret ? counts.ones : counts.zeros);
  ++trials_;
  if (right) ++successes_;
  return right;
}

double LearningDecoder::information() const {
  std::map<std::pair<int, int>, int64_t> counts;
  for (const auto& [view, seen] : seen_) {
    counts[{seen.number, 0}] = seen.zeros;
    counts[{seen.number, 1}] = seen.ones;
  }
  return MutualInformation(counts);
}

}  // namespace pinhole::redteam
