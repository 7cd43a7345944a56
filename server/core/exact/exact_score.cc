#include "server/core/exact/exact_score.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace pinhole::exact {
namespace {

std::string Decimal(score::Wide value) {
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

struct Parts {
  contest::Metric metric;
  long double sum;
  long double weight;
  long double one_row;
};

long double Value(const Parts& parts) {
  switch (parts.metric) {
    case contest::Metric::kRmse:
      return std::sqrt(parts.sum / parts.weight) / 1e6L;
    case contest::Metric::kMse:
      return parts.sum / parts.weight / 1e12L;
    case contest::Metric::kMae:
      return parts.sum / parts.weight / 1e6L;
    case contest::Metric::kAccuracy:
      return parts.sum / parts.weight;
    case contest::Metric::kMatches:
    case contest::Metric::kMismatches:
      break;
  }
  return parts.sum / parts.one_row;
}

}  // namespace

ExactText Reading::Of(const score::RawScore& score) {
  ExactText text{.score = "none",
                 .sum = Decimal(score.sum_),
                 .weight = Decimal(score.weight_),
                 .one_row = Decimal(score.one_row_)};
  if (score.weight_ == 0) return text;
  text.score =
      absl::StrFormat("%.6f", Value({.metric = score.metric_,
                                     .sum = static_cast<long double>(score.sum_),
                                     .weight = static_cast<long double>(score.weight_),
                                     .one_row = static_cast<long double>(score.one_row_)}));
  return text;
}

}  // namespace pinhole::exact
