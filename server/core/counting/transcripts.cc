#include "server/core/counting/transcripts.h"

#include <algorithm>

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
      return CountImprovements(policy.release.min_gain, state);
  }
  return BigCount(1);
}

Bits BitsLeft(const Policy& policy, const TeamState& state) {
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

WorstCase CountWorstCase(const Policy& policy) {
  WorstCase worst;
  worst.team_count = CountContinuations(policy, StartState(policy));
  worst.team = worst.team_count.CeilLog2();
  worst.all_teams = worst.team * policy.release.teams;
  worst.final_board = {0};
  worst.acts = {policy.release.acts_thousandths};
  worst.contest = worst.all_teams + worst.final_board + worst.acts;
  return worst;
}

Bits ShiftCharge(const Policy& policy) {
  BigCount choices(static_cast<uint64_t>(policy.rounds.count));
  choices *= static_cast<uint64_t>(policy.rounds.max_shift);
  choices += BigCount(1);
  return choices.CeilLog2();
}

Bits CloseEarlyCharge(const Policy& policy) {
  return BigCount(static_cast<uint64_t>(policy.rounds.count) + 1).CeilLog2();
}

}  // namespace pinhole::counting
