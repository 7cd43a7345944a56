// Signed notes: other implementations' keys and signatures, the format's rules, and a table of
// notes that must be refused.
#include "server/core/note/signed_note.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

namespace pinhole {
namespace {

using Names = std::vector<std::string>;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;

// The key, text and signature of Go's golang.org/x/mod/sumdb/note tests; the private key is
// published there.
constexpr char kNeumannVkey[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kNeumannPrivate[] = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr char kNeumannText[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr char kNeumannLine[] =
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
// A well-formed line by a key that nobody was given.
constexpr char kStrangersLine[] = "— stranger AAAAAAA=\n";

NoteVerifier Neumann() { return *NoteVerifier::FromVkey(kNeumannVkey); }

std::string NeumannNote() { return absl::StrCat(kNeumannText, "\n", kNeumannLine); }

absl::StatusOr<OpenedNote> OpenWith(const NoteVerifier& verifier, std::string_view note) {
  return OpenNote(note, {&verifier, 1});
}

NoteSigner SignerOf(uint8_t value, std::string_view name) {
  std::array<uint8_t, 32> seed;
  seed.fill(value);
  return *NoteSigner::Create(name, SigningKey::FromSeed(seed));
}

std::string SignatureLineOf(const std::string& note) { return note.substr(note.rfind("\n\n") + 2); }

TEST(SignedNote, OpensAndSignsGosNote) {
  const auto opened = OpenWith(Neumann(), NeumannNote());
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->text, kNeumannText);
  EXPECT_EQ(opened->verified_names, Names{"PeterNeumann"});
  EXPECT_EQ(opened->unverified_count, 0);

  const std::string typed_seed = *Base64Decode(kNeumannPrivate);
  ASSERT_EQ(typed_seed.front(), 1);
  const auto key = SigningKey::FromSeedHex(HexEncode(AsBytes(typed_seed).subspan(1)));
  ASSERT_TRUE(key.ok());
  const auto signer = NoteSigner::Create("PeterNeumann", *key);
  ASSERT_TRUE(signer.ok());
  EXPECT_EQ(signer->verifier().ToVkey(), kNeumannVkey);
  EXPECT_EQ(*signer->Sign(kNeumannText), NeumannNote());
}

// The example of c2sp.org/signed-note.
TEST(SignedNote, OpensC2spsExample) {
  const NoteVerifier verifier = *NoteVerifier::FromVkey(
      "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
  const auto opened = OpenWith(
      verifier,
      "This is an example message.\n\n— example.com/foo "
      "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
      "\n");
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->text, "This is an example message.\n");
}

TEST(SignedNote, IgnoresStrangersInAnyOrder) {
  for (const std::string& lines :
       {absl::StrCat(kStrangersLine, kNeumannLine), absl::StrCat(kNeumannLine, kStrangersLine)}) {
    const auto opened = OpenWith(Neumann(), absl::StrCat(kNeumannText, "\n", lines));
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->verified_names, Names{"PeterNeumann"});
    EXPECT_EQ(opened->unverified_count, 1);
  }
  // The same name with another key id is another key.
  const std::string namesake = SignatureLineOf(*SignerOf(0x07, "PeterNeumann").Sign(kNeumannText));
  const auto opened = OpenWith(Neumann(), absl::StrCat(NeumannNote(), namesake));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->unverified_count, 1);
}

TEST(SignedNote, NamesEachKeyOnceInTheNotesOrder) {
  const NoteSigner a = SignerOf(0x01, "a.example");
  const NoteSigner b = SignerOf(0x02, "b.example");
  const std::string note_by_b = *b.Sign("text\n");
  const std::string line_by_a = SignatureLineOf(*a.Sign("text\n"));
  const std::vector<NoteVerifier> verifiers = {a.verifier(), b.verifier(), a.verifier()};
  const auto opened = OpenNote(absl::StrCat(note_by_b, line_by_a, line_by_a), verifiers);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->verified_names, (Names{"b.example", "a.example"}));
}

TEST(SignedNote, RefusesWhenOneKnownSignatureIsWrongAmongGoodOnes) {
  const NoteSigner a = SignerOf(0x01, "a.example");
  const NoteSigner b = SignerOf(0x02, "b.example");
  const std::string other_line_by_b = SignatureLineOf(*b.Sign("another text\n"));
  const std::string note = absl::StrCat(*a.Sign("text\n"), other_line_by_b);
  const std::vector<NoteVerifier> both = {a.verifier(), b.verifier()};
  EXPECT_EQ(OpenNote(note, both).status().code(), kUnauthenticated);
  EXPECT_TRUE(OpenWith(a.verifier(), note).ok());
  // Also after a good signature by the same key.
  const std::string twice =
      absl::StrCat(*a.Sign("text\n"), SignatureLineOf(*a.Sign("another text\n")));
  EXPECT_EQ(OpenWith(a.verifier(), twice).status().code(), kUnauthenticated);
}

