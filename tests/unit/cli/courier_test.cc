// The courier between a folder and witnesses: every head to each, whoever is slow, refuses or is
// away.
#include "client/cli/courier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <filesystem>
#include <map>
#include <thread>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/cli/ask_witness.h"
#include "server/core/note/cosignature.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "tests/unit/cli/hash_folder.h"
#include "tests/unit/cli/witness_world.h"

namespace pinhole::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LedgerBuilder;
using testing::TestKey;
using ::testing::UnorderedElementsAre;

WitnessSigner SignerOf(const std::string& source) {
  return *WitnessSigner::Create("w.example/" + source, TestKey(static_cast<uint8_t>(source[0])));
}

class CourierTest : public ::testing::Test {
 protected:
  CourierTest() { EXPECT_TRUE(MakeDirectory(Folder(), 0700).ok()); }
  ~CourierTest() override {
    if (runner_.joinable()) Stop().IgnoreError();
  }

  std::string Folder() const { return temp_.path() + "/hashes"; }
  void Show() const { testing::ShowHead(Folder(), ledger_); }
  NoteVerifier Log() const { return *NoteVerifier::FromVkey(ledger_.Vkey()); }

  // Witnesses are "a", "b", "c"; each signs everything unless `ask` says otherwise.
  void Start(const std::vector<std::string>& sources) {
    CourierTask task{
        .folder = Folder(),
        .log = Log(),
        .witnesses = {SignerOf("a").verifier(), SignerOf("b").verifier(), SignerOf("c").verifier()},
        .read = [this] { return ProvableHead::OfHashes(Folder(), Log()); },
        .ask = [this](const std::string& source, const ProvableHead& head,
                      HttpBreak& broken) { return ask_(source, head, broken); },
        .tell =
            [this](const CourierNews& news) {
              const absl::MutexLock lock(&mutex_);
              news_.push_back(absl::StrFormat("%s %d %s", news.source, news.entries, news.text));
            },
        .first_retry = absl::Milliseconds(1),
        .last_retry = absl::Milliseconds(4)};
    runner_ = std::thread([this, sources, task = std::move(task)]() mutable {
      Courier courier(std::move(task));
      end_ = courier.Run(sources, stop_.get());
    });
  }
  absl::Status Stop() {
    const uint64_t one = 1;
    EXPECT_EQ(::write(stop_.get(), &one, sizeof one), 8);
    return Join();
  }
  absl::Status Join() {
    runner_.join();
    return end_;
  }
  // The first `count` news, once they are there.
  std::vector<std::string> News(size_t count) {
    const absl::MutexLock lock(&mutex_);
    const auto are_there = [&] { return news_.size() >= count; };
    EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&are_there), absl::Seconds(60)));
    return {news_.begin(), news_.begin() + static_cast<ptrdiff_t>(std::min(count, news_.size()))};
  }
  int AskedOf(const std::string& source) {
    const absl::MutexLock lock(&mutex_);
    return asked_[source];
  }
  absl::StatusOr<std::string> Cosign(const std::string& source, const ProvableHead& head) {
    const absl::MutexLock lock(&mutex_);
    ++asked_[source];
    return SignerOf(source).Cosign(FormatCheckpoint(head.head()), 1'000'000);
  }
  std::vector<std::string> Witnesses() const {
    const NoteParts note = *ParseNote(*ReadFile(Folder() + "/checkpoint"));
    std::vector<std::string> names;
    for (const NoteSignature& line : note.signatures) names.push_back(line.name);
    return names;
  }

  TempDir temp_ = *TempDir::Make();
  LedgerBuilder ledger_ = testing::LedgerOf();
  std::function<absl::StatusOr<std::string>(const std::string&, const ProvableHead&, HttpBreak&)>
      ask_ = [this](const std::string& source, const ProvableHead& head, HttpBreak& /*broken*/) {
        return Cosign(source, head);
      };
  UniqueFd stop_{::eventfd(0, EFD_CLOEXEC)};
  absl::Mutex mutex_;
  std::vector<std::string> news_;
  std::map<std::string, int> asked_;
  absl::Status end_;
  std::thread runner_;
};

TEST_F(CourierTest, BringsEachHeadToEachWitnessOnce) {
  Start({"a", "b"});  // there is no head yet
  Show();
  EXPECT_THAT(News(2),
              UnorderedElementsAre("a 3 cosigned by w.example/a", "b 3 cosigned by w.example/b"));
  EXPECT_THAT(Witnesses(),
              UnorderedElementsAre("vault.example/test", "w.example/a", "w.example/b"));
  ledger_.EndRound();
  Show();
  News(4);
  EXPECT_THAT(Witnesses(),
              UnorderedElementsAre("vault.example/test", "w.example/a", "w.example/b"));
  EXPECT_TRUE(Stop().ok());
  EXPECT_EQ(AskedOf("a"), 2) << "what it wrote itself is nothing new";
  EXPECT_EQ(AskedOf("b"), 2);
}

