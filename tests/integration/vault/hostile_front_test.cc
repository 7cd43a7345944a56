// Whoever owns the front attacks the vault through the real socket, while an honest schedule goes
// on: rounds commit on time, nothing leaves but what the ledger owes, nothing is left behind.
// (CHANNEL.md 5.3, invariants 1, 2, 5, 7, 17, 18.)
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>

#include "absl/strings/str_format.h"
#include "server/system/files.h"
#include "tests/integration/vault/front_attacks.h"
#include "tests/support/ledger_builder.h"
#include "tests/support/vault_harness.h"

namespace pinhole {
namespace {

using testing::Attack;
using testing::FrontDriver;
using testing::Gets;
using testing::HostileConnection;
using testing::JoinText;
using testing::kAda;
using testing::kMallory;
using testing::NowMs;
using testing::Scene;
using testing::SubmitText;
using testing::TestKey;
using testing::VaultHarness;
using testing::WaitUntilMs;

constexpr int64_t kMemorySlackKilobytes = 2 * 1024;

// Two by two: the honest front speaks after each pair.
std::vector<std::vector<Attack>> Pairs() {
  std::vector<std::vector<Attack>> pairs;
  for (const Attack& attack : testing::FrontAttacks()) {
    if (pairs.empty() || pairs.back().size() == 2) pairs.emplace_back();
    pairs.back().push_back(attack);
  }
  return pairs;
}

int64_t Kilobytes(pid_t pid, std::string_view field) {
  std::ifstream status(absl::StrFormat("/proc/%d/status", pid));
  for (std::string word; status >> word;) {
    if (word != field) continue;
    int64_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes;
  }
  ADD_FAILURE() << "the vault is gone";
  return 0;
}

std::set<std::string> Names(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(folder))
    names.insert(file.path().filename());
  return names;
}

// One vault for the whole table, with an honest team that submits in each of its exchanges.
class HostileFront : public ::testing::TestWithParam<std::vector<Attack>> {
 protected:
  static void SetUpTestSuite() {
    site_ = std::make_unique<Site>();
    site_->vault.OpenContest();
    while (Contest() == nullptr) ASSERT_TRUE(site_->front.Exchange({}).ok());
    while (Contest()->teams.size() < 2) {
      ASSERT_TRUE(
          site_->front.Exchange({{JoinText("ada", kAda), ""}, {JoinText("mallory", kMallory), ""}})
              .ok());
    }
    // The first exchanges allocate what stays.
    for (int i = 0; i < 3; ++i) HonestExchange();
    std::ofstream(absl::StrFormat("/proc/%d/clear_refs", Pid())) << 5;  // the peak begins anew
    site_->memory_kilobytes = Kilobytes(Pid(), "VmRSS:");
    site_->peak_kilobytes = Kilobytes(Pid(), "VmHWM:");
    site_->descriptors = Names(absl::StrFormat("/proc/%d/fd", Pid()));
  }
  static void TearDownTestSuite() {
    std::printf(
        "vault: %d kB at the begin, %d kB at the end, peak %d kB; rounds %d, entries %d\n",
        static_cast<int>(site_->memory_kilobytes), static_cast<int>(Kilobytes(Pid(), "VmRSS:")),
        static_cast<int>(Kilobytes(Pid(), "VmHWM:")), static_cast<int>(Contest()->last_round),
        static_cast<int>(site_->front.entries().size()));
    site_.reset();
  }

  static const replay::Contest* Contest() { return site_->front.mirror().Find("demo"); }
  static pid_t Pid() { return site_->vault.process().pid(); }

  // Submits a new program; it is admitted, in the round that comes next.
  static void HonestExchange() {
    const auto number = static_cast<int>(site_->submissions.size());
    // A program of its own each time: what stands behind an ELF file's end is not looked at.
    const std::string program = site_->program + absl::StrFormat("%d", number);
    site_->submissions.emplace_back(
        SubmitText(site_->front.mirror(), kAda, program, absl::StrFormat("program %d", number)),
        program);
    const int64_t next = NextRound();
    const auto round = site_->front.Exchange({site_->submissions.back()});
    ASSERT_TRUE(round.ok()) << round.status() << site_->vault.Output();
    EXPECT_EQ(*round, next) << "a round was lost";
    site_->round = *round;
  }
  static int64_t NextRound() {
    return site_->round > 0 ? site_->round + 1 : Contest()->NextRound();
  }

  void Play(const Attack& attack) {
    SCOPED_TRACE(attack.name);
    Scene scene{.socket = site_->vault.socket(),
                .mirror = site_->front.mirror(),
                .clock = Contest()->Clock(),
                .round = NextRound(),
                .first = site_->submissions.front(),
                .latest = site_->submissions.back()};
    WaitUntilMs(scene.clock.StartMs(scene.round));
    attack.play(scene);
    WaitUntilMs(scene.clock.EndMs(scene.round + attack.rounds - 1));
    for (const auto& connection : scene.connections) {
      if (connection->first_byte_ms() == 0) continue;
      EXPECT_GE(connection->first_byte_ms(), scene.clock.ExchangeMs(scene.round))
          << "bytes in the run window";
    }
    const int64_t mirror = attack.mirror >= 0 ? attack.mirror : scene.size();
    played_.push_back({attack, scene.round, mirror, std::move(scene.connections)});
    site_->round = scene.round + attack.rounds - 1;
  }