TEST(SignedNote, NeedsOneKnownSignature) {
  EXPECT_EQ(OpenNote(NeumannNote(), {}).status().code(), kUnauthenticated);
  EXPECT_EQ(OpenWith(SignerOf(0x01, "PeterNeumann").verifier(), NeumannNote()).status().code(),
            kUnauthenticated);
}

TEST(SignedNote, SplitsAtTheLastEmptyLine) {
  const NoteSigner signer = SignerOf(0x01, "a.example");
  for (const std::string& text :
       {std::string("one\n\ntwo\n"), std::string("one\n\n"), std::string("\n"),
        std::string("looks like a note\n\n— a.example AAAAAAA=\n"),
        std::string("grüße, 世界 𝄞\n")}) {
    SCOPED_TRACE(text);
    const auto note = signer.Sign(text);
    ASSERT_TRUE(note.ok()) << note.status();
    const auto opened = OpenWith(signer.verifier(), *note);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->text, text);
  }
}

TEST(SignedNote, TakesAHundredSignaturesAndNoMore) {
  std::string note = NeumannNote();
  for (int i = 1; i < kMaxNoteSignatures; ++i) note += kStrangersLine;
  const auto opened = OpenWith(Neumann(), note);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->unverified_count, kMaxNoteSignatures - 1);
  EXPECT_EQ(OpenWith(Neumann(), note + kStrangersLine).status().code(), kInvalid);
}

