#include "tests/integration/vault/front_attacks.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "absl/strings/str_format.h"
#include "tests/support/ledger_builder.h"
#include "tests/support/vault_harness.h"

namespace pinhole::testing {
namespace {

using pipe::ToVaultType;

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

}  // namespace

std::vector<Attack> FrontAttacks() {
  std::vector<Attack> attacks;
  for (const auto& family :
       {Forgeries(), Replays(), Disorders(), Floods(), Stops(), Connections(), Lies()}) {
    attacks.insert(attacks.end(), family.begin(), family.end());
  }
  return attacks;
}

}  // namespace pinhole::testing
