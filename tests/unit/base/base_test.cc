// core/base against published vectors and its own strictness.
#include <gtest/gtest.h>

#include "server/core/base/bytes.h"
#include "server/core/base/date.h"
#include "server/core/base/ed25519.h"
#include "server/core/base/sha256.h"
#include "server/core/base/text.h"

namespace pinhole {
namespace {

TEST(Base64, ReadsAndWritesRfc4648Vectors) {
  struct Case {
    const char* plain;
    const char* text;
  };
  for (const Case& c : {Case{"", ""}, Case{"f", "Zg=="}, Case{"fo", "Zm8="}, Case{"foo", "Zm9v"},
                        Case{"foobar", "Zm9vYmFy"}}) {
    SCOPED_TRACE(c.plain);
    EXPECT_EQ(Base64Encode(AsBytes(c.plain)), c.text);
    ASSERT_TRUE(Base64Decode(c.text).ok());
    EXPECT_EQ(*Base64Decode(c.text), c.plain);
  }
  for (const char* bad : {"Zg=", "Zh==", "Zm9=", "Z===", "Zg==Zg==", "Zm9v\n", "*AAA", "===="}) {
    SCOPED_TRACE(bad);
    EXPECT_FALSE(Base64Decode(bad).ok());
  }
}

TEST(Hex, HasOneSpelling) {
  EXPECT_EQ(HexEncode(AsBytes("\x01\xab")), "01ab");
  EXPECT_EQ(*HexDecode("01ab"), "\x01\xab");
  for (const char* bad : {"0", "AB", "0g", " 1"}) EXPECT_FALSE(HexDecode(bad).ok()) << bad;
}

TEST(Sha256, MatchesFips180Vectors) {
  const char* abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(HexEncode(Sha256("abc")), abc);
  Sha256Hasher hasher;
  hasher.Update("a");
  hasher.Update("bc");
  EXPECT_EQ(HexEncode(hasher.Finish()), abc);
  // RFC 4231 test case 2.
  EXPECT_EQ(HexEncode(HmacSha256(AsBytes("Jefe"), AsBytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(HmacSha256Key, GivesTheSameMacsAgainAndAgain) {
  // RFC 4231 test case 2, and keys around the length of a block.
  HmacSha256Key jefe(AsBytes("Jefe"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(HexEncode(jefe.Mac(AsBytes("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  }
  for (const size_t length : {0, 1, 32, 63, 64, 65, 131}) {
    const std::string key(length, '\xaa');
    HmacSha256Key many(AsBytes(key));
    for (const char* message : {"", "a", "another"}) {
      EXPECT_EQ(many.Mac(AsBytes(message)), HmacSha256(AsBytes(key), AsBytes(message))) << length;
    }
  }
}

TEST(Ed25519, MatchesRfc8032Test2) {
  const auto key =
      SigningKey::FromSeedHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->public_key().ToHex(),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  Signature signature = key->Sign("\x72");
  EXPECT_EQ(HexEncode(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(Verify(key->public_key(), "\x72", signature));
  EXPECT_FALSE(Verify(key->public_key(), "\x73", signature));
  signature[5] ^= 1;
  EXPECT_FALSE(Verify(key->public_key(), "\x72", signature));
}

TEST(Text, IntegersHaveOneSpelling) {
  EXPECT_EQ(*ParseInteger("0"), 0);
  EXPECT_EQ(*ParseInteger("-17"), -17);
  EXPECT_EQ(*ParseInteger("9223372036854775807"), INT64_MAX);
  for (const char* bad : {"", "-", "-0", "01", "+1", " 1", "1 ", "1.0", "9223372036854775808"})
    EXPECT_FALSE(ParseInteger(bad).ok()) << bad;
}

TEST(Text, MillionthsAreExact) {
  EXPECT_EQ(*ParseMillionths("0.875"), 875000);
  EXPECT_EQ(*ParseMillionths("-2"), -2000000);
  EXPECT_EQ(*ParseMillionths("0.000001"), 1);
  EXPECT_EQ(*ParseMillionths("8999999999999"), 8999999999999000000);
  for (const char* bad : {"", ".", ".5", "1.", "0.0000001", "1e3", "9000000000001", "--1", "1.2.3"})
    EXPECT_FALSE(ParseMillionths(bad).ok()) << bad;
  for (const int64_t value :
       {int64_t{0}, int64_t{875000}, int64_t{-1}, int64_t{1000000}, int64_t{-2500000}}) {
    EXPECT_EQ(*ParseMillionths(FormatMillionths(value)), value);
  }
  EXPECT_EQ(FormatMillionths(800000), "0.8");
  EXPECT_EQ(FormatThousandths(59412), "59.412");
  EXPECT_EQ(*ParseThousandths("59.412"), 59412);
  EXPECT_FALSE(ParseThousandths("59.41").ok());
}

// Days by Python's datetime: date(y, m, d).toordinal() - date(1970, 1, 1).toordinal().
TEST(Date, IsDaysSince1970) {
  const struct {
    const char* text;
    int32_t day;
  } cases[] = {{"1970-01-01", 0},         {"1969-12-31", -1},      {"2000-02-29", 11'016},
               {"2000-03-01", 11'017},    {"1900-03-01", -25'508}, {"2024-02-29", 19'782},
               {"0001-01-01", kFirstDay}, {"9999-12-31", kLastDay}};
  for (const auto& c : cases) {
    EXPECT_EQ(ParseDate(c.text), c.day) << c.text;
    EXPECT_EQ(FormatDate(c.day), c.text);
  }
  for (const char* bad : {"", "1970-1-1", "1970-01-01 ", "1970-01-01T00:00", "19700101",
                          "1970/01/01", "1970-13-01", "1970-00-10", "1970-01-00", "1970-04-31",
                          "1900-02-29", "2023-02-29", "0000-01-01", "-001-01-01", "1970-01-0x"}) {
    EXPECT_FALSE(ParseDate(bad).has_value()) << bad;
  }
}

TEST(Text, IdsAreShortLowerCase) {
  EXPECT_TRUE(IsId("demo-2026"));
  for (const char* bad : {"", "9lives", "Demo", "a_b", "a-", "a b"}) EXPECT_FALSE(IsId(bad)) << bad;
}

}  // namespace
}  // namespace pinhole