TEST_F(CourierTest, AsksAgainWhoDoesNotAnswer) {
  ask_ = [this](const std::string& source, const ProvableHead& head,
                HttpBreak& /*broken*/) -> absl::StatusOr<std::string> {
    auto line = Cosign(source, head);
    if (source == "a" && AskedOf("a") < 5) return absl::UnavailableError("nobody is there");
    return line;
  };
  Show();
  Start({"a", "b"});
  std::vector<std::string> news = News(6);
  EXPECT_TRUE(Stop().ok());
  std::erase(news, "b 3 cosigned by w.example/b");
  EXPECT_THAT(news, ElementsAre("a 3 nobody is there", "a 3 nobody is there", "a 3 nobody is there",
                                "a 3 nobody is there", "a 3 cosigned by w.example/a"));
  EXPECT_EQ(AskedOf("b"), 1);
}

TEST_F(CourierTest, WhoRefusesIsAskedAboutTheNextHead) {
  ask_ = [this](const std::string& source, const ProvableHead& head,
                HttpBreak& /*broken*/) -> absl::StatusOr<std::string> {
    auto line = Cosign(source, head);
    if (head.head().size == 3) return absl::DataLossError("REFUSED");
    return source == "a" ? line : "garbage\n";
  };
  Show();
  Start({"a", "b"});
  EXPECT_THAT(News(2), UnorderedElementsAre("a 3 REFUSED", "b 3 REFUSED"));
  ledger_.EndRound();
  Show();
  const std::vector<std::string> news = News(4);
  EXPECT_TRUE(Stop().ok());
  EXPECT_EQ(AskedOf("a"), 2);
  EXPECT_EQ(AskedOf("b"), 2);
  EXPECT_THAT(news, ::testing::Contains("a 4 cosigned by w.example/a"));
  EXPECT_THAT(news, ::testing::Contains(HasSubstr("b 4 the answer is not a witness's")));
  EXPECT_THAT(Witnesses(), UnorderedElementsAre("vault.example/test", "w.example/a"));
}

TEST_F(CourierTest, AHeadThatWasReplacedMeanwhileIsAskedAbout) {
  ask_ = [this](const std::string& source, const ProvableHead& head, HttpBreak& /*broken*/) {
    if (AskedOf(source) == 0) {
      ledger_.EndRound();
      Show();
    }
    return Cosign(source, head);
  };
  Show();
  Start({"a"});
  EXPECT_THAT(News(2), ElementsAre("a 3 cosigned by w.example/a, when the folder had another head "
                                   "already",
                                   "a 4 cosigned by w.example/a"));
  EXPECT_TRUE(Stop().ok());
}

// A witness that takes the connection and says nothing.
TEST_F(CourierTest, NobodyWaitsForAWitnessThatHangs) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 8), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string url = absl::StrFormat("http://127.0.0.1:%d", ntohs(address.sin_port));
  ask_ = [&, this](const std::string& source, const ProvableHead& head, HttpBreak& broken) {
    return source == "a" ? Cosign(source, head) : AskByHttp(source, head, &broken);
  };
  Show();
  Start({url, "a"});
  // It was asked: the connection is there.
  const UniqueFd connection(::accept(listener.get(), nullptr, nullptr));
  ASSERT_TRUE(connection.valid());
  EXPECT_THAT(News(1), ElementsAre("a 3 cosigned by w.example/a"));
  ledger_.EndRound();
  Show();
  EXPECT_THAT(News(2), ElementsAre("a 3 cosigned by w.example/a", "a 4 cosigned by w.example/a"));
  const absl::Time before = absl::Now();
  EXPECT_TRUE(Stop().ok());
  EXPECT_LT(absl::Now() - before, absl::Seconds(60)) << "an answer is waited for 300 s";
  EXPECT_EQ(News(2).size(), news_.size()) << "nothing is said of a call that was broken off";
}

TEST_F(CourierTest, EndsWithAFolderThatIsOfNoUse) {
  const auto ends = [this] {
    Start({"a"});
    return Join();
  };
  std::filesystem::remove(Folder());
  EXPECT_EQ(ends().code(), absl::StatusCode::kNotFound);
  testing::ShowHead(Folder(), ledger_);
  const std::string tile = Folder() + "/tile/0/000.p/3";
  std::string bytes = *ReadFile(tile);
  bytes[0] ^= 1;
  ASSERT_TRUE(WriteFileDurably(tile, bytes, 0644).ok());
  EXPECT_EQ(ends().code(), absl::StatusCode::kDataLoss);
  bytes[0] ^= 1;
  ASSERT_TRUE(WriteFileDurably(tile, bytes, 0644).ok());
  // What was signed cannot be put there.
  ask_ = [this](const std::string& source, const ProvableHead& head, HttpBreak& /*broken*/) {
    std::filesystem::remove(Folder() + "/checkpoint");
    return Cosign(source, head);
  };
  EXPECT_EQ(ends().code(), absl::StatusCode::kNotFound);
  // Moved away under its feet.
  Show();
  ask_ = [this](const std::string& source, const ProvableHead& head, HttpBreak& /*broken*/) {
    std::filesystem::rename(Folder(), Folder() + ".away");
    return Cosign(source, head);
  };
  EXPECT_EQ(ends().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace pinhole::cli
