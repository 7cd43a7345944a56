// What of an answer comes to stand in a note.
#include "client/cli/cosigned_note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/log/checkpoint.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::cli {
namespace {

using ::pinhole::testing::TestKey;
using ::testing::ElementsAre;

constexpr char kOrigin[] = "vault.example/test";

class CosignedNoteTest : public ::testing::Test {
 protected:
  static WitnessSigner Witness(uint8_t key, std::string_view name = "w.example/w") {
    return *WitnessSigner::Create(name, TestKey(key));
  }
  absl::StatusOr<CosignedNote> Add(const std::string& note, const std::string& answer,
                                   const std::vector<WitnessVerifier>& witnesses) const {
    return AddCosignatures(note, answer, log_.verifier(), witnesses);
  }

  const std::string text_ = FormatCheckpoint({kOrigin, 3, Sha256("root")});
  const NoteSigner log_ = *NoteSigner::Create(kOrigin, TestKey(3));
  const std::string note_ = *log_.Sign(text_);
};

TEST_F(CosignedNoteTest, KnownLinesAreAddedAndOthersLeftOut) {
  const std::string mine = Witness(50).Cosign(text_, 60);
  const std::string stranger = Witness(51, "stranger").Cosign(text_, 60);
  const auto added = Add(note_, stranger + mine, {Witness(50).verifier()});
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->note, note_ + mine);
  EXPECT_THAT(added->added, ElementsAre(Cosignature{"w.example/w", 60}));
  EXPECT_TRUE(OpenCheckpoint(added->note, log_.verifier()).ok());
}

TEST_F(CosignedNoteTest, AnAnswerStandsForTheOneBeforeAndForNoOther) {
  const std::string before = Witness(50).Cosign(text_, 60);
  const std::string after = Witness(50).Cosign(text_, 90);
  // The same name with another key: a witness that changed it.
  const std::string old_key = Witness(49).Cosign(text_, 30);
  const std::string stranger = Witness(51, "stranger").Cosign(text_, 60);
  const auto added = Add(note_ + before + old_key + stranger, after,
                         {Witness(49).verifier(), Witness(50).verifier()});
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->note, note_ + old_key + stranger + after);
  // What stood there and was wrong is not the answer's fault.
  const std::string wrong = Witness(50).Cosign(text_ + "x\n", 60);
  EXPECT_EQ(Add(note_ + wrong, after, {Witness(50).verifier()})->note, note_ + after);
}

TEST_F(CosignedNoteTest, WhatIsRefused) {
  const std::string mine = Witness(50).Cosign(text_, 60);
  const struct {
    const char* name;
    std::string answer;
  } cases[] = {
      {"nothing", ""},
      {"no line", "hello\n"},
      {"cut short", mine.substr(0, mine.size() - 1)},
      {"a stranger's", Witness(51, "stranger").Cosign(text_, 60)},
      {"over another head", Witness(50).Cosign(text_ + "x\n", 60)},
      {"a right one and a wrong one", mine + Witness(50).Cosign(text_ + "x\n", 60)},
      {"a text of its own", "another\n\n" + mine},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Add(note_, c.answer, {Witness(50).verifier()}).status().code(),
              absl::StatusCode::kDataLoss)
        << c.name;
  }
}

}  // namespace
}  // namespace pinhole::cli