  // All that left on every connection is the begin of what the ledger owed it.
  void CheckReceived() {
    for (const Played& played : played_) {
      SCOPED_TRACE(played.attack.name);
      std::string owed;
      for (int64_t round = played.round; round < played.round + played.attack.rounds; ++round) {
        owed +=
            site_->vault.Owed(round, played.mirror, site_->front.entries(), SizeAfterRound(round));
      }
      for (const auto& connection : played.connections) {
        const std::string& got = connection->received();
        EXPECT_TRUE(owed.starts_with(got)) << got.size() << " bytes of " << owed.size();
      }
      if (played.attack.gets == Gets::kSome) continue;
      ASSERT_FALSE(played.connections.empty());
      EXPECT_EQ(played.connections.back()->received().size(),
                played.attack.gets == Gets::kWhole ? owed.size() : pipe::kToFrontBytes);
      // Of several connections of one front the last is served, the others get nothing.
      for (size_t i = 0; i + 1 < played.connections.size(); ++i)
        EXPECT_EQ(played.connections[i]->received(), "");
    }
  }

  static int64_t SizeAfterRound(int64_t round) {
    const std::vector<std::string>& entries = site_->front.entries();
    for (size_t i = 0; i < entries.size(); ++i) {
      const auto entry = log::ParseEntry(entries[i]);
      const auto* of_round = std::get_if<log::RoundEntry>(&*entry);
      if (of_round != nullptr && of_round->round == round) return static_cast<int64_t>(i) + 1;
    }
    ADD_FAILURE() << "round " << round << " has no ROUND entry";
    return 0;
  }

  // Rounds without a gap or a SHIFT, one result for each admission in its round, and nothing
  // admitted but what the honest team sent.
  static void CheckLedger() {
    int64_t rounds = 0;
    for (const std::string& bytes : site_->front.entries()) {
      const auto entry = log::ParseEntry(bytes);
      EXPECT_FALSE(std::holds_alternative<log::ShiftEntry>(*entry)) << bytes;
      if (const auto* round = std::get_if<log::RoundEntry>(&*entry)) {
        EXPECT_EQ(round->round, ++rounds);
      }
    }
    EXPECT_EQ(rounds, site_->round);
    EXPECT_EQ(Contest()->teams.size(), 2U);
    EXPECT_EQ(Contest()->admissions.size(), site_->submissions.size());
    for (const auto& [index, admission] : Contest()->admissions) {
      EXPECT_EQ(admission.result.has_value(), admission.entry.result_round <= site_->round)
          << index;
      if (admission.result.has_value()) {
        EXPECT_EQ(admission.result->round, admission.entry.result_round) << index;
      }
    }
  }

  static void CheckNothingLeftBehind() {
    const std::string private_folder = site_->vault.vault_folder() + "/private";
    EXPECT_EQ(Names(private_folder + "/programs").size(), site_->submissions.size());
    EXPECT_EQ(Names(private_folder + "/evidence").size(), site_->submissions.size());
    EXPECT_EQ(Names(absl::StrFormat("/proc/%d/fd", Pid())).size(), site_->descriptors.size());
    EXPECT_LE(Kilobytes(Pid(), "VmRSS:"), site_->memory_kilobytes + kMemorySlackKilobytes);
    EXPECT_LE(Kilobytes(Pid(), "VmHWM:"), site_->peak_kilobytes + kMemorySlackKilobytes);
  }

 private:
  struct Site {
    Site() : vault({.tries = 100, .waiting = 10}), front(vault.socket()) {
      program = ReadFile(testing::TestBin("conduct_slow")).value_or("");
    }
    VaultHarness vault;
    FrontDriver front;
    std::string program;
    std::vector<std::pair<std::string, std::string>> submissions;
    int64_t round = 0;  // the last one that is known to have passed
    int64_t memory_kilobytes = 0;
    int64_t peak_kilobytes = 0;
    std::set<std::string> descriptors;
  };
  struct Played {
    Attack attack;
    int64_t round;
    int64_t mirror;
    std::vector<std::unique_ptr<HostileConnection>> connections;
  };
  static std::unique_ptr<Site> site_;
  std::vector<Played> played_;
};
std::unique_ptr<HostileFront::Site> HostileFront::site_;

TEST_P(HostileFront, ChangesNoRoundAndGetsNothing) {
  for (const Attack& attack : GetParam()) Play(attack);
  HonestExchange();
  CheckReceived();
  CheckLedger();
  CheckNothingLeftBehind();
}

INSTANTIATE_TEST_SUITE_P(Attacks, HostileFront, ::testing::ValuesIn(Pairs()), [](const auto& pair) {
  std::string name;
  for (const Attack& attack : pair.param)
    name += (name.empty() ? "" : "_then_") + std::string(attack.name);
  return name;
});

}  // namespace
}  // namespace pinhole
