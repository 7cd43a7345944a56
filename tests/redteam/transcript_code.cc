#include "tests/redteam/transcript_code.h"

namespace pinhole::redteam {

using counting::BigCount;
using counting::SymbolKind;
using counting::SymbolValue;

TranscriptCode::State TranscriptCode::Start() const {
  return {.teams = std::vector<counting::TeamState>(static_cast<size_t>(teams_),
                                                    counting::StartState(policy_)),
          .shared = counting::StartShared(policy_)};
}

BigCount TranscriptCode::Count(const State& state) const {
  BigCount count = counting::CountShared(policy_, state.shared);
  for (const counting::TeamState& team : state.teams)
    count *= counting::CountContinuations(policy_, team);
  return count;
}

BigCount TranscriptCode::Size() const { return Count(Start()); }

std::vector<SymbolValue> TranscriptCode::Alphabet() const {
  std::vector<SymbolValue> all = {{SymbolKind::kNotImproved}, {SymbolKind::kFailed}};
  for (int level = 0; level < policy_.scoring.scale.level_count(); ++level)
    all.push_back({SymbolKind::kLevel, level});
  return all;
}

std::optional<TranscriptCode::State> TranscriptCode::After(const State& state, int place,
                                                           const SymbolValue& symbol) const {
  const auto team = static_cast<size_t>(place % teams_);
  const auto after = counting::StatesAfter(policy_, state.teams[team], state.shared, symbol);
  if (!after.ok()) return std::nullopt;
  State next = state;
  next.teams[team] = after->team;
  next.shared = after->shared;
  return next;
}

std::vector<SymbolValue> TranscriptCode::Encode(const BigCount& message) const {
  State state = Start();
  BigCount first(0);  // number of the first transcript that begins so
  std::vector<SymbolValue> transcript;
  for (int place = 0; place < length(); ++place) {
    for (const SymbolValue& symbol : Alphabet()) {
      const std::optional<State> next = After(state, place, symbol);
      if (!next.has_value()) continue;
      BigCount end = first;
      end += Count(*next);
      if (message < end) {
        state = *next;
        transcript.push_back(symbol);
        break;
      }
      first = end;
    }
  }
  return transcript;
}

std::optional<BigCount> TranscriptCode::Decode(const std::vector<SymbolValue>& transcript) const {
  State state = Start();
  BigCount first(0);
  if (transcript.size() != static_cast<size_t>(length())) return std::nullopt;
  for (int place = 0; place < length(); ++place) {
    const SymbolValue& shown = transcript[static_cast<size_t>(place)];
    const std::optional<State> taken = After(state, place, shown);
    if (!taken.has_value()) return std::nullopt;
    for (const SymbolValue& symbol : Alphabet()) {
      if (symbol == shown) break;
      const std::optional<State> next = After(state, place, symbol);
      if (next.has_value()) first += Count(*next);
    }
    state = *taken;
  }
  return first;
}

}  // namespace pinhole::redteam
