// A witness signs one history: every answer of the protocol, split views, rollbacks, and every
// wrong proof over random growth.
#include "server/core/log/witness.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_format.h"

namespace pinhole {
namespace {

constexpr char kOrigin[] = "pinhole.example/contest1";

NoteSigner SignerOf(uint8_t value, std::string_view name) {
  std::array<uint8_t, 32> seed;
  seed.fill(value);
  return *NoteSigner::Create(name, SigningKey::FromSeed(seed));
}

class Ledger {
 public:
  explicit Ledger(std::string_view word = "entry") {
    for (int i = 0; i < 140; ++i) tree_.Append(LeafHash(absl::StrFormat("%s %d\n", word, i)));
  }
  std::string Head(uint64_t size) const {
    return *SignCheckpoint({kOrigin, size, *tree_.RootAt(size)}, signer_);
  }
  WitnessedHead At(uint64_t size) const { return {.size = size, .root = *tree_.RootAt(size)}; }
  AddCheckpoint Request(uint64_t old_size, uint64_t size) const {
    return {.old_size = old_size,
            .proof = *tree_.ConsistencyProof(old_size, size),
            .checkpoint = Head(size)};
  }
  const NoteVerifier& log() const { return signer_.verifier(); }

 private:
  NoteSigner signer_ = SignerOf(1, kOrigin);
  MerkleTree tree_;
};

WitnessVerdict Judge(const Ledger& ledger, const AddCheckpoint& request,
                     const WitnessedHead& last) {
  return JudgeCheckpoint(FormatAddCheckpoint(request), ledger.log(), last).verdict;
}

TEST(WitnessTest, RequestsComeBack) {
  const Ledger ledger;
  for (const auto& [old_size, size] : {std::pair{0, 0}, {0, 7}, {6, 8}, {64, 65}, {100, 140}}) {
    const AddCheckpoint request =
        ledger.Request(static_cast<uint64_t>(old_size), static_cast<uint64_t>(size));
    EXPECT_EQ(*ParseAddCheckpoint(FormatAddCheckpoint(request)), request);
  }
}

TEST(WitnessTest, SignsEveryGrowth) {
  const Ledger ledger;
  for (uint64_t old_size = 0; old_size <= 140; ++old_size) {
    for (uint64_t size = old_size; size <= 140; ++size) {
      ASSERT_EQ(Judge(ledger, ledger.Request(old_size, size), ledger.At(old_size)),
                WitnessVerdict::kCosign)
          << old_size << " " << size;
    }
  }
}

TEST(WitnessTest, EveryWrongStepHasItsAnswer) {
  const Ledger ledger;
  const Ledger other("another");
  const NoteSigner stranger = SignerOf(9, kOrigin);
  const NoteSigner elsewhere = SignerOf(1, "pinhole.example/contest2");
  const Checkpoint head{kOrigin, 8, ledger.At(8).root};
  AddCheckpoint without_proof = ledger.Request(6, 8);
  without_proof.proof.clear();
  AddCheckpoint bad_signature = ledger.Request(6, 8);
  bad_signature.checkpoint = *SignCheckpoint(head, stranger);
  AddCheckpoint unknown = ledger.Request(6, 8);
  unknown.checkpoint =
      *SignCheckpoint({"pinhole.example/contest2", 8, ledger.At(8).root}, elsewhere);
  AddCheckpoint backwards = ledger.Request(6, 8);
  backwards.checkpoint = ledger.Head(5);
  AddCheckpoint from_elsewhere = ledger.Request(5, 8);
  AddCheckpoint split = other.Request(6, 8);
  AddCheckpoint same_size = ledger.Request(8, 8);
  same_size.checkpoint = other.Head(8);
  const struct {
    const char* name;
    AddCheckpoint request;
    uint64_t last;
    WitnessVerdict verdict;
  } cases[] = {
      {"grows", ledger.Request(6, 8), 6, WitnessVerdict::kCosign},
      {"stands", ledger.Request(6, 6), 6, WitnessVerdict::kCosign},
      {"begins", ledger.Request(0, 8), 0, WitnessVerdict::kCosign},
      {"no proof", without_proof, 6, WitnessVerdict::kInconsistent},
      {"another key", bad_signature, 6, WitnessVerdict::kBadSignature},
      {"another ledger", unknown, 6, WitnessVerdict::kUnknownLedger},
      {"rolled back, said plainly", backwards, 6, WitnessVerdict::kMalformed},
      {"rolled back, from an older head", from_elsewhere, 6, WitnessVerdict::kConflict},
      {"begins anew", ledger.Request(0, 8), 6, WitnessVerdict::kConflict},
      {"a split view", split, 6, WitnessVerdict::kInconsistent},
      {"a split view of one size", same_size, 8, WitnessVerdict::kConflict},
  };
  for (const auto& c : cases) {
    const WitnessDecision decision =
        JudgeCheckpoint(FormatAddCheckpoint(c.request), ledger.log(), ledger.At(c.last));
    EXPECT_EQ(decision.verdict, c.verdict) << c.name << ": " << decision.reason;
    EXPECT_EQ(decision.reason.empty(), c.verdict == WitnessVerdict::kCosign) << c.name;
    // Asking again from another size helps only where the size was wrong.
    const bool ask_again = c.verdict == WitnessVerdict::kConflict && c.request.old_size != c.last;
    EXPECT_EQ(decision.last_size, ask_again ? std::optional(c.last) : std::nullopt) << c.name;
  }
}

TEST(WitnessTest, EveryTamperedProofIsRefused) {
  const Ledger ledger;
  std::mt19937_64 dice(1);
  for (int i = 0; i < 2'000; ++i) {
    const uint64_t size = 2 + dice() % 139;
    const uint64_t old_size = 1 + dice() % (size - 1);
    AddCheckpoint request = ledger.Request(old_size, size);
    switch (dice() % 4) {
      case 0:
        if (request.proof.empty()) continue;
        request.proof[dice() % request.proof.size()][dice() % 32] ^=
            static_cast<uint8_t>(1 << dice() % 8);
        break;
      case 1:
        if (request.proof.empty()) continue;
        request.proof.pop_back();
        break;
      case 2:
        request.proof.push_back(request.proof.empty() ? Digest{} : request.proof.back());
        break;
      default:
        if (request.proof.size() < 2) continue;
        std::swap(request.proof.front(), request.proof.back());
    }
    ASSERT_EQ(Judge(ledger, request, ledger.At(old_size)), WitnessVerdict::kInconsistent)
        << old_size << " " << size;
  }
}

TEST(WitnessTest, AMalformedRequestSaysItsLine) {
  const Ledger ledger;
  const std::string good = FormatAddCheckpoint(ledger.Request(6, 8));
  const struct {
    std::string text;
    const char* says;
  } cases[] = {
      {"", "line 1"},
      {"old\n\n", "line 1"},
      {"old -1\n\n", "line 1"},
      {"old 06\n\n", "line 1"},
      {"old 6\nnot base64\n\n", "line 2"},
      {"old 6\n\n", "line 3"},
      {good.substr(0, good.find('\n') + 1), "line 3"},
  };
  for (const auto& c : cases) {
    const WitnessDecision decision = JudgeCheckpoint(c.text, ledger.log(), ledger.At(6));
    EXPECT_EQ(decision.verdict, WitnessVerdict::kMalformed);
    EXPECT_NE(decision.reason.find(c.says), std::string::npos) << decision.reason;
  }
  std::string too_many = "old 6\n";
  for (int i = 0; i < 64; ++i) too_many += "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
  EXPECT_EQ(JudgeCheckpoint(too_many + "\n" + ledger.Head(8), ledger.log(), ledger.At(6)).verdict,
            WitnessVerdict::kMalformed);
}

TEST(WitnessTest, TheStateComesBackAndNothingElseDoes) {
  const Ledger ledger;
  for (const uint64_t size : {0u, 1u, 140u}) {
    EXPECT_EQ(*ParseWitnessedHead(FormatWitnessedHead(ledger.At(size))), ledger.At(size));
  }
  const std::string good = FormatWitnessedHead(ledger.At(8));
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(ParseWitnessedHead(good.substr(0, cut)).ok()) << cut;
  }
  EXPECT_FALSE(ParseWitnessedHead(good + "\n").ok());
}

}  // namespace
}  // namespace pinhole
