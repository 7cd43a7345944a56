#include "server/core/note/signed_note.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/core/base/bytes.h"
#include "server/core/base/sha256.h"
#include "server/core/base/status.h"
#include "server/core/note/utf8.h"

namespace pinhole {
namespace {

constexpr char kEd25519Type = 0x01;
constexpr std::string_view kSignaturePrefix = "\xE2\x80\x94 ";  // em dash, space
constexpr size_t kKeyIdSize = std::tuple_size_v<NoteKeyId>;

absl::Status CheckCharacters(std::string_view text) {
  const size_t size = text.size();
  while (!text.empty()) {
    const size_t position = size - text.size();
    const std::optional<char32_t> c = TakeCharacter(text);
    if (!c.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("the note is not UTF-8 at byte %d", position));
    }
    if (*c < 0x20 && *c != '\n') {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the note has a control character at byte %d; lines end in a single newline", position));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckName(std::string_view name) {
  if (IsNoteKeyName(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "a key's name must be UTF-8 and not empty, without spaces, '+' and control characters; "
      "choose one such as example.org/ledger");
}

absl::Status BadVkey(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "not an Ed25519 verifier key: %s; it looks like example.org/ledger+1234abcd+ARpc2Q…; copy "
      "the whole line again",
      why));
}

std::string TypedKey(const PublicKey& key) {
  return absl::StrCat(std::string(1, kEd25519Type), std::string(AsText(key.bytes)));
}

absl::StatusOr<NoteSignature> ParseSignatureLine(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) {
    return absl::InvalidArgumentError("does not begin with an em dash and a space");
  }
  line.remove_prefix(kSignaturePrefix.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) {
    return absl::InvalidArgumentError("has no space between name and signature");
  }
  NoteSignature parsed{std::string(line.substr(0, space)), {}, {}};
  RETURN_IF_ERROR(CheckName(parsed.name));
  const absl::StatusOr<std::string> raw = Base64Decode(line.substr(space + 1));
  if (!raw.ok()) return raw.status();
  if (raw->size() <= kKeyIdSize) {
    return absl::InvalidArgumentError("has no signature after its key id");
  }
  std::copy_n(AsBytes(*raw).begin(), kKeyIdSize, parsed.key_id.begin());
  parsed.bytes = raw->substr(kKeyIdSize);
  return parsed;
}

// The verifier that a signature line names; null when none was given.
absl::StatusOr<const NoteVerifier*> FindVerifier(std::span<const NoteVerifier> verifiers,
                                                 const NoteSignature& line) {
  const NoteVerifier* found = nullptr;
  for (const NoteVerifier& verifier : verifiers) {
    if (verifier.name() != line.name || verifier.key_id() != line.key_id) continue;
    if (found != nullptr && found->public_key() != verifier.public_key()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "two different verifier keys have the name %s and the same key id: give only one",
          verifier.name()));
    }
    found = &verifier;
  }
  return found;
}

bool Verifies(const NoteVerifier& verifier, std::string_view text, std::string_view raw) {
  Signature signature;
  if (raw.size() != signature.size()) return false;
  std::copy_n(AsBytes(raw).begin(), signature.size(), signature.begin());
  return Verify(verifier.public_key(), text, signature);
}

}  // namespace

absl::StatusOr<NoteParts> ParseNote(std::string_view note) {
  RETURN_IF_ERROR(CheckCharacters(note));
  const size_t split = note.rfind("\n\n");
  if (split == std::string_view::npos) {
    return absl::InvalidArgumentError("the note has no empty line between text and signatures");
  }
  NoteParts parts{std::string(note.substr(0, split + 1)), {}};
  std::string_view rest = note.substr(split + 2);
  if (rest.empty() || rest.back() != '\n') {
    return absl::InvalidArgumentError(
        "the note does not end in a whole signature line; it was perhaps cut short: fetch it "
        "again");
  }
  while (!rest.empty()) {
    const size_t number = parts.signatures.size() + 1;
    if (number > kMaxNoteSignatures) {
      return absl::InvalidArgumentError(
          absl::StrFormat("the note has more than %d signatures", kMaxNoteSignatures));
    }
    const size_t end = rest.find('\n');
    absl::StatusOr<NoteSignature> line = ParseSignatureLine(rest.substr(0, end));
    if (!line.ok()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("the note's signature line %d: %s", number, line.status().message()));
    }
    parts.signatures.push_back(*std::move(line));
    rest.remove_prefix(end + 1);
  }
  return parts;
}

std::string FormatNoteSignature(const NoteSignature& signature) {
  std::string raw(AsText(signature.key_id));
  raw.append(signature.bytes);
  return absl::StrFormat("%s%s %s\n", kSignaturePrefix, signature.name, Base64Encode(AsBytes(raw)));
}

