// Witnesses as commands: a request and an answer that travel as files.
#include <gmock/gmock.h>

#include <filesystem>

#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "server/core/note/cosignature.h"
#include "server/system/files.h"
#include "tests/support/bundle_bytes.h"
#include "tests/unit/cli/command_fixture.h"
#include "tests/unit/cli/hash_folder.h"

namespace pinhole::cli {
namespace {

using ::testing::HasSubstr;

class WitnessCommandTest : public CommandTest {
 protected:
  // The ledger as it is now, as a bundle.
  std::string Bundle(const std::string& name, const std::vector<std::string>& entries,
                     const std::string& checkpoint) const {
    EXPECT_TRUE(
        WriteFileDurably(Path(name), ::pinhole::testing::BundleBytes(checkpoint, entries), 0644)
            .ok());
    return Path(name);
  }
  std::string Bundle() const { return Bundle("bundle", ledger_.entries(), ledger_.Checkpoint()); }
  WitnessVerifier Init(const std::string& folder, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {
        "witness",   "init",        Path(folder), "--name", "w.example/" + folder,
        "--log-key", ledger_.Vkey()};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(Run(words), 0) << Err();
    const size_t begin = Out().find("w.example/");
    return *WitnessVerifier::FromVkey(Out().substr(begin, Out().find('\n', begin) - begin));
  }
  int Request(const std::string& bundle, const std::string& old_size) {
    return Run({"witness", "request", "-o", Path("request"), "--old", old_size, "--bundle", bundle,
                "--key", ledger_.Vkey()});
  }
  int Sign(const std::string& folder, const std::vector<std::string>& more = {}) {
    std::filesystem::remove(Path("answer"));
    std::vector<std::string> words = {"witness",       "sign", Path(folder),
                                      Path("request"), "-o",   Path("answer")};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words);
  }
};

TEST_F(WitnessCommandTest, ARequestAndItsAnswerTravelAsFiles) {
  const WitnessVerifier witness = Init("w");
  ASSERT_EQ(Request(Bundle(), "0"), 0) << Err();
  ASSERT_EQ(Sign("w"), 0) << Err();
  const auto found =
      VerifyCosignatures(ledger_.Checkpoint() + *ReadFile(Path("answer")), {&witness, 1});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, ::testing::ElementsAre(Cosignature{"w.example/w", 1'000'000}));
  // A growth is asked from what was signed; from elsewhere the answer tells from where.
  ledger_.Round();
  ASSERT_EQ(Request(Bundle(), "0"), 0) << Err();
  EXPECT_EQ(Sign("w"), 4);
  EXPECT_THAT(Err(), HasSubstr("NOT SIGNED (409): the head that was signed last has 3 entries"));
  EXPECT_FALSE(std::filesystem::exists(Path("answer")));
  ASSERT_EQ(Request(Bundle(), "3"), 0) << Err();
  EXPECT_EQ(Sign("w"), 0) << Err();
}

TEST_F(WitnessCommandTest, AFolderOfHashesIsEnoughToAskAndToBeCosigned) {
  const std::string witness = Init("w").ToVkey();
  const auto words = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--hashes", Path("hashes"), "--key", ledger_.Vkey()});
    return more;
  };
  const std::vector<std::string> request =
      words({"witness", "request", "-o", Path("request"), "--old", "0"});
  const std::vector<std::string> ask =
      words({"witness", "ask", Path("answer"), "--witness", witness});
  EXPECT_EQ(Run(request), 4) << "no folder is there";
  testing::ShowHead(Path("hashes"), ledger_);
  ASSERT_EQ(Run(request), 0) << Err();
  ASSERT_EQ(Sign("w"), 0) << Err();
  ASSERT_EQ(Run(ask), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("cosigned by w.example/w\n"));
  EXPECT_EQ(*ReadFile(Path("hashes") + "/checkpoint"),
            ledger_.Checkpoint() + *ReadFile(Path("answer")));
  // Other hashes under the same head.
  const std::string tile = Path("hashes") + "/tile/0/000.p/3";
  ASSERT_TRUE(WriteFileDurably(tile, std::string(96, 'x'), 0644).ok());
  EXPECT_EQ(Run(request), 4);
  EXPECT_EQ(Run(ask), 4);
}

