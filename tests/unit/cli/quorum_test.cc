// Which quorums can be asked for, and what counts towards one.
#include "client/cli/quorum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "server/core/log/checkpoint.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::cli {
namespace {

using ::pinhole::testing::TestKey;
using ::testing::HasSubstr;

constexpr char kOrigin[] = "vault.example/test";

WitnessSigner SignerOf(uint8_t key, const std::string& name) {
  return *WitnessSigner::Create(name, TestKey(key));
}
std::string Vkey(uint8_t key) {
  return SignerOf(key, "w.example/" + std::to_string(key)).verifier().ToVkey();
}

TEST(QuorumTest, MoreThanHalfUnlessSaid) {
  const std::vector<std::string> all = {Vkey(1), Vkey(2), Vkey(3), Vkey(4)};
  for (size_t count = 1; count <= all.size(); ++count) {
    const std::vector<std::string> some(all.begin(), all.begin() + static_cast<int64_t>(count));
    EXPECT_EQ(QuorumRuleOf(some, std::nullopt)->needed, count / 2 + 1);
    EXPECT_EQ(QuorumRuleOf(some, 1)->needed, 1U);
  }
}

TEST(QuorumTest, WhatCannotBeAskedFor) {
  const NoteVerifier log = *NoteVerifier::Create(kOrigin, TestKey(3).public_key());
  const struct {
    const char* name;
    std::vector<std::string> vkeys;
    std::optional<int64_t> needed;
  } cases[] = {
      {"nobody", {}, 1},
      {"none needed", {Vkey(1)}, 0},
      {"fewer than none", {Vkey(1)}, -1},
      {"more than there are", {Vkey(1), Vkey(2)}, 3},
      {"a witness twice", {Vkey(1), Vkey(1)}, 2},
      {"a key under two names", {Vkey(1), SignerOf(1, "other").verifier().ToVkey()}, 2},
      {"a ledger's key", {log.ToVkey()}, 1},
      {"no key", {"hello"}, 1},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(QuorumRuleOf(c.vkeys, c.needed).status().code(), absl::StatusCode::kInvalidArgument)
        << c.name;
  }
}

TEST(QuorumTest, CountsEachWitnessOnceAndNoStranger) {
  const std::string text = FormatCheckpoint({kOrigin, 3, Sha256("root")});
  const std::string note = *NoteSigner::Create(kOrigin, TestKey(3))->Sign(text);
  const QuorumRule rule = *QuorumRuleOf({Vkey(1), Vkey(2), Vkey(3)}, 2);
  const std::string one = SignerOf(1, "w.example/1").Cosign(text, 60);
  const std::string again = SignerOf(1, "w.example/1").Cosign(text, 120);
  const std::string stranger = SignerOf(9, "w.example/9").Cosign(text, 60);
  const std::string latest =
      SignerOf(2, "w.example/2").Cosign(text, std::numeric_limits<int64_t>::max());
  EXPECT_THAT(CountCosignatures(note + one + again + stranger, rule).problem,
              HasSubstr("1 of 3 witnesses"));
  const Quorum both = CountCosignatures(note + one + latest + again, rule);
  EXPECT_EQ(both.problem, "");
  EXPECT_THAT(QuorumText(both),
              HasSubstr("cosigned 2 of 3 (w.example/1 1970-01-01 00:02:00 UTC, w.example/2 "));
  const std::string forged = SignerOf(9, "w.example/2").Cosign(text, 60);
  EXPECT_THAT(CountCosignatures(note + one + forged, rule).problem, HasSubstr("1 of 3 witnesses"));
  std::string wrong = latest;
  wrong.replace(wrong.size() - 10, 1, wrong[wrong.size() - 10] == 'A' ? "B" : "A");
  EXPECT_THAT(CountCosignatures(note + one + again + wrong, rule).problem,
              HasSubstr("is not over this checkpoint"));
}

}  // namespace
}  // namespace pinhole::cli
