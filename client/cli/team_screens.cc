#include "client/cli/team_screens.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "client/cli/contest_screens.h"
#include "client/cli/freshness.h"
#include "client/cli/table.h"
#include "server/core/base/text.h"
#include "server/core/replay/board.h"

namespace pinhole::cli {
namespace {

using counting::SymbolKind;

std::string ProgramName(const std::vector<Receipt>& receipts, const log::RequestId& id) {
  for (const Receipt& receipt : receipts) {
    if (receipt.request.request_id == id) return receipt.program_name;
  }
  return "(another computer)";
}

int RankOf(const replay::Contest& contest, const replay::Team& team) {
  for (const replay::BoardRow& row : replay::MakeBoard(contest)) {
    if (row.team == team.entry.name) return row.rank;
  }
  return 0;
}

std::vector<std::string> WaitingRow(const replay::Contest& contest, const Receipt& receipt,
                                    const absl::TimeZone& zone) {
  const std::string id = RequestIdText(receipt).substr(0, 8);
  if (receipt.state == Receipt::State::kRefused) {
    return {"-", id, receipt.program_name, "refused", "nothing was spent"};
  }
  if (receipt.state == Receipt::State::kSigned) {
    return {"-", id, receipt.program_name, "not sent", "submit the same program again"};
  }
  return {"-", id, receipt.program_name, "sent",
          "not in the ledger yet; " + NextExchangeText(contest, zone)};
}

const char* BestText(contest::ReleaseRule rule) {
  return rule == contest::ReleaseRule::kRecords ? "the record by the gain it takes"
                                                : "your best by the gain it takes";
}

}  // namespace

std::string WhyText(const replay::Contest& contest, const replay::Admission& admission) {
  if (!admission.result.has_value()) return "";
  const log::ResultEntry& result = *admission.result;
  if (result.symbol.kind != SymbolKind::kNotImproved) return "";
  if (result.after.scores == 0) return "no scores left: nothing else can be shown";
  if (result.after.levels == 0) return "no better level is left to show";
  const contest::Policy& policy = contest.policy.policy;
  std::string why = absl::StrFormat(
      "not better than %s", result.after.levels < policy.scoring.scale.level_count()
                                ? BestText(policy.release.rule)
                                : absl::StrFormat("the worst score that can be shown, %s",
                                                  FormatMillionths(policy.scoring.scale.worst)));
  if (admission.entry.show_below.has_value()) why += ", or not better than your --show-below";
  if (result.after.failures == 0) why += ", or a failure: no failure notices left";
  return why;
}

std::string ResultText(const replay::Contest& contest, const replay::Admission& admission) {
  const log::ResultEntry& result = *admission.result;
  switch (result.symbol.kind) {
    case SymbolKind::kLevel:
      return "score " + result.text;
    case SymbolKind::kFailed:
      return contest.policy.policy.release.rule == contest::ReleaseRule::kEveryScore
                 ? absl::StrFormat("failed, or worse than %s",
                                   FormatMillionths(contest.policy.policy.scoring.scale.worst))
                 : "failed";
    case SymbolKind::kNotImproved:
      break;
  }
  return absl::StrFormat("not improved (%s)", WhyText(contest, admission));
}

std::string LeftText(const replay::Contest& contest, const replay::Team& team) {
  const contest::Release& release = contest.policy.policy.release;
  std::string text = absl::StrFormat(
      "%d of %d tries", std::max(0, contest.limits.tries - team.tries_used), contest.limits.tries);
  if (release.tries_per_day > 0) {
    text += absl::StrFormat(" (%d of %d in these 24 h)",
                            std::max(0, release.tries_per_day - replay::TriesOfDay(contest, team)),
                            release.tries_per_day);
  }
  if (release.rule != contest::ReleaseRule::kEveryScore) {
    const counting::TeamState state = contest.StateOf(team);
    text += absl::StrFormat(
        ", %d of %d %s, %d of %d failure notices", state.scores, contest.limits.shown_scores,
        release.rule == contest::ReleaseRule::kRecords ? "records of all teams" : "scores",
        state.failures, contest.limits.shown_failures);
  }
  return text;
}

std::string JudgedByText(const replay::Contest& contest, const replay::Team& team) {
  const auto number = [&](int64_t admit) {
    return absl::StrFormat("try %d", contest.admissions.at(admit).entry.try_number);
  };
  std::string best = team.best_admit < 0
                         ? "your best shown, once there is one"
                         : absl::StrFormat("%s, your best shown", number(team.best_admit));
  if (!team.choice.has_value()) return best;
  if (team.JudgedBy() == *team.choice)
    return absl::StrFormat("%s, as you chose", number(*team.choice));
  return absl::StrFormat("%s, which you chose, if its score is shown; else %s",
                         number(*team.choice), best);
}

std::string StatusText(const replay::Contest& contest, const replay::Team& team,
                       const std::vector<Receipt>& receipts, const absl::TimeZone& zone) {
  std::string text =
      absl::StrFormat("TEAM   %s, number %d in %s (%s)\n", team.entry.name, team.entry.number,
                      contest.policy.policy.contest, Name(contest.phase));
  if (team.disqualified) text += "       the organizer disqualified this team\n";
  text += "LEFT   " + LeftText(contest, team) + "\n";
  if (team.best_level.has_value()) {
    text += absl::StrFormat("BEST   %s, rank %d\n",
                            counting::SymbolText({SymbolKind::kLevel, *team.best_level},
                                                 contest.policy.policy.scoring.scale),
                            RankOf(contest, team));
  }
  if (contest.policy.policy.release.final_rule != contest::FinalRule::kNone)
    text += "FINAL  judged by " + JudgedByText(contest, team) + "\n";
  text += "NEXT   " + NextExchangeText(contest, zone) + "\n";
  std::vector<std::vector<std::string>> rows = {{"TRY", "REQUEST", "PROGRAM", "RESULT", "NOTE"}};
  for (const int64_t index : team.admissions) {
    const replay::Admission& admission = contest.admissions.at(index);
    const std::string id = HexEncode(admission.entry.request_id).substr(0, 8);
    const std::string name = ProgramName(receipts, admission.entry.request_id);
    const std::string number = absl::StrFormat("%d", admission.entry.try_number);
    if (admission.result.has_value()) {
      rows.push_back({number, id, name, admission.result->text, WhyText(contest, admission)});
    } else {
      rows.push_back(
          {number, id, name, "waiting",
           absl::StrFormat(
               "result in round %d, %s", admission.entry.result_round,
               TimeText(contest.Clock().ExchangeMs(admission.entry.result_round), zone))});
    }
  }
  for (const Receipt& receipt : receipts) {
    if (!contest.requests.contains({team.entry.number, receipt.request.request_id})) {
      rows.push_back(WaitingRow(contest, receipt, zone));
    }
  }
  if (rows.size() == 1) return text + "no submissions yet\n";
  return text + FormatTable(rows, 0);
}

std::string EntryLine(int64_t index, std::string_view bytes) {
  constexpr size_t kLongHex = 32;
  constexpr size_t kShownHex = 8;
  constexpr size_t kShownLine = 240;
  std::string line;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find_first_of(" \n"), bytes.size());
    std::string_view word = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (word.empty()) continue;
    const size_t value = word.find('=') + 1;  // 0 without one
    const bool hex = word.size() - value >= kLongHex &&
                     word.find_first_not_of("0123456789abcdef", value) == std::string_view::npos;
    line +=
        absl::StrFormat(" %s%s", hex ? word.substr(0, value + kShownHex) : word, hex ? "…" : "");
  }
  const bool cut = line.size() > kShownLine;
  return absl::StrFormat("%6d %s%s\n", index, line.substr(0, kShownLine), cut ? " …" : "");
}

}  // namespace pinhole::cli