TEST_F(WitnessCommandTest, WhatIsAskedAboutIsNamedOnce) {
  const std::string witness = Init("w").ToVkey();
  testing::ShowHead(Path("hashes"), ledger_);
  const std::vector<std::string> ask = {"witness", "ask",   Path("answer"), "--witness",
                                        witness,   "--key", ledger_.Vkey()};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = ask;
    words.insert(words.end(), more.begin(), more.end());
    return Run(words);
  };
  EXPECT_EQ(with({}), 2);
  EXPECT_THAT(Err(), HasSubstr("--tiles, or --hashes"));
  EXPECT_EQ(with({"--hashes", Path("hashes"), "--tiles", Path("hashes")}), 2);
  EXPECT_EQ(with({"--hashes", Path("hashes"), "--follow"}), 2);
  EXPECT_THAT(Err(), HasSubstr("a file answers once: "));
  EXPECT_EQ(Run({"witness", "request", "-o", Path("request"), "--hashes", Path("hashes"),
                 "--bundle", Bundle()}),
            2);
}

TEST_F(WitnessCommandTest, TheServersOwnHeadCanBeAsked) {
  ASSERT_EQ(Trust(), 0);
  Init("w");
  ASSERT_EQ(Run({"witness", "request", "-o", Path("request")}), 0) << Err();
  EXPECT_EQ(Sign("w"), 0) << Err();
  EXPECT_EQ(Run({"witness", "request", "-o", Path("request"), "--old", "4"}), 2);
  EXPECT_THAT(Err(), HasSubstr("bring the ledger up to date"));
}

TEST_F(WitnessCommandTest, InitTakesAKeyAndNeverAFolderThatIsThere) {
  ASSERT_TRUE(WriteKeyFile(Path("own.key"), TestKey(42)).ok());
  const WitnessVerifier witness = Init("w", {"--key", Path("own.key")});
  EXPECT_EQ(witness.public_key(), TestKey(42).public_key());
  EXPECT_EQ(Run({"witness", "init", Path("w"), "--name", "w", "--log-key", ledger_.Vkey()}), 1);
  EXPECT_EQ(Run({"witness", "init", Path("x"), "--name", "a b", "--log-key", ledger_.Vkey()}), 2);
  EXPECT_EQ(Run({"witness", "init", Path("x"), "--name", "w", "--log-key", witness.ToVkey()}), 2);
  EXPECT_EQ(Run({"witness", "init", Path("x")}), 2);
}

TEST_F(WitnessCommandTest, ALedgerThatIsNotWholeIsNotAskedAbout) {
  std::vector<std::string> entries = ledger_.entries();
  entries.pop_back();
  EXPECT_EQ(Request(Bundle("short", entries, ledger_.Checkpoint()), "0"), 4);
}

