#include "client/cli/audit_screen.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "client/cli/contest_screens.h"
#include "client/cli/table.h"
#include "server/core/counting/statement.h"

namespace pinhole::cli {
namespace {

constexpr int kBarCells = 14;
constexpr int kTopSpenders = 5;

std::string Bar(counting::Bits used, counting::Bits whole) {
  int64_t cells = 0;
  if (whole.thousandths > 0) {
    cells = std::min<int64_t>(kBarCells, used.thousandths * kBarCells / whole.thousandths);
    if (cells == 0 && used.thousandths > 0) cells = 1;
  }
  std::string bar;
  for (int i = 0; i < kBarCells; ++i) bar += i < cells ? "█" : "░";
  return bar;
}

std::string HeadLine(const AuditReport& report, const replay::Contest* contest) {
  std::string text = "CONTEST   ";
  if (contest == nullptr) {
    text += "none yet";
  } else {
    const contest::Policy& policy = contest->policy.policy;
    text += absl::StrFormat(
        "%s (%s, %s, %s%s)   policy: entry %d (signed: owner, organizer)", policy.contest,
        Name(contest->phase), Name(policy.release.rule), Name(policy.deployment),
        policy.degraded == contest::Degraded() ? "" : ", degraded " + Name(policy.degraded),
        contest->policy_index);
  }
  if (const auto& data = report.state.dataset(); data.has_value()) {
    text += absl::StrFormat("\nDATA SET  %s v%d (commitment %s…)", data->dataset, data->version,
                            HexEncode(data->commitment).substr(0, 8));
  }
  if (report.head.has_value()) {
    text += absl::StrFormat("   CHECKPOINT %d, root %s…", report.head->size,
                            HexEncode(report.head->root).substr(0, 16));
  }
  return text + "\n";
}

// Rows of the data set are what the open contest's policy declares a row to hold.
std::string LifetimeLine(const replay::LedgerState& state, const replay::Contest* contest) {
  const Lifetime lifetime = LifetimeOf(state);
  const int bits_per_row =
      contest == nullptr ? contest::Policy().bits_per_row : contest->policy.policy.bits_per_row;
  const std::string row = absl::StrFormat("random %d-bit row", bits_per_row);
  return absl::StrFormat(
      "LIFETIME  %s  %s of %s bits (reserved %s)   so far at most %s, if all were hostile\n",
      Bar(lifetime.used, lifetime.budget), lifetime.used.ToString(), lifetime.budget.ToString(),
      lifetime.reserved.ToString(),
      Count(counting::RowsCopied(lifetime.used, bits_per_row), row, row + "s"));
}

std::string ContestLine(const replay::Contest& contest) {
  const contest::Release& release = contest.policy.policy.release;
  const counting::Bits used = contest.Used();
  const std::string final_bits =
      release.final_rule == contest::FinalRule::kNone
          ? ""
          : absl::StrFormat(" %s of %s bits", contest.final_charged.ToString(),
                            contest.policy.final_board.ToString());
  return absl::StrFormat(
      "BUDGET    %s  %s of %s bits   teams %d/%d   acts, shifts and starts %s of %s bits   final: "
      "%s%s\n",
      Bar(used, contest.policy.contest), used.ToString(), contest.policy.contest.ToString(),
      contest.teams.size(), release.teams, contest.acts_used.ToString(),
      counting::Bits{release.acts_thousandths}.ToString(), Name(release.final_rule), final_bits);
}

// Every ADMIT whose round is over has its RESULT; those with a RESULT the state may have forgotten.
bool EveryAdmitHasItsResult(const replay::Contest& contest) {
  return std::all_of(contest.admissions.begin(), contest.admissions.end(), [&](const auto& item) {
    const replay::Admission& admission = item.second;
    return admission.result.has_value() || admission.entry.result_round > contest.last_round;
  });
}

std::string RoundsLine(const AuditReport& report, const replay::Contest& contest) {
  const bool replayed = report.replay == Verdict::kHolds;
  return absl::StrFormat(
      "ROUNDS    released %d of %d, shifts %d, starts %d, missing %s | admitted %d, waiting %d, "
      "results = "
      "admitted: %s | lengths constant: %s | alphabet violations: %s\n",
      contest.last_round, contest.policy.policy.rounds.count, contest.shifts, contest.starts,
      replayed ? "0" : "unknown", contest.Tries(), contest.Waiting(),
      EveryAdmitHasItsResult(contest) ? "yes" : "NO",
      report.lengths == Verdict::kHolds ? "yes" : "NO", replayed ? "0" : "unknown");
}

std::string TeamsLine(const replay::Contest& contest) {
  std::vector<const replay::Team*> teams;
  for (const replay::Team& team : contest.teams) teams.push_back(&team);
  std::stable_sort(teams.begin(), teams.end(), [](const replay::Team* a, const replay::Team* b) {
    return a->charged > b->charged;
  });
  std::string spenders;
  for (size_t i = 0; i < std::min<size_t>(kTopSpenders, teams.size()); ++i) {
    spenders += absl::StrFormat("%s%s %s/%s", i == 0 ? "" : " · ", teams[i]->entry.name,
                                teams[i]->charged.ToString(), contest.policy.team.ToString());
  }
  const contest::Release& release = contest.policy.policy.release;
  int64_t silent = 0;
  int64_t notices = 0;
  for (const replay::Team* team : teams) {
    silent += team->best_level.has_value() ? 0 : 1;
    if (release.rule != contest::ReleaseRule::kEveryScore) {
      notices += release.shown_failures - team->state.failures;
    }
  }
  return absl::StrFormat(
      "TEAMS     top spenders: %s   without a shown score: %d   notices used "
      "%d/%d\n",
      spenders.empty() ? "none" : spenders, silent, notices,
      int64_t{release.shown_failures} * release.teams);
}

const char* Mark(Verdict verdict) { return verdict == Verdict::kHolds ? "✓" : "✗"; }

}  // namespace

std::string AuditText(const AuditReport& report, const replay::Contest* contest) {
  std::string text = HeadLine(report, contest);
  text += LifetimeLine(report.state, contest);
  if (contest != nullptr) {
    text += ContestLine(*contest);
    text += RoundsLine(report, *contest);
    text += TeamsLine(*contest);
  }
  text += absl::StrFormat(
      "VERIFY    signature %s  root %s  replay of every rule and charge %s  "
      "lengths %s   (%s)\n",
      Mark(report.signature), Mark(report.root), Mark(report.replay), Mark(report.lengths),
      Count(report.entry_count, "entry", "entries"));
  if (report.quorum.has_value()) text += "WITNESSES " + QuorumText(*report.quorum) + "\n";
  for (const std::string& problem : report.problems) text += "RED       " + problem + "\n";
  return text;
}

}  // namespace pinhole::cli