TEST(SignedNote, RefusesMalformedNotes) {
  struct Case {
    const char* name;
    std::string note;
    absl::StatusCode code;
  };
  const std::string text = kNeumannText;
  const std::string line = kNeumannLine;
  const std::string blob = line.substr(line.rfind(' ') + 1);  // with the newline
  const std::string raw = *Base64Decode(blob.substr(0, blob.size() - 1));
  const std::string dash_name = "— PeterNeumann ";
  const auto with_text = [&](const std::string& other) { return other + "\n" + line; };
  const auto with_line = [&](const std::string& other) { return text + "\n" + other; };
  const auto with_raw = [&](const std::string& other) {
    return text + "\n" + dash_name + Base64Encode(AsBytes(other)) + "\n";
  };
  ASSERT_TRUE(OpenWith(Neumann(), with_text(text)).ok());
  ASSERT_TRUE(OpenWith(Neumann(), with_line(line)).ok());
  ASSERT_TRUE(OpenWith(Neumann(), with_raw(raw)).ok());

  for (const Case& c : {
           Case{"empty", "", kInvalid},
           Case{"newline_only", "\n", kInvalid},
           Case{"two_newlines", "\n\n", kInvalid},
           Case{"text_only", text, kInvalid},
           Case{"no_signature", text + "\n", kInvalid},
           Case{"no_empty_line", text + line, kInvalid},
           Case{"no_text", "\n" + line, kInvalid},
           Case{"no_last_newline", with_line(line.substr(0, line.size() - 1)), kInvalid},
           Case{"empty_line_at_end", with_line(line + "\n"), kInvalid},
           Case{"text_after_signatures", with_line(line + "text\n"), kInvalid},
           Case{"empty_line_between_signatures", with_line(line + "\n" + line), kUnauthenticated},
           Case{"space_in_empty_line", text + " \n" + line, kInvalid},
           Case{"hyphen_for_dash", with_line("- PeterNeumann " + blob), kInvalid},
           Case{"en_dash", with_line("– PeterNeumann " + blob), kInvalid},
           Case{"no_space_after_dash", with_line("—PeterNeumann " + blob), kInvalid},
           Case{"two_spaces_after_dash", with_line("—  PeterNeumann " + blob), kInvalid},
           Case{"two_spaces_before_blob", with_line("— PeterNeumann  " + blob), kInvalid},
           Case{"space_at_line_end", with_line(line.substr(0, line.size() - 1) + " \n"), kInvalid},
           Case{"space_before_dash", with_line(" " + line), kInvalid},
           Case{"no_name", with_line("— " + blob), kInvalid},
           Case{"empty_name", with_line("—  " + blob), kInvalid},
           Case{"no_blob", with_line("— PeterNeumann\n"), kInvalid},
           Case{"empty_blob", with_line("— PeterNeumann \n"), kInvalid},
           Case{"plus_in_name", with_line("— Peter+Neumann " + blob), kInvalid},
           Case{"no_break_space_in_name", with_line("— Peter\u00A0Neumann " + blob), kInvalid},
           Case{"ideographic_space_in_name", with_line("— Peter\u3000Neumann " + blob), kInvalid},
           Case{"strangers_name_with_plus", with_line("— a+b AAAAAAA=\n" + line), kInvalid},
           Case{"strangers_blob_not_base64", with_line("— a AAAA*AA=\n" + line), kInvalid},
           Case{"strangers_blob_is_a_key_id", with_line("— a AAAAAA==\n" + line), kInvalid},
           Case{"url_safe_base64", with_line("— a AAAA-_A=\n" + line), kInvalid},
           Case{"blob_without_padding", with_line(line.substr(0, line.size() - 2) + "\n"),
                kInvalid},
           Case{"blob_with_stray_bits", with_line("— PeterNeumann " + blob.substr(0, 90) + "N=\n"),
                kInvalid},
           Case{"key_id_only", with_raw(raw.substr(0, 4)), kInvalid},
           Case{"short_signature", with_raw(raw.substr(0, 67)), kUnauthenticated},
           Case{"long_signature", with_raw(raw + "x"), kUnauthenticated},
           Case{"zero_signature", with_raw(raw.substr(0, 4) + std::string(64, '\0')),
                kUnauthenticated},
           Case{"changed_text", with_text("X" + text.substr(1)), kUnauthenticated},
           Case{"text_with_one_more_line", with_text(text + "more\n"), kUnauthenticated},
           Case{"tab", with_text(text + "\t\n"), kInvalid},
           Case{"nul", with_text(text + std::string(1, '\0') + "\n"), kInvalid},
           Case{"unit_separator", with_text(text + "\x1F\n"), kInvalid},
           Case{"escape", with_text(text + "\x1b[31m\n"), kInvalid},
           Case{"carriage_returns", with_text("text\r\n"), kInvalid},
           Case{"lone_continuation_byte", with_text(text + "\x80\n"), kInvalid},
           Case{"cut_character", with_text(text + "\xE2\x80\n"), kInvalid},
           Case{"overlong_slash", with_text(text + "\xC0\xAF\n"), kInvalid},
           Case{"overlong_three_bytes", with_text(text + "\xE0\x9F\xBF\n"), kInvalid},
           Case{"overlong_four_bytes", with_text(text + "\xF0\x8F\xBF\xBF\n"), kInvalid},
           Case{"surrogate", with_text(text + "\xED\xA0\x80\n"), kInvalid},
           Case{"above_the_last_character", with_text(text + "\xF4\x90\x80\x80\n"), kInvalid},
           Case{"five_bytes", with_text(text + "\xF8\x88\x80\x80\x80\n"), kInvalid},
           Case{"byte_ff", with_text(text + "\xFF\n"), kInvalid},
           Case{"cut_character_at_end", with_line(line) + "\xE2\x80", kInvalid},
       }) {
    SCOPED_TRACE(c.name);
    const auto opened = OpenWith(Neumann(), c.note);
    EXPECT_EQ(opened.status().code(), c.code) << opened.status();
  }
}

