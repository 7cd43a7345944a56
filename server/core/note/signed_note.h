// Signed notes: a text that people can read with signatures by named keys, in C2SP's format
// (c2sp.org/signed-note v1.0.0).
//
//   text, whose last line ends as all lines do
//
//   — name base64(key id ‖ signature)
//
// The text is what stands before the last empty line. It and the names are UTF-8 without characters
// below U+0020 other than newline. Pinhole signs with Ed25519 (signature type 0x01) and ignores, as
// the format asks, signatures by keys that it was not given.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"

namespace pinhole {

// The format asks for at least 16; more than these are refused, so that a stranger's note costs a
// bounded time.
inline constexpr int kMaxNoteSignatures = 100;

using NoteKeyId = std::array<uint8_t, 4>;

// True for a name that a key can have: UTF-8, not empty, without Unicode space, '+' or characters
// below U+0020.
bool IsNoteKeyName(std::string_view name);

// The first bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key). `typed_key` begins with the type's
// byte.
NoteKeyId ComputeNoteKeyId(std::string_view name, std::string_view typed_key);

// A public key under the name it signs with.
class NoteVerifier {
 public:
  // Errors: INVALID_ARGUMENT unless IsNoteKeyName(name).
  static absl::StatusOr<NoteVerifier> Create(std::string_view name, const PublicKey& key);

  // Reads <name>+<key id in lower-case hex>+<base64(0x01 ‖ public key)>. Errors: INVALID_ARGUMENT,
  // also for another key type or a key id that does not belong to the key.
  static absl::StatusOr<NoteVerifier> FromVkey(std::string_view vkey);
  std::string ToVkey() const;

  const std::string& name() const { return name_; }
  const NoteKeyId& key_id() const { return key_id_; }
  const PublicKey& public_key() const { return key_; }

 private:
  NoteVerifier(std::string_view name, const PublicKey& key);

  std::string name_;
  PublicKey key_;
  NoteKeyId key_id_;
};

// A signing key under its name.
class NoteSigner {
 public:
  // Errors: INVALID_ARGUMENT unless IsNoteKeyName(name).
  static absl::StatusOr<NoteSigner> Create(std::string_view name, const SigningKey& key);

  // The note of `text` with this key's signature; the same text always gives the same bytes.
  // Errors: INVALID_ARGUMENT when `text` cannot stand in a note or does not end in a newline.
  absl::StatusOr<std::string> Sign(std::string_view text) const;

  const NoteVerifier& verifier() const { return verifier_; }

 private:
  NoteSigner(NoteVerifier verifier, const SigningKey& key);

  NoteVerifier verifier_;
  SigningKey key_;
};

// A signature line as it stands in a note, unverified.
struct NoteSignature {
  std::string name;
  NoteKeyId key_id;
  std::string bytes;  // after the key id; their meaning is the key type's
};

// A note taken apart, unverified.
struct NoteParts {
  std::string text;  // with its last newline, without the empty line
  std::vector<NoteSignature> signatures;
};

// Errors: INVALID_ARGUMENT when it is not a well-formed note.
absl::StatusOr<NoteParts> ParseNote(std::string_view note);

// The line that stands in a note, with its newline. Needs IsNoteKeyName(name).
std::string FormatNoteSignature(const NoteSignature& signature);

struct OpenedNote {
  std::string text;                         // with its last newline, without the empty line
  std::vector<std::string> verified_names;  // in the note's order, each key once
  int unverified_count = 0;                 // signatures by keys that were not given
};

// Reads a note and verifies every signature by one of `verifiers`.
//
// Errors: INVALID_ARGUMENT when it is not a well-formed note, or two different verifiers have the
// same name and key id; UNAUTHENTICATED when one of their signatures is wrong, whatever the
// others are, or none of them signed.
absl::StatusOr<OpenedNote> OpenNote(std::string_view note, std::span<const NoteVerifier> verifiers);

}  // namespace pinhole
