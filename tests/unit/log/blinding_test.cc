// The chain of blinding values and the blinds made of it.
#include "server/core/log/blinding.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "server/core/base/hex.h"

namespace pinhole::log {
namespace {

Digest Counting() {
  Digest digest;
  for (size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<uint8_t>(i);
  return digest;
}

// By Python's hashlib over bytes(range(32)).
TEST(Blinding, IsAChainOfHashes) {
  const Digest secret = Counting();
  EXPECT_EQ(BlindingAt(secret, 3, 3), secret);
  EXPECT_EQ(HexEncode(BlindingAt(secret, 3, 2)),
            "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd");
  EXPECT_EQ(HexEncode(BlindingAt(secret, 3, 0)),
            "4e05063392f42b5180353ef82da86c714042155044d91ab3253f1bab08120a0a");
}

TEST(Blinding, EachValueFollowsTheOneBeforeAndNoOther) {
  constexpr int64_t kRounds = 9;
  for (int64_t round = 1; round <= kRounds; ++round) {
    for (int64_t other = 0; other <= kRounds; ++other) {
      EXPECT_EQ(
          Follows(BlindingAt(Counting(), kRounds, other), BlindingAt(Counting(), kRounds, round)),
          other == round - 1);
    }
  }
}

TEST(Blinder, GivesEachEntryItsOwn) {
  const Blinder blinder(Counting());
  EXPECT_EQ(HexEncode(*blinder.Of(258)),
            "c9651fe15985e65a819a4ab80216ab29623d962a7d120b697bc3d25eb60c2c5e");
  EXPECT_NE(blinder.Of(258), blinder.Of(257));
  EXPECT_FALSE(Blinder().Of(258).has_value());
  EXPECT_FALSE(Blinder().blinding().has_value());
}

}  // namespace
}  // namespace pinhole::log
