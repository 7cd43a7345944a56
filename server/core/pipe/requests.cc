#include "server/core/pipe/requests.h"

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"

namespace pinhole::pipe {
namespace {

constexpr std::string_view kJoinTitle = "pinhole join v1";
constexpr std::string_view kSubmitTitle = "pinhole submit v1";
constexpr std::string_view kChooseTitle = "pinhole choose v1";

std::string InvitationText(const Invitation& invitation) {
  return absl::StrFormat("pinhole invitation v1\ncontest=%s\nteam=%s\nkey=%s\n", invitation.contest,
                         invitation.team, invitation.key.ToHex());
}

std::string ProofText(const JoinRequest& request) {
  return absl::StrFormat("pinhole join proof v1\ncontest=%s\nteam=%s\nteam_key=%s\n",
                         request.invitation.contest, request.invitation.team,
                         request.team_key.ToHex());
}

std::string UnsignedText(const JoinRequest& request) {
  return absl::StrFormat(
      "%s\ncontest=%s\nteam=%s\ninvitation_key=%s\ninvitation_signature=%s\nteam_key=%s\nproof=%"
      "s\n",
      kJoinTitle, request.invitation.contest, request.invitation.team,
      request.invitation.key.ToHex(), HexEncode(request.invitation.signature),
      request.team_key.ToHex(), HexEncode(request.proof));
}

std::string UnsignedText(const SubmitRequest& request) {
  return absl::StrFormat(
      "%s\ncontest=%s\npolicy=%s\nteam_key=%s\nprogram=%s\nprogram_bytes=%d\nnonce=%s\nrequest_id=%"
      "s\nshow_below=%s\n",
      kSubmitTitle, request.contest, HexEncode(request.policy), request.team_key.ToHex(),
      HexEncode(request.program), request.program_bytes, HexEncode(request.nonce),
      HexEncode(request.request_id),
      request.show_below.has_value() ? absl::StrFormat("%d", *request.show_below) : "-");
}

std::string UnsignedText(const ChooseRequest& request) {
  return absl::StrFormat("%s\ncontest=%s\nteam_key=%s\nteam=%d\nadmit=%s\nnumber=%d\n",
                         kChooseTitle, request.contest, request.team_key.ToHex(), request.team,
                         request.admit.has_value() ? absl::StrFormat("%d", *request.admit) : "-",
                         request.number);
}

// What the team's key signs of a request.
std::string SignedText(const JoinRequest& request) { return UnsignedText(request); }
std::string SignedText(const SubmitRequest& request) { return UnsignedText(request); }
std::string SignedText(const ChooseRequest& request) {
  return log::ChoiceStatement(request.contest, request.team, request.admit, request.number);
}

std::string WithSignature(const std::string& text, const Signature& signature) {
  return text + "signature=" + HexEncode(signature) + "\n";
}

// Reads "key=value\n" lines in order.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}

  absl::StatusOr<std::string_view> Line() {
    const size_t end = rest_.find('\n');
    if (end == std::string_view::npos)
      return absl::InvalidArgumentError("malformed request: a line is missing");
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  absl::StatusOr<std::string_view> Take(std::string_view key) {
    ASSIGN_OR_RETURN(const std::string_view line, Line());
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != '=') {
      return absl::InvalidArgumentError(
          absl::StrFormat("malformed request: line \"%s\" expected", key));
    }
    return line.substr(key.size() + 1);
  }
  template <size_t N>
  absl::StatusOr<std::array<uint8_t, N>> TakeHex(std::string_view key) {
    ASSIGN_OR_RETURN(const std::string_view text, Take(key));
    return HexDecodeArray<N>(text);
  }
  absl::StatusOr<std::string> TakeId(std::string_view key) {
    ASSIGN_OR_RETURN(const std::string_view text, Take(key));
    if (!IsId(text))
      return absl::InvalidArgumentError(absl::StrFormat("malformed request: %s is no id", key));
    return std::string(text);
  }

