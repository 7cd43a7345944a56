// contests, rules, board, status, watch: answers from the own verified copy of the ledger.
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/cli/contest_screens.h"
#include "client/cli/json_views.h"
#include "client/cli/session.h"
#include "client/cli/team_screens.h"
#include "server/core/base/status.h"

namespace pinhole::cli {
namespace {

bool Json(const CommandContext& context) { return context.format == OutputFormat::kJson; }

absl::Status PrintFrom(const CommandContext& context, const Mirror& mirror, int64_t first) {
  ASSIGN_OR_RETURN(const std::unique_ptr<EntrySource> entries, mirror.Entries());
  RETURN_IF_ERROR(entries->Seek(first));
  for (int64_t i = first; i < mirror.size(); ++i) {
    ASSIGN_OR_RETURN(const std::optional<std::string_view> entry, entries->Next());
    if (!entry.has_value()) break;
    context.out << (Json(context) ? EntryJson(i, *entry) : EntryLine(i, *entry));
  }
  context.out.flush();
  return absl::OkStatus();
}

}  // namespace

Ending RunContests(const CommandContext& context, const ReadOptions& options) {
  ASSIGN_OR_RETURN(const Session session, Session::Open(context, options.server));
  context.out << (Json(context) ? ContestsJson(session.state()) : ContestsText(session.state()));
  return ExitCode::kOk;
}

Ending RunRules(const CommandContext& context, const ReadOptions& options) {
  ASSIGN_OR_RETURN(const Session session, Session::Open(context, options.server));
  ASSIGN_OR_RETURN(const replay::Contest* const contest, session.Find(options.contest));
  context.out << (Json(context) ? RulesJson(session.state(), *contest)
                                : RulesText(session.state(), *contest, context.zone));
  return ExitCode::kOk;
}

Ending RunBoard(const CommandContext& context, const ReadOptions& options) {
  ASSIGN_OR_RETURN(const Session session, Session::Open(context, options.server));
  ASSIGN_OR_RETURN(const replay::Contest* const contest, session.Find(options.contest));
  context.out << (Json(context) ? BoardJson(*contest) : BoardText(*contest, context.zone));
  return ExitCode::kOk;
}

Ending RunStatus(const CommandContext& context, const ReadOptions& options) {
  ASSIGN_OR_RETURN(const Session session, Session::Open(context, options.server));
  ASSIGN_OR_RETURN(const replay::Contest* const contest, session.Find(options.contest));
  const std::string& name = contest->policy.policy.contest;
  const Home home = context.OpenHome();
  ASSIGN_OR_RETURN(const Membership membership, home.LoadMembership(session.address(), name));
  ASSIGN_OR_RETURN(const std::vector<Receipt> receipts, home.Receipts(session.address(), name));
  const replay::Team* team = contest->FindTeam(membership.key.public_key());
  if (team == nullptr) {
    return absl::NotFoundError(absl::StrFormat(
        "team %s is not in the ledger yet; %s. If it passed, run \"pinhole join\" again",
        membership.team, NextExchangeText(*contest, context.zone)));
  }
  context.out << (Json(context) ? StatusJson(*contest, *team, receipts)
                                : StatusText(*contest, *team, receipts, context.zone));
  return ExitCode::kOk;
}

Ending RunWatch(const CommandContext& context, const ReadOptions& options) {
  ASSIGN_OR_RETURN(Session session, Session::Open(context, options.server));
  context.err << absl::StrFormat("%d entries verified; new ones follow, Ctrl-C ends\n",
                                 session.mirror().size());
  absl::Status printed;
  RETURN_IF_ERROR(session.Follow(context, [&](int64_t first_new) {
    printed = PrintFrom(context, session.mirror(), first_new);
    return printed.ok() ? Watching::kGoOn : Watching::kStop;
  }));
  RETURN_IF_ERROR(printed);
  return ExitCode::kOk;
}

}  // namespace pinhole::cli
