// join: trades an invitation for a team.
#include <istream>
#include <iterator>

#include "absl/strings/str_format.h"
#include "client/cli/answer.h"
#include "client/cli/commands.h"
#include "client/cli/freshness.h"
#include "client/cli/invitation.h"
#include "client/cli/key_file.h"
#include "client/cli/session.h"
#include "server/core/base/status.h"
#include "server/core/replay/requests_check.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

absl::StatusOr<InvitationString> ReadInvitation(const CommandContext& context,
                                                const std::string& path) {
  constexpr size_t kLimitBytes = 16'384;
  if (path != "-") {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLimitBytes));
    return ParseInvitation(text);
  }
  std::string text;
  std::getline(context.in, text);
  return ParseInvitation(text);
}

// Pins what the invitation says, and the ledger's key that it says the hash of.
absl::Status PinServer(const CommandContext& context, const InvitationString& invitation) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server,
                   context.connect(invitation.server, invitation.server_pin));
  ASSIGN_OR_RETURN(const ServerInfo info, server->Info());
  const absl::StatusOr<NoteVerifier> log = NoteVerifier::FromVkey(info.log_vkey);
  if (!log.ok() || LogPin(*log) != invitation.log_pin) {
    return absl::DataLossError(absl::StrFormat(
        "LEDGER NOT VERIFIED: %s names another ledger key than your invitation. Nothing was sent; "
        "tell the organizer",
        invitation.server));
  }
  return context.OpenHome().SavePins(
      {.server = invitation.server, .certificate_key = invitation.server_pin, .log = *log});
}

// The team's key: the one an earlier try made, or a new one, saved before anything is sent.
absl::StatusOr<Membership> TeamFor(const CommandContext& context,
                                   const InvitationString& invitation) {
  Home home = context.OpenHome();
  absl::StatusOr<Membership> known = home.LoadMembership(invitation.server, invitation.contest);
  if (known.ok()) {
    if (known->team == invitation.team) return known;
    return absl::AlreadyExistsError(absl::StrFormat(
        "you are team \"%s\" in %s already: to be another team too, set PINHOLE_HOME to another "
        "folder",
        known->team, invitation.contest));
  }
  if (!absl::IsNotFound(known.status())) return known.status();
  Membership membership{
      .contest = invitation.contest, .team = invitation.team, .key = NewKey(), .token = ""};
  RETURN_IF_ERROR(home.SaveMembership(invitation.server, membership));
  return membership;
}

const replay::Team* JoinedTeam(const Session& session, const Membership& membership) {
  const replay::Contest* contest = session.state().Find(membership.contest);
  return contest == nullptr ? nullptr : contest->FindTeam(membership.key.public_key());
}

}  // namespace

Ending RunJoin(const CommandContext& context, const JoinOptions& options) {
  ASSIGN_OR_RETURN(const InvitationString invitation,
                   ReadInvitation(context, options.invitation_path));
  RETURN_IF_ERROR(PinServer(context, invitation));
  ASSIGN_OR_RETURN(Session session, Session::Open(context, invitation.server));
  ASSIGN_OR_RETURN(Membership membership, TeamFor(context, invitation));
  const pipe::JoinRequest request =
      pipe::SignJoin(invitation.one_use, membership.key, invitation.Invitation());
  if (JoinedTeam(session, membership) == nullptr) {
    RETURN_IF_ERROR(replay::PlanJoin(session.state(), request).status());
  }
  ASSIGN_OR_RETURN(const JoinAnswer answer, session.server().Join(pipe::Encode(request)));
  membership.token = answer.token;
  Home home = context.OpenHome();
  RETURN_IF_ERROR(home.SaveMembership(session.address(), membership));

  if (JoinedTeam(session, membership) == nullptr && options.wait == Wait::kYes) {
    context.err << "waiting for the exchange at "
                << TimeText(absl::ToUnixMillis(answer.exchange_time), context.zone) << "\n";
    RETURN_IF_ERROR(session.Follow(context, [&](int64_t) {
      return JoinedTeam(session, membership) == nullptr ? Watching::kGoOn : Watching::kStop;
    }));
  }
  const replay::Team* team = JoinedTeam(session, membership);
  Print(context,
        {{{"contest", membership.contest},
          {"team", membership.team},
          {"server", session.address()},
          {"team_key", membership.key.public_key().ToHex()},
          {"state", team != nullptr ? absl::StrFormat("in the ledger, team %d", team->entry.number)
                                    : "received, not in the ledger yet"}},
         team != nullptr
             ? std::string("Read \"pinhole rules\", then \"pinhole submit PROGRAM\".")
             : absl::StrFormat("The exchange at %s takes the team into the ledger; you can submit "
                               "after it.",
                               TimeText(absl::ToUnixMillis(answer.exchange_time), context.zone))});
  return ExitCode::kOk;
}

}  // namespace pinhole::cli
