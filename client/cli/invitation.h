// An invitation as the one string an organizer sends to a team: everything `pinhole join` needs.
//
// "pinhole1:" and base64url (RFC 4648 section 5) without padding of: server, contest and team, each
// ended by LF; 32 bytes one-use seed; 64 bytes organizer's signature; 32 bytes SHA-256 of the
// server's SubjectPublicKeyInfo; 32 bytes SHA-256 of the ledger's raw public key; and the first 8
// bytes of the SHA-256 of all that. The last part notices a copy that was cut or mistyped; it is no
// proof of anything. Who holds the string can join in the team's name, once.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"
#include "server/core/base/sha256.h"
#include "server/core/pipe/requests.h"

namespace pinhole::cli {

struct InvitationString {
  std::string server;  // HOST:PORT
  std::string contest;
  std::string team;
  SigningKey one_use;
  Signature organizer_signature{};
  Digest server_pin{};  // SHA-256 of the SubjectPublicKeyInfo
  Digest log_pin{};     // SHA-256 of the ledger's raw public key

  pipe::Invitation Invitation() const {
    return {contest, team, one_use.public_key(), organizer_signature};
  }
};

std::string FormatInvitation(const InvitationString& invitation);

// White space around the string is allowed, none inside. Errors: INVALID_ARGUMENT that says what to
// do.
absl::StatusOr<InvitationString> ParseInvitation(std::string_view text);

// True for "host:port" with a port from 1 to 65535; an IPv6 host stands in brackets.
bool IsServerAddress(std::string_view text);

}  // namespace pinhole::cli
