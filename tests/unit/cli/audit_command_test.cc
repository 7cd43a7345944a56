// The audit as a command: a server, a bundle and static files are one ledger; proofs travel alone.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "server/core/replay/test_build.h"
#include "server/system/files.h"
#include "tests/support/ledger_builder.h"
#include "tests/unit/cli/audit_of.h"
#include "tests/unit/cli/command_fixture.h"

namespace pinhole::cli {
namespace {

using ::testing::HasSubstr;

TEST_F(CommandTest, AuditOfAServerAndOfItsBundle) {
  JoinAsRed();
  ASSERT_EQ(Run({"audit", "--save", Path("bundle")}), 0) << Out() << Err();
  const std::string screen = Out();
  EXPECT_THAT(screen, HasSubstr("signature ✓  root ✓"));
  ASSERT_EQ(Run({"audit", "--bundle", Path("bundle"), "--key", ledger_.Vkey()}), 0) << Out();
  EXPECT_EQ(Out(), screen);
  ASSERT_EQ(Run({"audit", "--server", kServer, "--key", ledger_.Vkey(), "--pin",
                 HexEncode(Sha256("certificate"))}),
            0)
      << Out();
  EXPECT_EQ(Out(), screen);
  const NoteVerifier other = *NoteVerifier::Create("vault.example/test", TestKey(9).public_key());
  EXPECT_EQ(Run({"audit", "--bundle", Path("bundle"), "--key", other.ToVkey()}), 4);
  EXPECT_THAT(Out(), HasSubstr("RED       the checkpoint is not signed by"));
}

// A vault of tests can have a switch at its gate; its ledger is well formed and counts for nothing.
TEST(AuditTest, RefusesTheBuildOfTests) {
  const NoteVerifier log =
      *NoteVerifier::Create("vault.example/test", testing::TestKey(3).public_key());
  for (const bool of_tests : {false, true}) {
    testing::LedgerBuilder builder;
    const Digest build = of_tests ? replay::TestBuild() : Sha256("a build");
    ASSERT_TRUE(
        builder.Append(*log::Encode(log::StartEntry{.build = build, .nonce = log::Nonce{7}})).ok());
    builder.Dataset();
    const AuditReport report = Audit(builder.entries(), builder.Checkpoint(), log);
    EXPECT_EQ(report.replay, Verdict::kHolds);
    EXPECT_EQ(report.holds(), !of_tests);
    if (of_tests) {
      EXPECT_THAT(report.problems, ::testing::ElementsAre(HasSubstr("build of tests")));
    }
  }
}

TEST_F(CommandTest, ATamperedBundleEndsWithFour) {
  ASSERT_EQ(Trust(), 0);
  ASSERT_EQ(Run({"audit", "--save", Path("bundle")}), 0) << Out() << Err();
  const std::string good = *ReadFile(Path("bundle"));
  for (size_t at = 0; at < good.size(); at += 397) {
    std::string bad = good;
    bad[at] ^= 1;
    std::ofstream(Path("bad"), std::ios::binary) << bad;
    EXPECT_EQ(Run({"audit", "--bundle", Path("bad"), "--key", ledger_.Vkey()}), 4) << at;
  }
}

TEST_F(CommandTest, AuditShowsOneEntry) {
  ASSERT_EQ(Trust(), 0);
  ASSERT_EQ(Run({"audit", "entry", "2"}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("POLICY"));
  EXPECT_THAT(Out(), HasSubstr("proof"));
  EXPECT_EQ(Run({"audit", "entry", "99"}), 1);
  ASSERT_EQ(Run({"audit", "--json", "entry", "0"}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("\"type\":\"START\""));
}

TEST_F(CommandTest, AuditOfStaticFiles) {
  ASSERT_EQ(Trust(), 0) << Err();
  ASSERT_EQ(Run({"audit", "--save-tiles", Path("tiles")}), 0) << Err();
  const std::string screen = Out();
  ASSERT_EQ(Run({"audit", "--tiles", Path("tiles"), "--key", ledger_.Vkey()}), 0) << Err();
  EXPECT_EQ(Out(), screen);
  // They grow with the ledger, and the pinned key does as well as a named one.
  ledger_.Round();
  Show();
  ASSERT_EQ(Run({"audit", "--save-tiles", Path("tiles")}), 0) << Err();
  EXPECT_EQ(Run({"audit", "--tiles", Path("tiles")}), 0) << Err();
  EXPECT_EQ(*ReadFile(Path("tiles") + "/checkpoint"), ledger_.Checkpoint());
}

TEST_F(CommandTest, DamagedStaticFilesEndWithFour) {
  ASSERT_EQ(Trust(), 0) << Err();
  ASSERT_EQ(Run({"audit", "--save-tiles", Path("tiles")}), 0) << Err();
  std::string bundle;
  for (const auto& file : std::filesystem::recursive_directory_iterator(Path("tiles"))) {
    if (file.path().string().find("tile/entries/") != std::string::npos) bundle = file.path();
  }
  std::string bytes = *ReadFile(bundle);
  bytes[300] ^= 1;
  ASSERT_TRUE(WriteFileDurably(bundle, bytes, 0644).ok());
  EXPECT_EQ(Run({"audit", "--tiles", Path("tiles")}), 4) << Out() << Err();
  bytes.resize(300);
  ASSERT_TRUE(WriteFileDurably(bundle, bytes, 0644).ok());
  EXPECT_EQ(Run({"audit", "--tiles", Path("tiles")}), 4) << Out() << Err();
}

// Two histories under one key: growing one folder by the other is refused, and said.
TEST_F(CommandTest, StaticFilesOfAnotherHistoryAreNotGrown) {
  ASSERT_EQ(Trust(), 0) << Err();
  ASSERT_EQ(Run({"audit", "--save-tiles", Path("tiles")}), 0) << Err();
  const std::string before = *ReadFile(Path("tiles") + "/checkpoint");
  ledger_ = LedgerBuilder();
  ledger_.Start();
  ledger_.Dataset();
  contest::Policy other = DemoPolicy();
  --other.release.tries;
  ledger_.OpenContest(other);
  Show();
  ASSERT_EQ(Run({"audit", "--key", ledger_.Vkey(), "--pin", HexEncode(Sha256("certificate")),
                 "--server", kServer, "--save", Path("other")}),
            0)
      << Err();
  EXPECT_EQ(Run({"audit", "--bundle", Path("other"), "--key", ledger_.Vkey(), "--save-tiles",
                 Path("tiles")}),
            4)
      << Out() << Err();
  EXPECT_THAT(Err(), HasSubstr("not the first of this ledger"));
  EXPECT_EQ(*ReadFile(Path("tiles") + "/checkpoint"), before);
}

TEST_F(CommandTest, AProofTravelsAlone) {
  ASSERT_EQ(Trust(), 0) << Err();
  ASSERT_EQ(Run({"audit", "entry", "2", "--proof", Path("p.tlog-proof")}), 0) << Err();
  EXPECT_EQ(Run({"verify", Path("p.tlog-proof"), "--key", ledger_.Vkey()}), 0) << Err();
  EXPECT_THAT(Out(), HasSubstr("POLICY"));
  EXPECT_THAT(Out(), HasSubstr("the entry is in the ledger"));
  EXPECT_EQ(Run({"verify", Path("p.tlog-proof")}), 0) << Err();
  EXPECT_EQ(Run({"--help"}), 0);
}

TEST_F(CommandTest, AProofThatDoesNotHoldEndsWithFour) {
  ASSERT_EQ(Trust(), 0) << Err();
  ASSERT_EQ(Run({"audit", "entry", "2", "--proof", Path("p")}), 0) << Err();
  const std::string proof = *ReadFile(Path("p"));
  const struct {
    const char* name;
    std::string text;
    int code;
  } cases[] = {
      {"another index", "c2sp.org/tlog-proof@v1" + proof.substr(proof.find("\nextra")), 4},
      {"no proof", "hello\n", 4},
      {"no entry", "c2sp.org/tlog-proof@v1" + proof.substr(proof.find("\nindex")), 2},
  };
  for (const auto& c : cases) {
    std::string text = c.text;
    if (std::string_view(c.name) == "another index") {
      text[text.find("index 2") + 6] = '1';
    }
    ASSERT_TRUE(WriteFileDurably(Path("p"), text, 0644).ok());
    EXPECT_EQ(Run({"verify", Path("p")}), c.code) << c.name << Out() << Err();
  }
}

}  // namespace
}  // namespace pinhole::cli
