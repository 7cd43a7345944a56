// What a person trusts a server to be: the key of its certificate and the key of its ledger.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/base/sha256.h"
#include "server/core/note/signed_note.h"

namespace pinhole::cli {

struct Pins {
  std::string server;        // HOST:PORT
  Digest certificate_key{};  // SHA-256 of the certificate's SubjectPublicKeyInfo
  NoteVerifier log;
};

std::string FormatPins(const Pins& pins);
absl::StatusOr<Pins> ParsePins(std::string_view text);

// SHA-256 of the ledger's raw public key, as invitations carry it.
Digest LogPin(const NoteVerifier& log);

}  // namespace pinhole::cli
