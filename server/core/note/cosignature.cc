#include "server/core/note/cosignature.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"
#include "server/core/base/status.h"

namespace pinhole {
namespace {

constexpr char kCosignatureType = 0x04;
constexpr size_t kTimeBytes = 8;

std::string TypedKey(const PublicKey& key) {
  return std::string(1, kCosignatureType) + std::string(AsText(key.bytes));
}

std::string SignedText(std::string_view checkpoint_text, int64_t unix_seconds) {
  return absl::StrFormat("cosignature/v1\ntime %d\n%s", unix_seconds, checkpoint_text);
}

std::string BigEndian(int64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(static_cast<uint64_t>(value) >> shift));
  }
  return bytes;
}

absl::Status BadVkey(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "not a witness's verifier key: %s; it looks like example.org/witness+1234abcd+BARpc2Q…; copy "
      "the whole line again",
      why));
}

absl::Status Wrong(const WitnessVerifier& witness) {
  return absl::UnauthenticatedError(absl::StrFormat(
      "the cosignature by %s is not over this checkpoint: do not trust it", witness.name()));
}

// When the witness looked. Errors: UNAUTHENTICATED.
absl::StatusOr<int64_t> VerifyOne(const WitnessVerifier& witness, std::string_view text,
                                  std::string_view bytes) {
  Signature signature;
  if (bytes.size() != kTimeBytes + signature.size()) return Wrong(witness);
  uint64_t time = 0;
  for (const char byte : bytes.substr(0, kTimeBytes)) time = time << 8 | static_cast<uint8_t>(byte);
  if (time > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return Wrong(witness);
  std::copy_n(AsBytes(bytes).begin() + kTimeBytes, signature.size(), signature.begin());
  const auto unix_seconds = static_cast<int64_t>(time);
  if (!Verify(witness.public_key(), SignedText(text, unix_seconds), signature)) {
    return Wrong(witness);
  }
  return unix_seconds;
}

}  // namespace

WitnessVerifier::WitnessVerifier(std::string_view name, const PublicKey& key)
    : name_(name), key_(key), key_id_(ComputeNoteKeyId(name, TypedKey(key))) {}

absl::StatusOr<WitnessVerifier> WitnessVerifier::Create(std::string_view name,
                                                        const PublicKey& key) {
  if (!IsNoteKeyName(name)) {
    return absl::InvalidArgumentError(
        "a witness's name must be UTF-8 and not empty, without spaces, '+' and control "
        "characters; choose one such as example.org/witness");
  }
  return WitnessVerifier(name, key);
}

absl::StatusOr<WitnessVerifier> WitnessVerifier::FromVkey(std::string_view vkey) {
  const size_t first = vkey.find('+');
  const size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == std::string_view::npos) return BadVkey("it has fewer than two '+'");
  const auto typed_key = Base64Decode(vkey.substr(second + 1));
  if (!typed_key.ok()) return BadVkey("its last part is not base64");
  PublicKey key;
  if (typed_key->size() != 1 + key.bytes.size() || typed_key->front() != kCosignatureType) {
    return BadVkey("its key is of another type or length");
  }
  std::copy_n(AsBytes(*typed_key).begin() + 1, key.bytes.size(), key.bytes.begin());
  ASSIGN_OR_RETURN(WitnessVerifier verifier, Create(vkey.substr(0, first), key));
  if (verifier.ToVkey() != vkey) return BadVkey("its key id does not belong to its name and key");
  return verifier;
}

std::string WitnessVerifier::ToVkey() const {
  return absl::StrFormat("%s+%s+%s", name_, HexEncode(key_id_),
                         Base64Encode(AsBytes(TypedKey(key_))));
}

absl::StatusOr<WitnessSigner> WitnessSigner::Create(std::string_view name, const SigningKey& key) {
  ASSIGN_OR_RETURN(WitnessVerifier verifier, WitnessVerifier::Create(name, key.public_key()));
  return WitnessSigner(std::move(verifier), key);
}

std::string WitnessSigner::Cosign(std::string_view checkpoint_text, int64_t unix_seconds) const {
  const Signature signature = key_.Sign(SignedText(checkpoint_text, unix_seconds));
  return FormatNoteSignature({verifier_.name(), verifier_.key_id(),
                              BigEndian(unix_seconds) + std::string(AsText(signature))});
}

absl::StatusOr<std::vector<Cosignature>> VerifyCosignatures(
    std::string_view note, std::span<const WitnessVerifier> witnesses) {
  ASSIGN_OR_RETURN(const NoteParts parts, ParseNote(note));
  std::vector<Cosignature> found;
  for (const WitnessVerifier& witness : witnesses) {
    std::optional<int64_t> newest;
    for (const NoteSignature& line : parts.signatures) {
      if (line.name != witness.name() || line.key_id != witness.key_id()) continue;
      ASSIGN_OR_RETURN(const int64_t time, VerifyOne(witness, parts.text, line.bytes));
      newest = std::max(newest.value_or(0), time);
    }
    if (newest.has_value()) found.push_back({witness.name(), *newest});
  }
  return found;
}

}  // namespace pinhole
