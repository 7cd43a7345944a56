#include "tests/redteam/report.h"

#include <cmath>
#include <cstdio>

#include "absl/strings/str_format.h"
#include "tests/redteam/meter.h"

namespace pinhole::redteam {
namespace {

constexpr uint64_t kSeed = 2026;

// CHANNEL.md section 2.1: so many see a leak of 10^-4 bit a trial with a power of 95 %.
int64_t Trials(Profile profile) { return profile == Profile::kQuick ? 1920 : 162'000; }
int64_t TrialsOfAMutant(Profile profile) { return profile == Profile::kQuick ? 480 : 4800; }

// Each with secrets of its own.
constexpr uint64_t kSeedsOfLedgers = 1000;
int Ledgers(Profile profile) { return profile == Profile::kQuick ? 1 : 8; }

std::string OpenRow(const OpenChannel& channel, const std::string& decoded, const char* verdict) {
  return absl::StrFormat("| %s | %s | %d | %s | %s | %.3f | %s |\n", channel.name,
                         Grouped(channel.trials), channel.secret_bits, channel.declared.ToString(),
                         decoded, channel.extracted_bits, verdict);
}

void AddOpenChannels(Profile profile, Report& report) {
  report.open_channels =
      "| channel | secrets | bits each | declared bits | decoded | extracted bits (99.9 %) | "
      "verdict |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n";
  for (const OpenChannel& channel : PositiveControls(profile)) {
    const bool strong = channel.share() >= 0.9 && channel.successes == channel.trials;
    report.open_channels +=
        OpenRow(channel,
                absl::StrFormat("%s: %.1f %% of the declared bits", Grouped(channel.successes),
                                100 * channel.share()),
                strong && channel.within_declared() ? "strong enough, within"
                                                    : "NOT STRONG ENOUGH OR BEYOND");
    report.holds = report.holds && strong && channel.within_declared();
  }
  for (const OpenChannel& channel : GuessTests(profile)) {
    const double declared = static_cast<double>(channel.declared.thousandths) / 1000;
    report.open_channels += OpenRow(
        channel,
        absl::StrFormat(
            "%s: %.2f %%, by the bound at most %.2f %%", Grouped(channel.successes),
            100.0 * static_cast<double>(channel.successes) / static_cast<double>(channel.trials),
            100 * std::exp2(declared - channel.secret_bits)),
        channel.within_declared() ? "within" : "BEYOND");
    report.holds = report.holds && channel.within_declared();
  }
}

bool SameBytes(const Attack& attack, Profile profile) {
  for (int ledger = 0; ledger < Ledgers(profile); ++ledger) {
    if (!SameBytesForTheOtherSecrets(attack, kSeedsOfLedgers + static_cast<uint64_t>(ledger)))
      return false;
  }
  return true;
}

}  // namespace

std::string Grouped(int64_t number) {
  if (number < 1000) return absl::StrFormat("%d", number);
  return absl::StrFormat("%s,%03d", Grouped(number / 1000), number % 1000);
}

std::string AttackRow(const Attack& attack) {
  return absl::StrFormat("| %s | %s | %s |", attack.number, attack.encoder,
                         attack.gate == GateMode::kMute ? "mute" : "shipped, told nothing");
}

std::string MutantRow(const Attack& attack) {
  return absl::StrFormat("| %s | %s |", attack.number, attack.undone);
}

Report RunOpenChannels(Profile profile) {
  std::fprintf(stderr, "open channels\n");
  Report report;
  AddOpenChannels(profile, report);
  return report;
}

Report RunAll(Profile profile) {
  Report report = RunOpenChannels(profile);
  report.attacks =
      "| attack | encoder: by the secret bit a run | gate | trials | right guesses | alarm beyond "
      "| "
      "different views | information, bits a trial | extracted bits (99.9 %) | declared | other "
      "secrets, same bytes | verdict |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
  report.mutants =
      "| attack | defence undone | trials | right guesses | extracted bits (99.9 %) | verdict |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  uint64_t seed = kSeed;
  for (const Attack& attack : Attacks()) {
    std::fprintf(stderr, "%s\n", attack.number);
    const Measured open = Measure(attack, Mutant::kNone, Trials(profile), ++seed);
    const bool same = SameBytes(attack, profile);
    report.attacks += absl::StrFormat(
        "%s %s | %.4f | 0.5 ± %.4f | %d | %.6f | %.3f | 0 | %s | %s |\n", AttackRow(attack),
        Grouped(open.trials), open.rate, AlarmDistance(open.trials), open.views,
        std::fabs(open.information) < 5e-7 ? 0.0 : open.information,
        ExtractedBits(1, open.successes, open.trials), same ? "yes" : "NO",
        !open.alarm && same ? "at chance" : "LEAKS");
    const Measured mutant = Measure(attack, attack.mutant, TrialsOfAMutant(profile), ++seed);
    report.mutants += absl::StrFormat(
        "%s %s | %.4f | %.3f of 1 | %s |\n", MutantRow(attack), Grouped(mutant.trials), mutant.rate,
        ExtractedBits(1, mutant.successes, mutant.trials), mutant.alarm ? "caught" : "SURVIVES");
    report.holds = report.holds && !open.alarm && same && mutant.alarm;
  }
  std::fprintf(stderr, "a gate that does not count\n");
  const OpenChannel uncounted = UncountedScores(profile);
  report.mutants += absl::StrFormat(
      "| A1 | shown scores are counted | %s | %.4f of secrets of %d bits | %.3f of %s declared | "
      "%s "
      "|\n",
      Grouped(uncounted.trials),
      static_cast<double>(uncounted.successes) / static_cast<double>(uncounted.trials),
      uncounted.secret_bits, uncounted.extracted_bits, uncounted.declared.ToString(),
      uncounted.within_declared() ? "SURVIVES" : "caught");
  report.holds = report.holds && !uncounted.within_declared();
  return report;
}

std::string Between(const std::string& document, const std::string& name, const std::string& text) {
  const std::string begin = absl::StrFormat("<!-- %s -->\n", name);
  const size_t from = document.find(begin);
  const size_t to = document.find(absl::StrFormat("<!-- end of %s -->", name));
  if (from == std::string::npos || to == std::string::npos) return "";
  std::string changed = document;
  return changed.replace(from + begin.size(), to - from - begin.size(), text);
}

}  // namespace pinhole::redteam
