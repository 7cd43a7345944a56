// keygen, trust, invite: keys and pins. None of them contacts a server.
#include "absl/strings/str_format.h"
#include "client/cli/answer.h"
#include "client/cli/commands.h"
#include "client/cli/invitation.h"
#include "client/cli/key_file.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/pipe/requests.h"

namespace pinhole::cli {
namespace {

absl::StatusOr<Pins> PinsOf(const TrustOptions& options) {
  if (!IsServerAddress(options.server)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "\"%s\" is no server address: write HOST:PORT, such as pinhole.example.org:7443",
        options.server));
  }
  const absl::StatusOr<Digest> pin = HexDecodeArray<32>(options.pin);
  if (!pin.ok()) {
    return absl::InvalidArgumentError(
        "--pin is the SHA-256 of the server's public key: 64 hex digits, as the server prints "
        "them");
  }
  const absl::StatusOr<NoteVerifier> log = NoteVerifier::FromVkey(options.log_key);
  if (!log.ok()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--log-key is no verifier key (name+id+base64, as the vault prints it): %s",
                        log.status().message()));
  }
  return Pins{.server = options.server, .certificate_key = *pin, .log = *log};
}

}  // namespace

Ending RunKeygen(const CommandContext& context, const KeygenOptions& options) {
  const SigningKey key = NewKey();
  RETURN_IF_ERROR(WriteKeyFile(options.path, key));
  Print(context, {{{"public_key", key.public_key().ToHex()}, {"file", options.path}},
                  "Keep the file secret and keep a copy: who has it acts as you."});
  return ExitCode::kOk;
}

Ending RunTrust(const CommandContext& context, const TrustOptions& options) {
  ASSIGN_OR_RETURN(const Pins pins, PinsOf(options));
  RETURN_IF_ERROR(context.OpenHome().SavePins(pins));
  Print(context, {{{"server", pins.server},
                   {"certificate_key", HexEncode(pins.certificate_key)},
                   {"log_key", pins.log.ToVkey()}},
                  "Pinned, and the default server from now on."});
  return ExitCode::kOk;
}

Ending RunInvite(const CommandContext& context, const InviteOptions& options) {
  for (const std::string& id : {options.contest, options.team}) {
    if (!IsId(id)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "\"%s\" is no name: use 1 to 39 of a-z, 0-9 and '-', a letter first, no '-' at the end",
          id));
    }
  }
  ASSIGN_OR_RETURN(const Pins pins, context.OpenHome().LoadPins(options.server));
  ASSIGN_OR_RETURN(const SigningKey organizer, ReadKeyFile(options.key_path));
  const SigningKey one_use = NewKey();
  const pipe::Invitation signed_invitation =
      pipe::SignInvitation(organizer, options.contest, options.team, one_use.public_key());
  const std::string text = FormatInvitation({.server = pins.server,
                                             .contest = options.contest,
                                             .team = options.team,
                                             .one_use = one_use,
                                             .organizer_signature = signed_invitation.signature,
                                             .server_pin = pins.certificate_key,
                                             .log_pin = LogPin(pins.log)});
  if (context.format == OutputFormat::kJson) {
    Print(context,
          {{{"contest", options.contest}, {"team", options.team}, {"invitation", text}}, {}});
  } else {
    context.out << text << "\n";
    context.err << "Give this line to team " << options.team
                << " and nobody else: it serves once, with \"pinhole join -\".\n";
  }
  return ExitCode::kOk;
}

}  // namespace pinhole::cli
