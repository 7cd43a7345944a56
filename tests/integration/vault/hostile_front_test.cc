// Whoever owns the front attacks the vault through the real socket, while an honest schedule goes
// on: rounds commit on time, nothing leaves but what the ledger owes, nothing is left behind.
// (CHANNEL.md 5.3, invariants 1, 2, 5, 7, 17, 18.)
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <set>

#include "absl/strings/str_format.h"
#include "server/system/files.h"
#include "tests/integration/vault/hostile_connection.h"
#include "tests/support/ledger_builder.h"
#include "tests/support/vault_harness.h"

namespace pinhole {
namespace {

using pipe::ToVaultType;
using testing::FrontDriver;
using testing::HostileConnection;
using testing::JoinText;
using testing::NowMs;
using testing::SubmitText;
using testing::TestKey;
using testing::VaultHarness;
using testing::WaitUntilMs;

constexpr uint8_t kAda = 10;      // the honest team's key
constexpr uint8_t kMallory = 11;  // a team that works together with the front
constexpr int64_t kMemorySlackKilobytes = 2 * 1024;

std::string Frame(ToVaultType type, std::string_view payload = "") {
  return pipe::EncodeToVault({type, std::string(payload)});
}
std::string Hello(int64_t mirror) { return Frame(ToVaultType::kHello, pipe::EncodeHello(mirror)); }
std::string Request(std::string_view text) { return Frame(ToVaultType::kRequest, text); }
std::string End() { return Frame(ToVaultType::kEnd); }
std::string Chunks(std::string_view program) {
  std::string frames;
  for (size_t at = 0; at < program.size(); at += pipe::kToVaultPayload)
    frames += Frame(ToVaultType::kProgram, program.substr(at, pipe::kToVaultPayload));
  return frames;
}

// A request of Mallory for a program that nobody has, changed by `change` before it is signed.
std::string MalloryText(const replay::LedgerState& mirror, std::string_view program,
                        const std::function<void(pipe::SubmitRequest&)>& change) {
  pipe::SubmitRequest request{.contest = "demo",
                              .policy = mirror.Find("demo")->policy_digest,
                              .program = Sha256(program),
                              .program_bytes = static_cast<int64_t>(program.size()),
                              .nonce = Sha256("nonce"),
                              .request_id = {77}};
  change(request);
  return pipe::Encode(pipe::SignSubmit(TestKey(kMallory), request));
}

// What one attack has to work with, in its round.
struct Scene {
  std::string socket;
  const replay::LedgerState& mirror;
  schedule::RoundClock clock;
  int64_t round;
  // The honest team's first and latest submission: request and program.
  std::pair<std::string, std::string> first, latest;
  std::vector<std::unique_ptr<HostileConnection>> connections = {};

