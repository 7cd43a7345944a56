#include "tests/redteam/controls.h"

#include <optional>
#include <random>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/text.h"
#include "server/core/counting/final_board.h"
#include "server/core/score/answer.h"
#include "server/core/score/scoring.h"
#include "server/core/score/sheet_writer.h"
#include "tests/redteam/arena.h"
#include "tests/redteam/gate_of_test.h"
#include "tests/redteam/meter.h"
#include "tests/redteam/transcript_code.h"

namespace pinhole::redteam {
namespace {

using counting::BigCount;
using counting::SymbolKind;
using counting::SymbolValue;
using Transcript = std::vector<SymbolValue>;
using Random = std::mt19937_64;

// The planter's: every scored row has this label, so a constant reaches every level of the scale.
constexpr int64_t kLabel = 500'000;
constexpr size_t kScoredRows = 40;

std::string PlantedSheet(const contest::Policy& policy) {
  std::vector<score::SheetRow> rows(kScoredRows, score::SheetRow{.label = kLabel});
  for (size_t i = 0; i < rows.size(); ++i)
    rows[i].set = i % 2 == 0 ? score::RowSet::kPublic : score::RowSet::kFinal;
  return *score::EncodeSheet(policy.scoring, rows);
}

// What an encoder sends: a symbol a try and, where the policy has a final board of every team, the
// final level.
struct Message {
  Transcript transcript;
  std::optional<int> final_level;
};

// The encoder: a program that predicts one constant on the public rows and one on the final rows,
// chosen so that its levels are the wanted ones; or crashes. The scorer says what it reached.
vault::Answer Run(const contest::Policy& policy, const std::string& sheet,
                  const SymbolValue& wanted, const std::optional<int>& wanted_final) {
  static score::ScoringBuffers buffers;
  // Under improvements without notices NOT_IMPROVED is a score worse than worst, as good as a
  // crash.
  if (wanted.kind == SymbolKind::kFailed) return AnswerOf(-1, -1);
  const contest::LevelScale& scale = policy.scoring.scale;
  const int level = wanted.kind == SymbolKind::kLevel ? wanted.level : scale.level_count();
  std::string predictions;
  for (size_t i = 0; i < kScoredRows; ++i) {
    const int reached = i % 2 == 0 ? level : wanted_final.value_or(level);
    predictions += FormatMillionths(kLabel + scale.ValueOf(reached)) + "\n";
  }
  score::MemorySource output(AsBytes(predictions));
  score::MemorySource labels(AsBytes(sheet));
  return score::EncodeAnswer(score::ScoreStream(output, labels, buffers));
}

// Plays a contest to its end: team t sends messages[t] try by try, or all teams in turn one.
// Returns the entries of its ledger.
std::vector<std::string> Play(const contest::Policy& policy, const std::vector<Message>& messages) {
  SetGate(GateMode::kShipped);
  Arena arena(policy);
  const std::string sheet = PlantedSheet(policy);
  const bool in_turn = policy.release.rule == contest::ReleaseRule::kRecords;
  std::vector<std::string> entries;
  const auto keep = [&entries](std::vector<std::string> more) {
    entries.insert(entries.end(), more.begin(), more.end());
  };
  for (int attempt = 0; attempt < policy.release.tries; ++attempt) {
    std::vector<Submission> submissions;
    for (int team = 0; team < policy.release.teams; ++team)
      submissions.push_back({team, absl::StrFormat("try %d of %d", attempt, team)});
    keep(arena.Exchange(submissions));
    const std::vector<vault::DueRun> due = *arena.vault().DueRuns();
    for (size_t team = 0; team < due.size(); ++team) {
      const Message& message = messages[in_turn ? 0 : team];
      const size_t place = static_cast<size_t>(attempt) * (in_turn ? due.size() : 1);
      const SymbolValue& wanted = message.transcript[place + (in_turn ? team : 0)];
      (void)arena.vault().CommitRun(due[team].admit,
                                    Run(policy, sheet, wanted, message.final_level), {});
    }
  }
  keep(arena.Exchange({}));
  return entries;
}

// The decoder: parses the public ledger's RESULTs and FINALs, and nothing else.
std::vector<Message> Read(const contest::Policy& policy, const std::vector<std::string>& entries) {
  const bool in_turn = policy.release.rule == contest::ReleaseRule::kRecords;
  std::vector<Message> messages(in_turn ? 1 : static_cast<size_t>(policy.release.teams));
  for (const std::string& bytes : entries) {
    const auto entry = log::ParseEntry(bytes);
    if (!entry.ok()) continue;
    if (const auto* result = std::get_if<log::ResultEntry>(&*entry)) {
      messages[in_turn ? 0 : static_cast<size_t>(result->team - 1)].transcript.push_back(
          result->symbol);
    }
    if (const auto* place = std::get_if<log::FinalEntry>(&*entry))
      messages[static_cast<size_t>(place->team - 1)].final_level = place->level;
  }
  return messages;
}

BigCount FromNumber(uint64_t number) { return *BigCount::FromHex(absl::StrFormat("%x", number)); }

// Hex without leading zeros of so many random bits.
BigCount RandomSecret(int bits, Random& random) {
  BigCount secret(0);
  for (int bit = 0; bit < bits; ++bit) {
    secret *= 2;
    secret += BigCount(random() & 1);
  }
  return secret;
}

// floor(log2(count)) for a count of at least 1.
int WholeBits(const BigCount& count) {
  int bits = 0;
  for (BigCount power(2); power <= count; power *= 2) ++bits;
  return bits;
}

}  // namespace

OpenChannel PositiveControl(const std::string& name, const contest::Policy& policy, int64_t trials,
                            uint64_t seed) {
  const bool in_turn = policy.release.rule == contest::ReleaseRule::kRecords;
  const bool has_final = policy.release.final_rule == contest::FinalRule::kEveryTeam;
  const TranscriptCode code(policy, in_turn ? policy.release.teams : 1);
  const size_t at_once = in_turn ? 1 : static_cast<size_t>(policy.release.teams);
  const int bits = WholeBits(code.Size());
  const BigCount final_levels(static_cast<uint64_t>(policy.scoring.scale.level_count()) + 1);
  const int final_bits = has_final ? WholeBits(final_levels) : 0;
  OpenChannel channel{
      .name = name, .secret_bits = bits + final_bits, .declared = code.Size().CeilLog2()};
  if (has_final) channel.declared += counting::FinalCharge(policy, policy.release.teams, 1);
  Random random(seed);
  while (channel.trials < trials) {
    std::vector<BigCount> secrets;
    std::vector<Message> sent;
    for (size_t i = 0; i < at_once; ++i) {
      secrets.push_back(RandomSecret(bits, random));
      sent.push_back({.transcript = code.Encode(secrets.back())});
      if (has_final) sent.back().final_level = static_cast<int>(random() >> (64 - final_bits));
    }
    const std::vector<Message> seen = Read(policy, Play(policy, sent));
    for (size_t i = 0; i < at_once; ++i) {
      const std::optional<BigCount> decoded = code.Decode(seen[i].transcript);
      const bool right = decoded.has_value() && *decoded == secrets[i] &&
                         seen[i].final_level == sent[i].final_level;
      if (right) ++channel.successes;
      ++channel.trials;
    }
  }
  channel.extracted_bits = ExtractedBits(channel.secret_bits, channel.successes, channel.trials);
  return channel;
}

OpenChannel GuessTest(const std::string& name, const contest::Policy& declared,
                      const contest::Policy& enforced, int64_t trials, uint64_t seed) {
  const BigCount signed_count = TranscriptCode(declared, 1).Size();
  const TranscriptCode code(enforced, 1);
  const uint64_t transcripts = std::stoull(code.Size().ToHex(), nullptr, 16);
  OpenChannel channel{.name = name,
                      .secret_bits = WholeBits(signed_count) + 4,
                      .declared = signed_count.CeilLog2()};
  const uint64_t secrets = uint64_t{1} << channel.secret_bits;
  Random random(seed);
  while (channel.trials < trials) {
    std::vector<uint64_t> wanted;
    std::vector<Message> sent;
    for (int team = 0; team < enforced.release.teams; ++team) {
      wanted.push_back(random() % secrets);
      sent.push_back({.transcript = code.Encode(FromNumber(wanted.back() % transcripts))});
    }
    const std::vector<Message> seen = Read(enforced, Play(enforced, sent));
    for (size_t team = 0; team < wanted.size(); ++team) {
      ++channel.trials;
      const std::optional<BigCount> number = code.Decode(seen[team].transcript);
      if (!number.has_value()) continue;
      // All secrets that show this transcript are equally likely: any one of them.
      const uint64_t first = std::stoull(number->ToHex(), nullptr, 16);
      if (first >= secrets) continue;
      const uint64_t alike = (secrets - 1 - first) / transcripts + 1;
      if (first + random() % alike * transcripts == wanted[team]) ++channel.successes;
    }
  }
  channel.extracted_bits = ExtractedBits(channel.secret_bits, channel.successes, channel.trials);
  return channel;
}

}  // namespace pinhole::redteam
