// submit: signs, uploads, sends, and follows a program to its result.
#include "absl/strings/str_format.h"
#include "client/cli/answer.h"
#include "client/cli/commands.h"
#include "client/cli/freshness.h"
#include "client/cli/json_views.h"
#include "client/cli/session.h"
#include "client/cli/show_below.h"
#include "client/cli/team_screens.h"
#include "server/core/base/status.h"
#include "server/core/replay/requests_check.h"
#include "server/system/files.h"
#include "server/system/random.h"

namespace pinhole::cli {
namespace {

constexpr size_t kMessageLimitBytes = 500;

std::string FileName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The receipt of an earlier try of the same submission, or a new one, saved before anything is
// sent: a retry is the same request and spends nothing more.
absl::StatusOr<Receipt> ReceiptFor(const CommandContext& context, const std::string& server,
                                   const Membership& membership, pipe::SubmitRequest wanted,
                                   const std::string& program_name) {
  Home home = context.OpenHome();
  wanted.team_key = membership.key.public_key();
  ASSIGN_OR_RETURN(const std::vector<Receipt> receipts, home.Receipts(server, wanted.contest));
  for (const Receipt& receipt : receipts) {
    if (!IsSameSubmission(receipt, wanted)) continue;
    if (receipt.request.show_below != wanted.show_below) {
      context.err
          << "this program was submitted before with another --show-below: that one counts\n";
    }
    return receipt;
  }
  wanted.nonce = RandomBytes<32>();
  wanted.request_id = RandomBytes<16>();
  Receipt receipt{.program_name = program_name,
                  .request = pipe::SignSubmit(membership.key, std::move(wanted))};
  RETURN_IF_ERROR(home.SaveReceipt(server, receipt));
  return receipt;
}

absl::Status CheckAdmissible(const replay::LedgerState& state, const pipe::SubmitRequest& request,
                             std::string_view program) {
  replay::ProgramCommitment commitment(request.nonce);
  commitment.Update(AsBytes(program));
  const absl::Status planned = replay::PlanAdmit(state, request, commitment.Finish()).status();
  // The contest's rule, not the person's typing.
  return absl::IsInvalidArgument(planned)
             ? absl::FailedPreconditionError(absl::StrFormat("%s", planned.message()))
             : planned;
}

Ending PrintResult(const CommandContext& context, const replay::Contest& contest,
                   const replay::Admission& admission) {
  if (context.format == OutputFormat::kJson) {
    context.out << SubmissionJson(contest, admission);
  } else {
    const replay::Team& team = contest.teams[static_cast<size_t>(admission.entry.team - 1)];
    context.out << ResultText(contest, admission) << "\n"
                << absl::StrFormat("ledger entry %d, round %d; left: %s\n", admission.result_index,
                                   admission.result->round, LeftText(contest, team));
  }
  return admission.result->symbol.kind == counting::SymbolKind::kLevel ? ExitCode::kOk
                                                                       : ExitCode::kRefused;
}

void PrintReceipt(const CommandContext& context, const Session& session, const Receipt& receipt,
                  int64_t result_round, int64_t result_ms) {
  const replay::Contest& contest = *session.state().Find(receipt.request.contest);
  const replay::Team& team = *contest.FindTeam(receipt.request.team_key);
  const Home home = context.OpenHome();
  Print(context,
        {{{"request_id", RequestIdText(receipt)},
          {"program_sha256", HexEncode(receipt.request.program)},
          {"receipt", home.ReceiptPath(session.address(), receipt)},
          {"result_round", absl::StrFormat("%d", result_round)},
          {"result_time", TimeText(result_ms, context.zone)},
          {"left_before", LeftText(contest, team)}},
         "Round and time hold if the request is taken in the next exchange. \"pinhole status\" "
         "shows the result. The receipt holds the nonce of the program's commitment: keep it."});
}

// What the server made of a request.
struct Sent {
  // kEarlier: this team sent the program before, and that submission stands.
  enum class Which { kThis, kEarlier };
  Which which = Which::kThis;
  log::RequestId request_id{};
  int64_t result_round = 0;
  int64_t result_ms = 0;
};

// Uploads and submits; the receipt keeps what came of it. Errors: FAILED_PRECONDITION when refused.
absl::StatusOr<Sent> Send(const CommandContext& context, Session& session,
                          const Membership& membership, std::string_view program,
                          const std::string& message, Receipt& receipt) {
  const pipe::SubmitRequest& request = receipt.request;
  RETURN_IF_ERROR(
      session.server().Upload(membership.token, request.contest, request.program, program));
  ASSIGN_OR_RETURN(const SubmitAnswer answer,
                   session.server().Submit(membership.token, pipe::Encode(request), message));
  Sent sent{.request_id = request.request_id,
            .result_round = answer.result_round,
            .result_ms = absl::ToUnixMillis(answer.result_time)};
  const bool refused = answer.state == SubmitAnswer::State::kRefused;
  if (!refused && !answer.request_id.empty() && answer.request_id != RequestIdText(receipt)) {
    ASSIGN_OR_RETURN(sent.request_id, HexDecodeArray<16>(answer.request_id));
    sent.which = Sent::Which::kEarlier;
  }
  const bool stands = !refused && sent.which == Sent::Which::kThis;
  receipt.state = stands ? Receipt::State::kSent : Receipt::State::kRefused;
  Home home = context.OpenHome();
  RETURN_IF_ERROR(home.SaveReceipt(session.address(), receipt));
  if (!refused) return sent;
  return absl::FailedPreconditionError(
      absl::StrFormat("refused, nothing was spent: %s", answer.refusal));
}

Ending AwaitResult(const CommandContext& context, Session& session,
                   const pipe::SubmitRequest& request) {
  const auto find = [&] { return replay::FindRequest(session.state(), request); };
  const auto released = [&] { return find() != nullptr && find()->result.has_value(); };
  const auto over = [&] {
    return session.state().Find(request.contest)->phase == replay::Phase::kClosed;
  };
  if (!released() && !over()) {
    const absl::Status followed = session.Follow(
        context, [&](int64_t) { return released() || over() ? Watching::kStop : Watching::kGoOn; });
    if (absl::IsUnavailable(followed)) {
      return absl::UnavailableError(absl::StrFormat(
          "%s; the server has the submission, only the waiting ended: \"pinhole status\" shows the "
          "result",
          followed.message()));
    }
    RETURN_IF_ERROR(followed);
  }
  if (!released()) {
    return absl::FailedPreconditionError(
        "the contest closed before the request was taken: nothing was spent");
  }
  return PrintResult(context, *session.state().Find(request.contest), *find());
}

}  // namespace

Ending RunSubmit(const CommandContext& context, const SubmitOptions& options) {
  if (options.message.size() > kMessageLimitBytes) {
    return absl::InvalidArgumentError("the message is longer than 500 bytes: shorten it");
  }
  ASSIGN_OR_RETURN(Session session, Session::Open(context, options.server));
  ASSIGN_OR_RETURN(const replay::Contest* const contest, session.Find(options.contest));
  const std::string name = contest->policy.policy.contest;
  ASSIGN_OR_RETURN(const Membership membership,
                   context.OpenHome().LoadMembership(session.address(), name));
  const auto limit = static_cast<size_t>(contest->policy.policy.limits.program_bytes);
  ASSIGN_OR_RETURN(const std::string program, ReadFile(options.program, limit));
  pipe::SubmitRequest wanted{.contest = name,
                             .policy = contest->policy_digest,
                             .program = Sha256(program),
                             .program_bytes = static_cast<int64_t>(program.size())};
  ASSIGN_OR_RETURN(wanted.show_below,
                   ParseShowBelow(contest->policy.policy.scoring.scale, options.show_below));
  ASSIGN_OR_RETURN(Receipt receipt, ReceiptFor(context, session.address(), membership,
                                               std::move(wanted), FileName(options.program)));
  if (const replay::Admission* earlier = replay::FindRequest(session.state(), receipt.request);
      earlier != nullptr && earlier->result.has_value()) {
    context.err << "this program was submitted before: its result stands, no try is spent\n";
    return PrintResult(context, *contest, *earlier);
  }
  if (replay::FindRequest(session.state(), receipt.request) == nullptr) {
    RETURN_IF_ERROR(CheckAdmissible(session.state(), receipt.request, program));
  }
  ASSIGN_OR_RETURN(const Sent sent,
                   Send(context, session, membership, program, options.message, receipt));
  if (sent.which == Sent::Which::kEarlier) {
    receipt.request.request_id = sent.request_id;
    context.err << absl::StrFormat(
        "the server says that this team sent this program before, as request %s: that one stands, "
        "no try is spent\n",
        HexEncode(sent.request_id));
    if (options.wait == Wait::kNo) {
      Print(context,
            {{{"request_id", HexEncode(sent.request_id)}}, "\"pinhole status\" shows its result."});
      return ExitCode::kOk;
    }
  }
  if (options.wait == Wait::kNo) {
    PrintReceipt(context, session, receipt, sent.result_round, sent.result_ms);
    return ExitCode::kOk;
  }
  context.err << absl::StrFormat("received; the result comes in round %d, %s\n", sent.result_round,
                                 TimeText(sent.result_ms, context.zone));
  return AwaitResult(context, session, receipt.request);
}

}  // namespace pinhole::cli
