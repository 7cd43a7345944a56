// choose: which submission the final board judges the team by.
#include "absl/strings/str_format.h"
#include "client/cli/answer.h"
#include "client/cli/commands.h"
#include "client/cli/contest_screens.h"
#include "client/cli/freshness.h"
#include "client/cli/session.h"
#include "client/cli/team_screens.h"
#include "server/core/base/status.h"
#include "server/core/replay/requests_check.h"

namespace pinhole::cli {
namespace {

absl::StatusOr<std::optional<int64_t>> AdmitOfTry(const replay::Contest& contest,
                                                  const replay::Team& team,
                                                  std::optional<int> try_number) {
  if (!try_number.has_value()) return std::optional<int64_t>();
  for (const int64_t admit : team.admissions) {
    if (contest.admissions.at(admit).entry.try_number == *try_number)
      return std::optional<int64_t>(admit);
  }
  return absl::NotFoundError(absl::StrFormat(
      "the ledger has no try %d of your team: \"pinhole status\" lists them", *try_number));
}

}  // namespace

Ending RunChoose(const CommandContext& context, const ChooseOptions& options) {
  ASSIGN_OR_RETURN(Session session, Session::Open(context, options.server));
  ASSIGN_OR_RETURN(const replay::Contest* const contest, session.Find(options.contest));
  const std::string name = contest->policy.policy.contest;
  ASSIGN_OR_RETURN(const Membership membership,
                   context.OpenHome().LoadMembership(session.address(), name));
  const auto find_team = [&]() -> const replay::Team* {
    return session.state().Find(name)->FindTeam(membership.key.public_key());
  };
  const replay::Team* team = find_team();
  if (team == nullptr) {
    return absl::NotFoundError(absl::StrFormat("team %s is not in the ledger yet; %s",
                                               membership.team,
                                               NextExchangeText(*contest, context.zone)));
  }
  pipe::ChooseRequest wanted{.contest = name, .team = team->entry.number, .number = team->choices};
  ASSIGN_OR_RETURN(wanted.admit, AdmitOfTry(*contest, *team, options.try_number));
  const auto stands = [&] { return find_team()->choice == wanted.admit; };
  if (!stands()) {
    const pipe::ChooseRequest request = pipe::SignChoose(membership.key, wanted);
    RETURN_IF_ERROR(replay::PlanChoice(session.state(), request).status());
    ASSIGN_OR_RETURN(const ChooseAnswer answer,
                     session.server().Choose(membership.token, pipe::Encode(request)));
    if (!answer.taken && options.wait == Wait::kNo) {
      Print(context,
            {{{"contest", name},
              {"exchange", TimeText(absl::ToUnixMillis(answer.exchange_time), context.zone)},
              {"state", "received, not in the ledger yet"}},
             "\"pinhole status\" shows it when the ledger has it."});
      return ExitCode::kOk;
    }
    // Until it stands, or can no more: its submission shows no score, another choice was taken, or
    // the contest is over.
    const auto planned = [&] { return replay::PlanChoice(session.state(), request).status(); };
    RETURN_IF_ERROR(session.Follow(context, [&](int64_t) {
      return stands() || !planned().ok() ? Watching::kStop : Watching::kGoOn;
    }));
    if (!stands()) return planned();
  }
  Print(context, {{{"contest", name},
                   {"state", "in the ledger"},
                   {"judged_by", JudgedByText(*session.state().Find(name), *find_team())}},
                  ""});
  return ExitCode::kOk;
}

}  // namespace pinhole::cli
