// What teams and organizers sign: invitations, joins, submissions and choices, as canonical text.
// The vault acts on nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"
#include "server/core/base/sha256.h"
#include "server/core/log/entries.h"

namespace pinhole::pipe {

// An organizer's promise that the holder of a one-use key may join as `team`. The invitation's
// secret is that key's seed, so that a server which sees the request cannot join in the team's
// place.
struct Invitation {
  std::string contest;
  std::string team;  // an id
  PublicKey key;     // of the one-use secret
  Signature signature{};
  bool operator==(const Invitation&) const = default;
};
Invitation SignInvitation(const SigningKey& organizer, std::string_view contest,
                          std::string_view team, const PublicKey& key);
bool VerifyInvitation(const PublicKey& organizer, const Invitation& invitation);

// A team joins with the key it made.
struct JoinRequest {
  Invitation invitation;
  PublicKey team_key;
  Signature proof{};      // by the one-use key, over the team's key
  Signature signature{};  // by the team's key, over all the rest
  bool operator==(const JoinRequest&) const = default;
};
JoinRequest SignJoin(const SigningKey& one_use, const SigningKey& team,
                     const Invitation& invitation);

// A team spends a try on a program.
struct SubmitRequest {
  std::string contest;
  Digest policy{};  // SHA-256 of the POLICY entry it was made under
  PublicKey team_key;
  Digest program{};  // SHA-256 of the program
  int64_t program_bytes = 0;
  log::Nonce nonce{};  // hides the program in the ledger's commitment
  log::RequestId request_id{};
  std::optional<int> show_below;  // a level
  Signature signature{};
  bool operator==(const SubmitRequest&) const = default;
};
SubmitRequest SignSubmit(const SigningKey& team, SubmitRequest unsigned_request);

// A team says which of its submissions the final board shall judge it by. Its signature is the one
// that the CHOICE entry shows (log::ChoiceStatement).
struct ChooseRequest {
  std::string contest;
  PublicKey team_key;
  int team = 0;                  // its number
  std::optional<int64_t> admit;  // index of the ADMIT; none: the best shown
  int64_t number = 0;            // of choices that the ledger has of this team
  Signature signature{};
  bool operator==(const ChooseRequest&) const = default;
};
ChooseRequest SignChoose(const SigningKey& team, ChooseRequest unsigned_request);

using Request = std::variant<JoinRequest, SubmitRequest, ChooseRequest>;

// The longest text a request can have: it travels in one frame.
inline constexpr size_t kMaxRequestBytes = 4000;

std::string Encode(const JoinRequest& request);
std::string Encode(const SubmitRequest& request);
std::string Encode(const ChooseRequest& request);

// Errors: INVALID_ARGUMENT for anything but the canonical text; PERMISSION_DENIED when a signature
// that the text carries the key for does not verify (the organizer's is checked against the policy
// later).
absl::StatusOr<Request> ParseRequest(std::string_view text);

}  // namespace pinhole::pipe
