#include "client/cli/budget_explained.h"

#include <optional>

#include "absl/strings/str_format.h"
#include "client/cli/recount.h"
#include "client/cli/table.h"
#include "server/core/counting/worst_case.h"

namespace pinhole::cli {
namespace {

// What teams share under records, beside each team's notices.
std::string SharedFormula(const contest::Policy& policy) {
  const contest::Release& release = policy.release;
  return absl::StrFormat(
      "  rule records: of all %d tries i show a level, each at least m better than the record "
      "before;\n"
      "  N of all = sum over i <= j of C(k,i) * C(l-(i-1)(m-1),i)\n"
      "  k = %d tries, l = %d levels, j = %d records, m = %d; each team besides shows e of its %d "
      "as FAILED:\n"
      "  N of a team = sum over e <= f of C(k,e), f = %d\n",
      int64_t{release.tries} * release.teams, int64_t{release.tries} * release.teams,
      policy.scoring.scale.level_count(), release.shown_scores, release.min_gain, release.tries,
      release.shown_failures);
}

std::string Formula(const contest::Policy& policy) {
  const contest::Release& release = policy.release;
  const int levels = policy.scoring.scale.level_count();
  if (release.rule == contest::ReleaseRule::kEveryScore) {
    return absl::StrFormat(
        "  rule every-score: each of k tries shows one of L levels or FAILED\n"
        "  N = (L+1)^k with k = %d, L = %d\n",
        release.tries, levels);
  }
  if (release.rule == contest::ReleaseRule::kRecords) return SharedFormula(policy);
  return absl::StrFormat(
      "  rule improvements: i of k tries show a level, each at least m better than the one "
      "before,\n"
      "  e of the others show FAILED, the rest NOT_IMPROVED\n"
      "  N = sum over i <= j and e <= f of C(k,i) * C(k-i,e) * C(l-(i-1)(m-1),i)\n"
      "  k = %d tries, l = %d levels, j = %d scores, f = %d failure notices, m = %d\n",
      release.tries, levels, release.shown_scores, release.shown_failures, release.min_gain);
}

std::string RecountText(const contest::Policy& policy, const counting::BigCount& expected) {
  const std::optional<counting::BigCount> recount = RecountByStates(policy);
  if (!recount.has_value())
    return "  recount through every state: too many states for this screen\n";
  return absl::StrFormat("  recount through every state that the rule can reach: %s\n",
                         *recount == expected ? "the same" : "ANOTHER NUMBER, " + recount->ToHex());
}

}  // namespace

std::string BudgetPython(const contest::Policy& policy) {
  const contest::Release& release = policy.release;
  const int levels = policy.scoring.scale.level_count();
  if (release.rule == contest::ReleaseRule::kEveryScore) {
    return absl::StrFormat("python3 -c \"print('%%x' %% (%d+1)**%d)\"", levels, release.tries);
  }
  if (release.rule == contest::ReleaseRule::kRecords) {
    return absl::StrFormat(
        "python3 -c \"from math import comb; k,l,j,m=%d,%d,%d,%d; "
        "C=lambda n,r: comb(n,r) if n>=0 else 0; "
        "print('%%x' %% sum(C(%d,e) for e in range(%d+1)), "
        "'%%x' %% sum(C(k,i)*(C(l-(i-1)*(m-1),i) if i else 1) for i in range(min(j,k)+1)))\"",
        int64_t{release.tries} * release.teams, levels, release.shown_scores, release.min_gain,
        release.tries, release.shown_failures);
  }
  return absl::StrFormat(
      "python3 -c \"from math import comb; k,l,j,f,m=%d,%d,%d,%d,%d; "
      "C=lambda n,r: comb(n,r) if n>=0 else 0; "
      "print('%%x' %% sum(C(k,i)*C(k-i,e)*(C(l-(i-1)*(m-1),i) if i else 1) "
      "for i in range(min(j,k)+1) for e in range(f+1)))\"",
      release.tries, levels, release.shown_scores, release.shown_failures, release.min_gain);
}

std::string BudgetExplained(const replay::Contest& contest) {
  const contest::Policy& policy = contest.policy.policy;
  const counting::WorstCase worst = counting::CountWorstCase(policy);
  std::string text =
      absl::StrFormat("BUDGET of %s: how many ledgers the policy allows\n", policy.contest);
  text += Formula(policy);
  text += absl::StrFormat("  N of a team = %s (hex)\n", worst.team_count.ToHex());
  text += absl::StrFormat("  as POLICY states it: %s\n",
                          worst.team_count == contest.policy.team_count ? "yes" : "NO");
  text += RecountText(policy, worst.team_count);
  text += absl::StrFormat("  log2 N, rounded up: %s bits a team\n", worst.team.ToString());
  std::vector<std::vector<std::string>> sum = {
      {absl::StrFormat("%s of %s bits", Count(policy.release.teams, "team", "teams"),
                       worst.team.ToString()),
       worst.all_teams.ToString()},
      {absl::StrFormat("records of all teams, N = %s (hex)", worst.shared_count.ToHex()),
       worst.shared.ToString()},
      {absl::StrFormat("final board (%s)", Name(policy.release.final_rule)),
       worst.final_board.ToString()},
      {"acts, shifts and starts", worst.acts.ToString()},
      {"contest, as reserved", worst.contest.ToString()},
      {"besides, the baseline taken from the data",
       counting::Bits{policy.baseline_thousandths}.ToString()},
      {"used so far", contest.Used().ToString()},
  };
  if (policy.release.rule != contest::ReleaseRule::kRecords) sum.erase(sum.begin() + 1);
  text += FormatTable(sum, 2);
  return text + "  N once more, without this program:\n  " + BudgetPython(policy) + "\n";
}

}  // namespace pinhole::cli