bool IsNoteKeyName(std::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    const std::optional<char32_t> c = TakeCharacter(name);
    if (!c.has_value() || *c < 0x20 || *c == '+' || IsUnicodeSpace(*c)) return false;
  }
  return true;
}

NoteKeyId ComputeNoteKeyId(std::string_view name, std::string_view typed_key) {
  Sha256Hasher hasher;
  hasher.Update(name);
  hasher.Update("\n");
  hasher.Update(typed_key);
  const Digest digest = hasher.Finish();
  NoteKeyId id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

NoteVerifier::NoteVerifier(std::string_view name, const PublicKey& key)
    : name_(name), key_(key), key_id_(ComputeNoteKeyId(name, TypedKey(key))) {}

absl::StatusOr<NoteVerifier> NoteVerifier::Create(std::string_view name, const PublicKey& key) {
  RETURN_IF_ERROR(CheckName(name));
  return NoteVerifier(name, key);
}

absl::StatusOr<NoteVerifier> NoteVerifier::FromVkey(std::string_view vkey) {
  // The first two '+' separate: a name has none, base64 may have more.
  const size_t first = vkey.find('+');
  const size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == std::string_view::npos) return BadVkey("it has fewer than two '+'");
  const std::string_view name = vkey.substr(0, first);
  RETURN_IF_ERROR(CheckName(name));
  const auto id = HexDecodeArray<kKeyIdSize>(vkey.substr(first + 1, second - first - 1));
  if (!id.ok()) return BadVkey("its key id is not 8 lower-case hex digits");
  const auto typed_key = Base64Decode(vkey.substr(second + 1));
  if (!typed_key.ok()) return BadVkey("its last part is not base64");
  if (*id != ComputeNoteKeyId(name, *typed_key)) {
    return BadVkey("its key id does not belong to its name and key");
  }
  PublicKey key;
  if (typed_key->size() != 1 + key.bytes.size() || typed_key->front() != kEd25519Type) {
    return BadVkey("its key is of another type or length");
  }
  std::copy_n(AsBytes(*typed_key).begin() + 1, key.bytes.size(), key.bytes.begin());
  return NoteVerifier(name, key);
}

std::string NoteVerifier::ToVkey() const {
  return absl::StrCat(name_, "+", HexEncode(key_id_), "+", Base64Encode(AsBytes(TypedKey(key_))));
}

NoteSigner::NoteSigner(NoteVerifier verifier, const SigningKey& key)
    : verifier_(std::move(verifier)), key_(key) {}

absl::StatusOr<NoteSigner> NoteSigner::Create(std::string_view name, const SigningKey& key) {
  ASSIGN_OR_RETURN(NoteVerifier verifier, NoteVerifier::Create(name, key.public_key()));
  return NoteSigner(std::move(verifier), key);
}

absl::StatusOr<std::string> NoteSigner::Sign(std::string_view text) const {
  RETURN_IF_ERROR(CheckCharacters(text));
  if (!text.ends_with('\n')) {
    return absl::InvalidArgumentError("the text of a note must end in a newline: add one");
  }
  const Signature signature = key_.Sign(text);
  return absl::StrFormat(
      "%s\n%s", text,
      FormatNoteSignature({verifier_.name(), verifier_.key_id(), std::string(AsText(signature))}));
}

absl::StatusOr<OpenedNote> OpenNote(std::string_view note,
                                    std::span<const NoteVerifier> verifiers) {
  ASSIGN_OR_RETURN(const NoteParts parts, ParseNote(note));
  OpenedNote opened;
  opened.text = std::string(parts.text);
  std::vector<const NoteVerifier*> seen;
  for (const NoteSignature& line : parts.signatures) {
    ASSIGN_OR_RETURN(const NoteVerifier* verifier, FindVerifier(verifiers, line));
    if (verifier == nullptr) {
      ++opened.unverified_count;
      continue;
    }
    if (!Verifies(*verifier, parts.text, line.bytes)) {
      return absl::UnauthenticatedError(absl::StrFormat(
          "the signature by %s is not over this text: the note was changed or was never signed by "
          "that key; do not trust it",
          verifier->name()));
    }
    if (std::find(seen.begin(), seen.end(), verifier) != seen.end()) continue;
    seen.push_back(verifier);
    opened.verified_names.push_back(verifier->name());
  }
  if (seen.empty()) {
    return absl::UnauthenticatedError(absl::StrFormat(
        "none of the note's %d signatures is by a key that was given: check that the verifier key "
        "is the one of this ledger",
        parts.signatures.size()));
  }
  return opened;
}

}  // namespace pinhole