// The tree and the signature are right, and one entry breaks a rule: a START that tells a wrong
// size.
TEST_F(WitnessCommandTest, AnAuditingCosignerReadsEveryEntry) {
  const WitnessVerifier auditing = Init("a", {"--auditing"});
  Init("w");
  std::vector<std::string> entries = ledger_.entries();
  entries.push_back(entries.front());
  entries.back().replace(entries.back().find("previous_size=0"), 15, "previous_size=9");
  MerkleTree tree;
  for (const std::string& entry : entries) tree.Append(LeafHash(entry));
  const NoteSigner key = *NoteSigner::Create("vault.example/test", TestKey(3));
  const std::string broken = Bundle(
      "broken", entries, *SignCheckpoint({"vault.example/test", tree.size(), tree.Root()}, key));

  ASSERT_EQ(Request(broken, "0"), 0) << Err();
  EXPECT_EQ(Sign("a"), 1);
  EXPECT_THAT(Err(), HasSubstr("promises an audit"));
  EXPECT_EQ(Sign("a", {"--audit", "--bundle", broken}), 4);
  EXPECT_THAT(Err(), HasSubstr("NOT SIGNED (422): the audit refuses it: the replay stops at"));
  EXPECT_EQ(Sign("a", {"--audit", "--bundle", Bundle()}), 3);  // has not that entry
  EXPECT_EQ(Sign("a", {"--bundle", broken}), 2);               // a source without --audit
  EXPECT_EQ(Sign("w"), 0) << "a witness does not read entries";
  // Up to the rule that it breaks the ledger is good, and is signed.
  ASSERT_EQ(Request(Bundle(), "0"), 0) << Err();
  ASSERT_EQ(Sign("a", {"--audit", "--bundle", broken}), 0) << Err();
  EXPECT_TRUE(
      VerifyCosignatures(ledger_.Checkpoint() + *ReadFile(Path("answer")), {&auditing, 1}).ok());
}

// Two of three are needed; the third withholds, then the second.
TEST_F(WitnessCommandTest, AWithheldQuorumIsRed) {
  std::vector<std::string> audit = {"audit", "--bundle", Path("cosigned"), "--key", ledger_.Vkey()};
  std::vector<std::string> answers;
  ASSERT_EQ(Request(Bundle(), "0"), 0) << Err();
  for (const char* const name : {"a", "b", "c"}) {
    audit.insert(audit.end(), {"--witness", Init(name).ToVkey()});
    ASSERT_EQ(Sign(name), 0) << Err();
    answers.push_back(*ReadFile(Path("answer")));
  }
  const auto run = [&](const std::string& cosignatures, const std::vector<std::string>& more) {
    Bundle("cosigned", ledger_.entries(), ledger_.Checkpoint() + cosignatures);
    std::vector<std::string> words = audit;
    words.insert(words.end(), more.begin(), more.end());
    return Run(words);
  };
  ASSERT_EQ(run(answers[2] + answers[0], {}), 0) << Out() << Err();
  EXPECT_THAT(Out(), HasSubstr("\nWITNESSES cosigned 2 of 3 (w.example/a 1970-01-12 13:46:40 UTC, "
                               "w.example/c 1970-01-12 13:46:40 UTC)\n"));
  EXPECT_EQ(run(answers[2] + answers[0], {"--quorum", "3"}), 4);
  EXPECT_THAT(Out(), HasSubstr("RED       2 of 3 witnesses cosigned this head, 3 are needed"));
  EXPECT_EQ(run(answers[1], {}), 4);
  EXPECT_EQ(run(answers[1], {"--quorum", "1"}), 0);
  EXPECT_EQ(run(answers[1] + answers[1], {}), 4) << "one witness twice is one";
  EXPECT_EQ(run("", {}), 4);
  EXPECT_THAT(Out(), HasSubstr("WITNESSES cosigned 0 of 3\n"));
  EXPECT_EQ(run(answers[1], {"entry", "0"}), 4) << Out();
  ASSERT_EQ(run(answers[0] + answers[1], {"--json"}), 0);
  EXPECT_THAT(Out(), HasSubstr("\"unix_seconds\": 1000000"));
  // A cosignature of another head under a name that counts.
  ledger_.Round();
  EXPECT_EQ(run(answers[0] + answers[1] + answers[2], {}), 4);
  EXPECT_THAT(Out(), HasSubstr("is not over this checkpoint"));
  // Without --witness nothing is asked and nothing is shown.
  audit = {"audit", "--bundle", Path("cosigned"), "--key", ledger_.Vkey()};
  EXPECT_EQ(run("", {}), 0);
  EXPECT_THAT(Out(), ::testing::Not(HasSubstr("WITNESSES")));
  EXPECT_EQ(run("", {"--quorum", "1"}), 2);
}

}  // namespace
}  // namespace pinhole::cli