 private:
  std::string_view rest_;
};

absl::StatusOr<JoinRequest> ReadJoin(LineReader& reader) {
  JoinRequest request;
  ASSIGN_OR_RETURN(request.invitation.contest, reader.TakeId("contest"));
  ASSIGN_OR_RETURN(request.invitation.team, reader.TakeId("team"));
  ASSIGN_OR_RETURN(request.invitation.key.bytes, reader.TakeHex<32>("invitation_key"));
  ASSIGN_OR_RETURN(request.invitation.signature, reader.TakeHex<64>("invitation_signature"));
  ASSIGN_OR_RETURN(request.team_key.bytes, reader.TakeHex<32>("team_key"));
  ASSIGN_OR_RETURN(request.proof, reader.TakeHex<64>("proof"));
  ASSIGN_OR_RETURN(request.signature, reader.TakeHex<64>("signature"));
  if (!Verify(request.invitation.key, ProofText(request), request.proof)) {
    return absl::PermissionDeniedError(
        "the invitation's secret did not sign this team's key: ask for the whole invitation");
  }
  return request;
}

absl::StatusOr<SubmitRequest> ReadSubmit(LineReader& reader) {
  SubmitRequest request;
  ASSIGN_OR_RETURN(request.contest, reader.TakeId("contest"));
  ASSIGN_OR_RETURN(request.policy, reader.TakeHex<32>("policy"));
  ASSIGN_OR_RETURN(request.team_key.bytes, reader.TakeHex<32>("team_key"));
  ASSIGN_OR_RETURN(request.program, reader.TakeHex<32>("program"));
  ASSIGN_OR_RETURN(const std::string_view bytes, reader.Take("program_bytes"));
  ASSIGN_OR_RETURN(request.program_bytes, ParseIntegerIn(bytes, 1, int64_t{1} << 32));
  ASSIGN_OR_RETURN(request.nonce, reader.TakeHex<32>("nonce"));
  ASSIGN_OR_RETURN(request.request_id, reader.TakeHex<16>("request_id"));
  ASSIGN_OR_RETURN(const std::string_view show_below, reader.Take("show_below"));
  if (show_below != "-") {
    ASSIGN_OR_RETURN(const int64_t level, ParseIntegerIn(show_below, 0, contest::kMaxLevels));
    request.show_below = static_cast<int>(level);
  }
  ASSIGN_OR_RETURN(request.signature, reader.TakeHex<64>("signature"));
  return request;
}

absl::StatusOr<ChooseRequest> ReadChoose(LineReader& reader) {
  ChooseRequest request;
  ASSIGN_OR_RETURN(request.contest, reader.TakeId("contest"));
  ASSIGN_OR_RETURN(request.team_key.bytes, reader.TakeHex<32>("team_key"));
  ASSIGN_OR_RETURN(const std::string_view team, reader.Take("team"));
  ASSIGN_OR_RETURN(const int64_t number, ParseIntegerIn(team, 1, INT32_MAX));
  request.team = static_cast<int>(number);
  ASSIGN_OR_RETURN(const std::string_view admit, reader.Take("admit"));
  if (admit != "-") {
    ASSIGN_OR_RETURN(request.admit, ParseIntegerIn(admit, 0, INT64_MAX));
  }
  ASSIGN_OR_RETURN(const std::string_view before, reader.Take("number"));
  ASSIGN_OR_RETURN(request.number, ParseIntegerIn(before, 0, INT64_MAX));
  ASSIGN_OR_RETURN(request.signature, reader.TakeHex<64>("signature"));
  return request;
}

template <typename T>
absl::StatusOr<Request> Checked(absl::StatusOr<T> parsed, std::string_view text) {
  RETURN_IF_ERROR(parsed.status());
  if (Encode(*parsed) != text)
    return absl::InvalidArgumentError("malformed request: not in its canonical spelling");
  if (!Verify(parsed->team_key, SignedText(*parsed), parsed->signature)) {
    return absl::PermissionDeniedError("the request is not signed by the team's key");
  }
  return Request(*std::move(parsed));
}

}  // namespace

Invitation SignInvitation(const SigningKey& organizer, std::string_view contest,
                          std::string_view team, const PublicKey& key) {
  Invitation invitation{.contest = std::string(contest), .team = std::string(team), .key = key};
  invitation.signature = organizer.Sign(InvitationText(invitation));
  return invitation;
}

bool VerifyInvitation(const PublicKey& organizer, const Invitation& invitation) {
  return Verify(organizer, InvitationText(invitation), invitation.signature);
}

JoinRequest SignJoin(const SigningKey& one_use, const SigningKey& team,
                     const Invitation& invitation) {
  JoinRequest request{.invitation = invitation, .team_key = team.public_key()};
  request.proof = one_use.Sign(ProofText(request));
  request.signature = team.Sign(UnsignedText(request));
  return request;
}

SubmitRequest SignSubmit(const SigningKey& team, SubmitRequest unsigned_request) {
  unsigned_request.team_key = team.public_key();
  unsigned_request.signature = team.Sign(UnsignedText(unsigned_request));
  return unsigned_request;
}

ChooseRequest SignChoose(const SigningKey& team, ChooseRequest unsigned_request) {
  unsigned_request.team_key = team.public_key();
  unsigned_request.signature = team.Sign(SignedText(unsigned_request));
  return unsigned_request;
}

std::string Encode(const JoinRequest& request) {
  return WithSignature(UnsignedText(request), request.signature);
}
std::string Encode(const SubmitRequest& request) {
  return WithSignature(UnsignedText(request), request.signature);
}

std::string Encode(const ChooseRequest& request) {
  return WithSignature(UnsignedText(request), request.signature);
}

absl::StatusOr<Request> ParseRequest(std::string_view text) {
  if (text.size() > kMaxRequestBytes)
    return absl::InvalidArgumentError("malformed request: too long");
  LineReader reader(text);
  ASSIGN_OR_RETURN(const std::string_view title, reader.Line());
  if (title == kJoinTitle) return Checked(ReadJoin(reader), text);
  if (title == kSubmitTitle) return Checked(ReadSubmit(reader), text);
  if (title == kChooseTitle) return Checked(ReadChoose(reader), text);
  return absl::InvalidArgumentError(
      "malformed request: neither a join nor a submission nor a choice of version 1");
}

}  // namespace pinhole::pipe
