// A witness's signature on a checkpoint: at this time I saw this head, and it follows every head
// that I signed before (c2sp.org/tlog-cosignature v1.0.1, Ed25519, type 0x04).
//
//   signed text:  cosignature/v1 ⏎ time <Unix seconds> ⏎ the checkpoint's three lines
//   in the note:  — name base64(key id ‖ u64 big-endian Unix seconds ‖ Ed25519 signature)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"
#include "server/core/note/signed_note.h"

namespace pinhole {

// A witness's public key under its name. Another type than the ledger's NoteVerifier: neither can
// stand in for the other.
class WitnessVerifier {
 public:
  // Errors: INVALID_ARGUMENT unless IsNoteKeyName(name).
  static absl::StatusOr<WitnessVerifier> Create(std::string_view name, const PublicKey& key);
  // Reads <name>+<key id in lower-case hex>+<base64(0x04 ‖ public key)>. Errors: INVALID_ARGUMENT.
  static absl::StatusOr<WitnessVerifier> FromVkey(std::string_view vkey);
  std::string ToVkey() const;

  const std::string& name() const { return name_; }
  const NoteKeyId& key_id() const { return key_id_; }
  const PublicKey& public_key() const { return key_; }

  bool operator==(const WitnessVerifier&) const = default;

 private:
  WitnessVerifier(std::string_view name, const PublicKey& key);

  std::string name_;
  PublicKey key_;
  NoteKeyId key_id_;
};

class WitnessSigner {
 public:
  // Errors: INVALID_ARGUMENT unless IsNoteKeyName(name).
  static absl::StatusOr<WitnessSigner> Create(std::string_view name, const SigningKey& key);

  // The signature line, with its newline, for a checkpoint's text (FormatCheckpoint).
  // `unix_seconds` is when the witness looked; at least 0.
  std::string Cosign(std::string_view checkpoint_text, int64_t unix_seconds) const;

  const WitnessVerifier& verifier() const { return verifier_; }

 private:
  WitnessSigner(WitnessVerifier verifier, const SigningKey& key)
      : verifier_(std::move(verifier)), key_(key) {}

  WitnessVerifier verifier_;
  SigningKey key_;
};

struct Cosignature {
  std::string witness;
  int64_t unix_seconds = 0;
  bool operator==(const Cosignature&) const = default;
};

// The cosignatures on a signed checkpoint by these witnesses, in the witnesses' order, each witness
// once, the newest of its own. The ledger's signature is not looked at. Errors: INVALID_ARGUMENT
// for a note that is malformed; UNAUTHENTICATED when one of a given witness is wrong.
absl::StatusOr<std::vector<Cosignature>> VerifyCosignatures(
    std::string_view note, std::span<const WitnessVerifier> witnesses);

}  // namespace pinhole
