// What the client keeps on disk: keys, pins, memberships, receipts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "client/cli/home.h"
#include "client/cli/key_file.h"
#include "client/cli/pins.h"
#include "client/cli/receipt.h"
#include "server/core/base/key_file.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::cli {
namespace {

using ::pinhole::testing::LedgerBuilder;
using ::pinhole::testing::TestKey;
using ::testing::HasSubstr;

constexpr char kServer[] = "localhost:7443";

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() : folder_(*TempDir::Make()), home_(folder_.path() + "/a/home") {}

  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  static mode_t ModeOf(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }
  static Pins TestPins() {
    return {.server = kServer,
            .certificate_key = Sha256("certificate"),
            .log = *NoteVerifier::FromVkey(LedgerBuilder().Vkey())};
  }
  static Receipt TestReceipt() {
    pipe::SubmitRequest request{.contest = "demo",
                                .policy = Sha256("policy"),
                                .program = Sha256("program"),
                                .program_bytes = 7,
                                .nonce = Sha256("nonce"),
                                .show_below = 3};
    request.request_id.fill(0xab);
    return {.program_name = "model", .request = pipe::SignSubmit(TestKey(5), request)};
  }

  TempDir folder_;
  Home home_;
};

TEST_F(FilesTest, AKeyFileIsForItsOwner) {
  ASSERT_TRUE(WriteKeyFile(Path("key"), TestKey(1)).ok());
  EXPECT_EQ(ModeOf(Path("key")), 0600U);
  EXPECT_EQ(*ReadFile(Path("key")), "pinhole-key-v1\nseed=" + TestKey(1).SeedHex() + "\n");
  EXPECT_EQ(ReadKeyFile(Path("key"))->public_key(), TestKey(1).public_key());
  EXPECT_EQ(WriteKeyFile(Path("key"), TestKey(2)).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadKeyFile(Path("key"))->public_key(), TestKey(1).public_key()) << "not overwritten";
  ASSERT_EQ(::chmod(Path("key").c_str(), 0640), 0);
  EXPECT_EQ(ReadKeyFile(Path("key")).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(FilesTest, NoKeyIsRefused) {
  const std::string good = FormatKeyFile(TestKey(1));
  for (const std::string& text :
       {std::string(), good.substr(1), good + "x", good.substr(0, good.size() - 1),
        std::string("pinhole-key-v1\nseed=00\n"), std::string("pinhole-key-v2\nseed=00\n")}) {
    EXPECT_FALSE(ParseKeyFile(text).ok()) << text;
  }
}

TEST_F(FilesTest, NewKeysDiffer) { EXPECT_NE(NewKey().public_key(), NewKey().public_key()); }

TEST_F(FilesTest, PinsAreKeptAndNotChangedInPassing) {
  EXPECT_EQ(home_.LoadPins("").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(home_.SavePins(TestPins()).ok());
  EXPECT_EQ(ModeOf(Path("a/home")), 0700U);
  EXPECT_EQ(ModeOf(Path("a/home/servers/localhost_7443/pins")), 0600U);
  EXPECT_EQ(home_.LoadPins("")->certificate_key, Sha256("certificate"));
  EXPECT_EQ(FormatPins(*home_.LoadPins(kServer)), FormatPins(TestPins()));
  EXPECT_TRUE(home_.SavePins(TestPins()).ok()) << "the same again is no change";
  Pins other = TestPins();
  other.certificate_key = Sha256("another");
  EXPECT_EQ(home_.SavePins(other).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(home_.LoadPins("")->certificate_key, Sha256("certificate"));
  EXPECT_THAT(std::string(home_.LoadPins("other:1").status().message()),
              HasSubstr("pinhole trust"));
}

TEST_F(FilesTest, AMembershipIsKept) {
  EXPECT_THAT(std::string(home_.LoadMembership(kServer, "demo").status().message()),
              HasSubstr("pinhole join"));
  ASSERT_TRUE(home_.SaveMembership(kServer, {"demo", "red", TestKey(5), ""}).ok());
  ASSERT_TRUE(home_.SaveMembership(kServer, {"demo", "red", TestKey(5), "token"}).ok());
  const absl::StatusOr<Membership> kept = home_.LoadMembership(kServer, "demo");
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(kept->team, "red");
  EXPECT_EQ(kept->token, "token");
  EXPECT_EQ(kept->key.public_key(), TestKey(5).public_key());
  EXPECT_EQ(ModeOf(Path("a/home/servers/localhost_7443/teams/demo/key")), 0600U);
}

TEST_F(FilesTest, AReceiptIsKept) {
  Receipt receipt = TestReceipt();
  ASSERT_TRUE(home_.SaveReceipt(kServer, receipt).ok());
  receipt.state = Receipt::State::kSent;
  ASSERT_TRUE(home_.SaveReceipt(kServer, receipt).ok());
  const absl::StatusOr<std::vector<Receipt>> kept = home_.Receipts(kServer, "demo");
  ASSERT_TRUE(kept.ok()) << kept.status();
  ASSERT_EQ(kept->size(), 1U);
  EXPECT_EQ(kept->front().state, Receipt::State::kSent);
  EXPECT_EQ(kept->front().program_name, "model");
  EXPECT_EQ(pipe::Encode(kept->front().request), pipe::Encode(receipt.request));
  EXPECT_THAT(home_.ReceiptPath(kServer, receipt),
              ::testing::EndsWith("/teams/demo/receipts/" + RequestIdText(receipt)));
  EXPECT_TRUE(home_.Receipts(kServer, "other")->empty());
}

TEST_F(FilesTest, AChangedReceiptIsRefused) {
  std::string text = FormatReceipt(TestReceipt());
  text[text.find("show_below=3") + 11] = '4';
  EXPECT_EQ(ParseReceipt(text).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(FilesTest, WhatIsTheSameSubmission) {
  const Receipt receipt = TestReceipt();
  struct Case {
    const char* name;
    std::function<void(Receipt&)> change;
    bool same;
  };
  for (const Case& c : {
           Case{"itself", [](Receipt&) {}, true},
           Case{"other_nonce_and_id",
                [](Receipt& r) { r.request.nonce.fill(1), r.request.request_id.fill(2); }, true},
           Case{"other_program", [](Receipt& r) { r.request.program = Sha256("x"); }, false},
           Case{"other_policy", [](Receipt& r) { r.request.policy = Sha256("x"); }, false},
           Case{"other_threshold", [](Receipt& r) { r.request.show_below.reset(); }, true},
           Case{"other_team", [](Receipt& r) { r.request.team_key = TestKey(6).public_key(); },
                false},
       }) {
    SCOPED_TRACE(c.name);
    Receipt wanted = receipt;
    c.change(wanted);
    EXPECT_EQ(IsSameSubmission(receipt, wanted.request), c.same);
  }
  Receipt refused = receipt;
  refused.state = Receipt::State::kRefused;
  EXPECT_FALSE(IsSameSubmission(refused, receipt.request));
}

}  // namespace
}  // namespace pinhole::cli
