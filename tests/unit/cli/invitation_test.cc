#include "client/cli/invitation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace pinhole::cli {
namespace {

using ::testing::HasSubstr;

SigningKey Key(uint8_t byte) {
  std::array<uint8_t, 32> seed;
  seed.fill(byte);
  return SigningKey::FromSeed(seed);
}

InvitationString Sample() {
  const pipe::Invitation invitation =
      pipe::SignInvitation(Key(1), "ratings", "red", Key(9).public_key());
  return {.server = "pinhole.example.org:7443",
          .contest = "ratings",
          .team = "red",
          .one_use = Key(9),
          .organizer_signature = invitation.signature,
          .server_pin = Sha256("certificate"),
          .log_pin = Sha256("log")};
}

TEST(Invitation, ComesBackAsItWas) {
  const std::string text = FormatInvitation(Sample());
  EXPECT_EQ(text.substr(0, 9), "pinhole1:");
  EXPECT_EQ(text.find_first_of(" \n+/="), std::string::npos);
  const absl::StatusOr<InvitationString> parsed = ParseInvitation("\n  " + text + " \r\n");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->server, "pinhole.example.org:7443");
  EXPECT_EQ(parsed->contest, "ratings");
  EXPECT_EQ(parsed->team, "red");
  EXPECT_EQ(parsed->one_use.SeedHex(), Key(9).SeedHex());
  EXPECT_EQ(parsed->server_pin, Sha256("certificate"));
  EXPECT_EQ(parsed->log_pin, Sha256("log"));
  EXPECT_TRUE(pipe::VerifyInvitation(Key(1).public_key(), parsed->Invitation()));
  EXPECT_FALSE(pipe::VerifyInvitation(Key(2).public_key(), parsed->Invitation()));
}

TEST(Invitation, AnyChangedCharacterIsNoticed) {
  const std::string text = FormatInvitation(Sample());
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(ParseInvitation(changed).ok()) << "character " << i;
  }
}

TEST(Invitation, WhatIsDamagedSaysWhatToDo) {
  const std::string text = FormatInvitation(Sample());
  struct Case {
    const char* name;
    std::string text;
    const char* says;
  };
  for (const Case& c : {
           Case{"empty", "", "pinhole invite"},
           Case{"other_text", "hello", "this is no invitation"},
           Case{"other_version", "pinhole2:" + text.substr(9), "this is no invitation"},
           Case{"cut", text.substr(0, text.size() - 10), "copy the whole string"},
           Case{"longer", text + "AAAA", "damaged"},
           Case{"space_inside", text.substr(0, 40) + " " + text.substr(40), "not base64url"},
           Case{"standard_base64", text + "=", "not base64url"},
           Case{"prefix_only", "pinhole1:", "too short"},
       }) {
    SCOPED_TRACE(c.name);
    const absl::StatusOr<InvitationString> parsed = ParseInvitation(c.text);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(c.says));
  }
}

TEST(ServerAddress, IsHostAndPort) {
  struct Case {
    const char* text;
    bool good;
  };
  for (const Case& c : {
           Case{"localhost:7443", true},
           Case{"127.0.0.1:1", true},
           Case{"[::1]:65535", true},
           Case{"localhost", false},
           Case{":7443", false},
           Case{"localhost:0", false},
           Case{"localhost:65536", false},
           Case{"localhost:07443", false},
           Case{"a b:7443", false},
           Case{"../x:7443", false},
           Case{"::1:7443", false},
           Case{"[]:7443", false},
           Case{"unix:/socket", false},
       }) {
    EXPECT_EQ(IsServerAddress(c.text), c.good) << c.text;
  }
}

}  // namespace
}  // namespace pinhole::cli