  int64_t EndMs() const { return clock.EndMs(round); }
  int64_t size() const { return mirror.size(); }
  HostileConnection& Connect() {
    connections.push_back(std::make_unique<HostileConnection>(socket, EndMs()));
    return *connections.back();
  }
  // Connects, waits for the exchange, writes, and reads to the end.
  void Play(std::string_view bytes) { Talk(Connect(), bytes); }
  void Talk(HostileConnection& front, std::string_view bytes) const {
    front.Listen(pipe::kToFrontBytes, EndMs());
    front.Send(bytes, EndMs());
    front.Listen(EndMs());
  }
};

// How much of what the ledger owes it the last connection gets.
enum class Gets { kWhole, kOpenAlone, kSome };

struct Attack {
  const char* name;
  Gets gets;
  std::function<void(Scene&)> play;
  // As which mirror the connection gave itself out; -1: as that of the honest front.
  int64_t mirror = -1;
  int rounds = 1;
};

std::string Flipped(std::string text) {
  const size_t at = text.find("\nsignature=") + 12;
  text[at] = text[at] == '0' ? '1' : '0';
  return text;
}

std::string Replaced(std::string text, std::string_view what, std::string_view by) {
  return text.replace(text.find(what), what.size(), by);
}

std::vector<Attack> Forgeries() {
  return {
      {"a_changed_signature", Gets::kOpenAlone,
       [](Scene& s) {
         s.Play(Hello(s.size()) + Request(Flipped(s.latest.first)) + Chunks(s.latest.second) +
                End());
       }},
      {"an_invitation_that_the_organizer_did_not_sign", Gets::kWhole,
       [](Scene& s) {
         const SigningKey forger = TestKey(66);
         const auto invitation = pipe::SignInvitation(forger, "demo", "eve", forger.public_key());
         s.Play(Hello(s.size()) +
                Request(pipe::Encode(pipe::SignJoin(forger, forger, invitation))) + End());
       }},
      {"another_teams_key", Gets::kOpenAlone,
       [](Scene& s) {
         s.Play(Hello(s.size()) +
                Request(Replaced(s.latest.first, TestKey(kAda).public_key().ToHex(),
                                 TestKey(kMallory).public_key().ToHex())) +
                Chunks(s.latest.second) + End());
       }},
      {"a_key_of_no_team", Gets::kWhole,
       [](Scene& s) {
         s.Play(Hello(s.size()) + Request(SubmitText(s.mirror, 55, "program", "one")) +
                Chunks("program") + End());
       }},
      {"another_policy_entry", Gets::kWhole,
       [](Scene& s) {
         s.Play(Hello(s.size()) +
                Request(MalloryText(s.mirror, "program",
                                    [](auto& request) { request.policy = Sha256("other"); })) +
                Chunks("program") + End());
       }},
      {"a_level_outside_the_scale", Gets::kWhole,
       [](Scene& s) {
         s.Play(Hello(s.size()) +
                Request(MalloryText(s.mirror, "program",
                                    [](auto& request) { request.show_below = 1000; })) +
                Chunks("program") + End());
       }},
  };
}

std::vector<Attack> Replays() {
  return {
      {"the_same_bytes_again", Gets::kWhole,
       [](Scene& s) {
         const std::string once = Request(s.latest.first) + Chunks(s.latest.second);
         s.Play(Hello(s.size()) + once + once + End());
       }},
      {"the_same_bytes_after_their_result", Gets::kWhole,
       [](Scene& s) {
         s.Play(Hello(s.size()) + Request(s.first.first) + Chunks(s.first.second) + End());
       }},
      {"a_join_again", Gets::kWhole,
       [](Scene& s) { s.Play(Hello(s.size()) + Request(JoinText("ada", kAda)) + End()); }},
      {"in_another_contest", Gets::kOpenAlone,
       [](Scene& s) {
         s.Play(Hello(s.size()) + Request(Replaced(s.latest.first, "=demo\n", "=other\n")) +
                Chunks(s.latest.second) + End());
       }},
      {"another_body_under_a_known_id", Gets::kWhole,
       [](Scene& s) {
         // Signed by the team: the front kept both and sends the second where the first stands.
         s.Play(Hello(s.size()) + Request(SubmitText(s.mirror, kAda, "other", "program 0")) +
                Chunks("other") + End());
       }},
  };
}

std::vector<Attack> Disorders() {
  return {
      {"a_program_before_its_request", Gets::kOpenAlone,
       [](Scene& s) {
         s.Play(Hello(s.size()) + Chunks(s.latest.second) + Request(s.latest.first) + End());
       }},
      {"chunks_swapped", Gets::kWhole,
       [](Scene& s) {
         const std::string a(pipe::kToVaultPayload, 'a');
         const std::string b(pipe::kToVaultPayload, 'b');
         s.Play(Hello(s.size()) + Request(MalloryText(s.mirror, a + b + "c", [](auto&) {})) +
                Chunks(b + a + "c") + End());
       }},
      {"the_end_first", Gets::kOpenAlone, [](Scene& s) { s.Play(End() + Hello(s.size())); }},
      {"two_hellos", Gets::kOpenAlone,
       [](Scene& s) { s.Play(Hello(s.size()) + Hello(0) + End()); }},
      {"a_request_before_the_hello", Gets::kOpenAlone,
       [](Scene& s) { s.Play(Request(s.latest.first) + Hello(s.size()) + End()); }},
  };
}

std::vector<Attack> Floods() {
  return {
      {"junk", Gets::kOpenAlone,
       [](Scene& s) { s.Talk(s.Connect(), std::string(1 << 22, '\x5a')); }},
      {"ten_thousand_requests", Gets::kOpenAlone,
       [](Scene& s) {
         HostileConnection& front = s.Connect();  // first: making the batch takes its time
         std::string batch = Hello(s.size());
         const std::string request = Request(JoinText("ada", kAda));
         for (int i = 0; i <= 10'000; ++i) batch += request;
         s.Talk(front, batch + End());
       }},
      {"many_programs_of_nobody", Gets::kSome,
       [](Scene& s) {
         std::string batch = Hello(s.size());
         for (int i = 0; i < 300; ++i) {
           const std::string program(100'000, static_cast<char>(i));
           batch += Request(SubmitText(s.mirror, 55, program, std::to_string(i))) + Chunks(program);
         }
         s.Play(batch + End());
       }},
      {"a_batch_without_end", Gets::kOpenAlone,
       [](Scene& s) {
         const std::string request =
             MalloryText(s.mirror, "p", [](auto& r) { r.program_bytes = int64_t{1} << 32; });
         HostileConnection& front = s.Connect();
         front.Listen(pipe::kToFrontBytes, s.EndMs());
         front.Send(Hello(s.size()) + Request(request), s.EndMs());
         std::string chunks;
         for (int i = 0; i < 64; ++i) chunks += Chunks(std::string(pipe::kToVaultPayload, 'p'));
         while (!front.closed() && NowMs() < s.EndMs()) {
           front.Send(chunks, s.EndMs());
           front.Listen(front.received().size() + 1, NowMs());
         }
       }},
      {"one_byte_at_a_time", Gets::kOpenAlone,
       [](Scene& s) {
         HostileConnection& front = s.Connect();
         front.Listen(pipe::kToFrontBytes, s.EndMs());
         front.Trickle(Hello(s.size()) + End(), s.EndMs());
         front.Listen(s.EndMs());
       }},
      {"descriptors_with_the_frames", Gets::kWhole,
       [](Scene& s) {
         HostileConnection& front = s.Connect();
         front.Listen(pipe::kToFrontBytes, s.EndMs());
         front.SendDescriptors(Hello(s.size()));
         front.SendDescriptors(End());
         front.Listen(s.EndMs());
       }},
  };
}

std::vector<Attack> Stops() {
  return {
      // Its socket's buffer is full in the second or third hand-over.
      {"stops_reading_at_the_hand_over", Gets::kSome,
       [](Scene& s) {
         HostileConnection& front = s.Connect();
         front.Send(Hello(0) + End() + Hello(0) + End() + Hello(0) + End() + Hello(0) + End(),
                    s.EndMs());
         WaitUntilMs(s.clock.EndMs(s.round + 3));
         front.Listen(NowMs());
       },
       0, 4},
      {"never_writes", Gets::kOpenAlone, [](Scene& s) { s.Play(""); }},
      {"a_short_frame_then_close", Gets::kSome,
       [](Scene& s) {
         HostileConnection& front = s.Connect();
         front.Listen(pipe::kToFrontBytes, s.EndMs());
         front.Send(Hello(s.size()).substr(0, 100), s.EndMs());
         front.Close();
       }},
      {"half_a_frame_at_the_end_of_the_window", Gets::kOpenAlone,
       [](Scene& s) { s.Play(Hello(s.size()) + End().substr(0, 2048)); }},
      {"writes_and_shuts_its_end", Gets::kWhole,
       [](Scene& s) {
         HostileConnection& front = s.Connect();
         front.Listen(pipe::kToFrontBytes, s.EndMs());
         front.Send(Hello(s.size()) + End(), s.EndMs());
         front.Shutdown(SHUT_WR);
         front.Listen(s.EndMs());
       }},
      {"shuts_the_vaults_end", Gets::kSome,
       [](Scene& s) {
         HostileConnection& front = s.Connect();
         front.Listen(pipe::kToFrontBytes, s.EndMs());
         front.Send(Hello(s.size()) + End(), s.EndMs());
         front.Shutdown(SHUT_RD);
       }},
      // The rest is the begin of the next batch, and no hello.
      {"bytes_after_the_end", Gets::kSome,
       [](Scene& s) {
         HostileConnection& front = s.Connect();
         front.Send(Hello(0) + End() + std::string(10'000, 'x'), s.EndMs());
         front.Listen(s.clock.EndMs(s.round + 1));
       },
       0, 2},
  };
}

std::vector<Attack> Connections() {
  return {
      {"connects_twice", Gets::kWhole,
       [](Scene& s) {
         s.Connect();
         s.Play(Hello(s.size()) + End());
       }},
      {"connects_until_the_queue_is_full", Gets::kWhole,
       [](Scene& s) {
         while (true) {
           auto next = std::make_unique<HostileConnection>(s.socket, NowMs());
           if (next->closed()) break;
           s.connections.push_back(std::move(next));
         }
         EXPECT_GT(s.connections.size(), 4U);
         HostileConnection& last = *s.connections.back();
         last.Listen(pipe::kToFrontBytes, s.EndMs());
         last.Send(Hello(s.size()) + End(), s.EndMs());
         last.Listen(s.EndMs());
       }},
      {"connects_and_goes_a_hundred_times_in_the_run_window", Gets::kSome,
       [](Scene& s) {
         for (int i = 0; i < 100 && NowMs() < s.clock.ExchangeMs(s.round) - 50; ++i) {
           HostileConnection gone(s.socket, NowMs());
           gone.Send(Hello(0), NowMs());
         }
       }},
      {"writes_in_the_run_window", Gets::kWhole,
       [](Scene& s) {
         HostileConnection& front = s.Connect();
         front.Send(Hello(s.size()) + End(), s.EndMs());
         front.Listen(s.EndMs());
       }},
      {"floods_in_the_run_window", Gets::kOpenAlone,
       [](Scene& s) {
         HostileConnection& front = s.Connect();
         front.Send(Hello(s.size()) + std::string(1 << 22, '\x5a'), s.EndMs());
         front.Listen(s.EndMs());
       }},
  };
}

std::vector<Attack> Lies() {
  std::string wrong_version = Hello(0);
  wrong_version[1] = 2;
  std::string wrong_type = Hello(0);
  wrong_type[0] = 9;
  std::string long_payload = Hello(0);
  long_payload[2] = '\x7f';
  std::string padding = Hello(0);
  padding.back() = 1;
  const std::string negative = Frame(ToVaultType::kHello, "\xff\xff\xff\xff\xff\xff\xff\xff");
  const auto lie = [](int64_t bytes) {
    return [bytes](Scene& s) {
      s.Play(Hello(s.size()) +
             Request(MalloryText(s.mirror, "program",
                                 [bytes](auto& request) { request.program_bytes = bytes; })) +
             Chunks("program") + End());
    };
  };
  return {
      {"a_negative_mirror", Gets::kOpenAlone, [negative](Scene& s) { s.Play(negative + End()); }},
      {"a_mirror_beyond_the_ledger", Gets::kWhole,
       [](Scene& s) { s.Play(Hello(1'000'000) + End()); }, 1'000'000},
      {"a_huge_mirror", Gets::kWhole, [](Scene& s) { s.Play(Hello(INT64_MAX) + End()); },
       INT64_MAX},
      {"a_wrong_version", Gets::kOpenAlone, [=](Scene& s) { s.Play(wrong_version + End()); }},
      {"a_wrong_type", Gets::kOpenAlone, [=](Scene& s) { s.Play(wrong_type + End()); }},
      {"a_payload_beyond_its_frame", Gets::kOpenAlone,
       [=](Scene& s) { s.Play(long_payload + End()); }},
      {"bytes_behind_the_payload", Gets::kOpenAlone, [=](Scene& s) { s.Play(padding + End()); }},
      {"a_program_declared_longer", Gets::kOpenAlone, lie(8)},
      {"a_program_declared_shorter", Gets::kOpenAlone, lie(6)},
      {"a_program_declared_empty", Gets::kOpenAlone, lie(0)},
      {"a_program_over_the_limit", Gets::kWhole,
       [](Scene& s) {
         HostileConnection& front = s.Connect();
         const std::string program((size_t{4} << 20) + 1, 'p');
         s.Talk(front, Hello(s.size()) + Request(MalloryText(s.mirror, program, [](auto&) {})) +
                           Chunks(program) + End());
       }},
      {"a_program_cut_off", Gets::kOpenAlone,
       [](Scene& s) {
         const std::string program(1'000'000, 'p');
         s.Play(Hello(s.size()) + Request(MalloryText(s.mirror, program, [](auto&) {})) +
                Chunks(program).substr(0, 100 * pipe::kToVaultBytes));
       }},
      {"another_program_than_the_signed_one", Gets::kWhole,
       [](Scene& s) {
         s.Play(Hello(s.size()) + Request(MalloryText(s.mirror, "program", [](auto&) {})) +
                Chunks("PROGRAM") + End());
       }},
  };
}

// Two by two: the honest front speaks after each pair.
std::vector<std::vector<Attack>> Pairs() {
  std::vector<std::vector<Attack>> pairs;
  for (const auto& family :
       {Forgeries(), Replays(), Disorders(), Floods(), Stops(), Connections(), Lies()}) {
    for (const Attack& attack : family) {
      if (pairs.empty() || pairs.back().size() == 2) pairs.emplace_back();
      pairs.back().push_back(attack);
    }
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