TEST(NoteSigner, RefusesTextsThatCannotStandInANote) {
  const NoteSigner signer = SignerOf(0x01, "a.example");
  for (const char* text : {"", "no newline", "tab\t\n", "return\r\n", "\xFF\n", "cut \xE2\x80"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(signer.Sign(text).status().code(), kInvalid);
  }
}

TEST(NoteKeyName, FollowsTheFormat) {
  for (const char* good : {"a", "example.org/ledger", "größe", "日本", "a=b", "—"}) {
    EXPECT_TRUE(IsNoteKeyName(good)) << good;
  }
  for (const char* bad :
       {"", " ", "a b", "a+b", "a\nb", "a\tb", "a\x01", "a\u0085", "a\u00A0", "a\u1680", "a\u2003",
        "a\u2028", "a\u2029", "a\u202F", "a\u205F", "\u3000", "\xFF", "a\xC3"}) {
    EXPECT_FALSE(IsNoteKeyName(bad)) << bad;
    EXPECT_FALSE(NoteVerifier::Create(bad, PublicKey{}).ok()) << bad;
  }
}

TEST(Vkey, ReadsAndWritesPublishedKeys) {
  for (const char* vkey :
       {kNeumannVkey, "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"}) {
    const auto verifier = NoteVerifier::FromVkey(vkey);
    ASSERT_TRUE(verifier.ok()) << verifier.status();
    EXPECT_EQ(verifier->ToVkey(), vkey);
  }
}

// A witness's key (type 0x04) has its id computed alike, but is no key that signs notes this way.
TEST(Vkey, KnowsAnotherTypesKeyIdAndRefusesTheType) {
  const std::string typed_key = *Base64Decode("BAFFLINGNESS+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(HexEncode(ComputeNoteKeyId("example.org/key", typed_key)), "57bfe580");
  for (const char* vkey :
       {"example.org/key+57bfe580+BAFFLINGNESS+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "auditor.example/w1+2a09e825+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"}) {
    EXPECT_EQ(NoteVerifier::FromVkey(vkey).status().code(), kInvalid) << vkey;
  }
}

TEST(Vkey, RefusesMalformedKeys) {
  const std::string key = "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const std::string short_key = Base64Encode(AsBytes(Base64Decode(key)->substr(0, 32)));
  const std::string short_id =
      HexEncode(ComputeNoteKeyId("PeterNeumann", Base64Decode(key)->substr(0, 32)));
  const std::string no_key_id = HexEncode(ComputeNoteKeyId("PeterNeumann", ""));
  struct Case {
    const char* name;
    std::string vkey;
  };
  ASSERT_TRUE(NoteVerifier::FromVkey("PeterNeumann+c74f20a3+" + key).ok());
  for (const Case& c : {
           Case{"empty", ""},
           Case{"name_only", "PeterNeumann"},
           Case{"no_key", "PeterNeumann+c74f20a3"},
           Case{"empty_key", "PeterNeumann+" + no_key_id + "+"},
           Case{"no_name", "+c74f20a3+" + key},
           Case{"other_name", "PeterNeuman+c74f20a3+" + key},
           Case{"space_in_name", "Peter Neumann+c74f20a3+" + key},
           Case{"other_id", "PeterNeumann+c74f20a4+" + key},
           Case{"capital_id", "PeterNeumann+C74F20A3+" + key},
           Case{"short_id", "PeterNeumann+c74f20+" + key},
           Case{"long_id", "PeterNeumann+00c74f20a3+" + key},
           Case{"no_id", "PeterNeumann++" + key},
           Case{"not_base64", "PeterNeumann+c74f20a3+" + key.substr(0, 40) + "****"},
           Case{"short_key", "PeterNeumann+" + short_id + "+" + short_key},
           Case{"newline_at_end", "PeterNeumann+c74f20a3+" + key + "\n"},
           Case{"private_key", "PRIVATE+KEY+PeterNeumann+c74f20a3+" + std::string(kNeumannPrivate)},
       }) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(NoteVerifier::FromVkey(c.vkey).status().code(), kInvalid);
  }
}

TEST(SignedNote, TakesTheSameVerifierTwice) {
  const std::vector<NoteVerifier> twice = {Neumann(), Neumann()};
  EXPECT_TRUE(OpenNote(NeumannNote(), twice).ok());
}

// A key id has 32 bits, so among 2^18 keys some two have the same.
TEST(SignedNote, RefusesTwoVerifiersThatCannotBeToldApart) {
  std::map<NoteKeyId, NoteVerifier> by_id;
  for (uint32_t i = 0; i < 1u << 18; ++i) {
    PublicKey key;
    std::memcpy(key.bytes.data(), &i, sizeof i);
    const NoteVerifier verifier = *NoteVerifier::Create("a.example", key);
    const auto [place, is_new] = by_id.emplace(verifier.key_id(), verifier);
    if (is_new) continue;
    const std::vector<NoteVerifier> both = {place->second, verifier};
    ASSERT_NE(both[0].public_key(), both[1].public_key());
    std::string raw(AsText(verifier.key_id()));
    raw.append(64, 's');
    const std::string note = "text\n\n— a.example " + Base64Encode(AsBytes(raw)) + "\n";
    EXPECT_EQ(OpenNote(note, both).status().code(), kInvalid);
    EXPECT_EQ(OpenWith(verifier, note).status().code(), kUnauthenticated);
    return;
  }
  FAIL() << "no two keys have the same id";
}

}  // namespace
}  // namespace pinhole
