// The launcher is what the design says it is: static, small, without the server's libraries, and
// deaf to a client that does not keep to the protocol.
#include <elf.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <string>

#include "sandbox/protocol/protocol.h"
#include "sandbox/unchecked.h"
#include "tests/containment/lane_fixture.h"

namespace pinhole::sandbox {
namespace {

TEST(LauncherTest, IsStatic) {
  const std::string program = ReadFile(LauncherPath());
  Elf64_Ehdr header{};
  ASSERT_GE(program.size(), sizeof header);
  std::memcpy(&header, program.data(), sizeof header);
  ASSERT_EQ(std::memcmp(header.e_ident, ELFMAG, SELFMAG), 0);
  for (size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    std::memcpy(&segment, program.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    EXPECT_NE(segment.p_type, static_cast<Elf64_Word>(PT_INTERP));
    if (segment.p_type != PT_DYNAMIC) continue;
    for (size_t at = 0; at < segment.p_filesz; at += sizeof(Elf64_Dyn)) {
      Elf64_Dyn entry{};
      std::memcpy(&entry, program.data() + segment.p_offset + at, sizeof entry);
      EXPECT_NE(entry.d_tag, DT_NEEDED);
    }
  }
}

// Its symbols are in the file, so a text that is not in the file is no symbol's part.
TEST(LauncherTest, LinksNothingOfTheServer) {
  const std::string program = ReadFile(LauncherPath());
  ASSERT_NE(program.find("seccomp_rule_add"), std::string::npos)
      << "stripped: the test sees nothing";
  for (const char* name : {"4absl", "grpc", "google8protobuf", "sqlite3", "__cxa_throw", "_ZNSt"}) {
    EXPECT_EQ(program.find(name), std::string::npos) << name;
  }
}

// What mutants_test switches off by is in that test's launcher alone.
TEST(LauncherTest, NoStepCanBeSwitchedOff) {
  const std::string program = ReadFile(LauncherPath());
  const std::string mutant = ReadFile(ProgramPath("pinhole-box-mutant"));
  for (const char* name : {"__wrap_", "no_landlock", "fails_at_", "no_nnp_in_box"}) {
    EXPECT_NE(mutant.find(name), std::string::npos) << name << ": the test sees nothing";
    EXPECT_EQ(program.find(name), std::string::npos) << name;
  }
}

// A launcher with a bare socket. Its exit status is what is left of it.
class BareLauncher {
 public:
  BareLauncher() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    socket_.Reset(ends[0]);
    const UniqueFd theirs(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, theirs.get(), protocol::kControlFd);
    std::string path = LauncherPath();
    char* const arguments[] = {path.data(), nullptr};
    EXPECT_EQ(posix_spawn(&pid_, path.c_str(), &actions, nullptr, arguments, nullptr), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~BareLauncher() {
    if (pid_ > 0) kill(pid_, SIGKILL), waitpid(pid_, nullptr, 0);
  }
  BareLauncher(const BareLauncher&) = delete;
  BareLauncher& operator=(const BareLauncher&) = delete;

  template <typename Message>
  void Say(const Message& message, size_t size = sizeof(Message)) {
    EXPECT_EQ(send(socket_.get(), &message, size, MSG_NOSIGNAL), static_cast<ssize_t>(size));
  }
  // The stage that the hello's reply names; kProtocol when there is no reply.
  protocol::Stage Reply() {
    protocol::HelloReply reply;
    const ssize_t length = recv(socket_.get(), &reply, sizeof reply, 0);
    return length == sizeof reply ? reply.stage : protocol::Stage::kProtocol;
  }
  bool Ended() {
    char byte;
    if (recv(socket_.get(), &byte, 1, 0) > 0) return false;
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status);
  }
  void Hang() { socket_.Reset(); }
  // Waits for its end, which is an exit and no crash.
  bool Gone() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status);
  }

 private:
  UniqueFd socket_;
  pid_t pid_ = -1;
};

TEST(LauncherTest, EndsWhenTheClientGoes) {
  BareLauncher launcher;
  launcher.Say(protocol::Hello{});
  EXPECT_EQ(launcher.Reply(), protocol::Stage::kNone);
  launcher.Hang();
  EXPECT_TRUE(launcher.Ended());
}

TEST(LauncherTest, EndsAtWhatIsNoHello) {
  protocol::Hello other_version;
  other_version.header.version = protocol::kVersion + 1;
  protocol::Hello other_magic;
  other_magic.header.magic = 0;
  for (const protocol::Hello& hello : {other_version, other_magic}) {
    BareLauncher launcher;
    launcher.Say(hello);
    EXPECT_TRUE(launcher.Ended());
  }
  BareLauncher cut;
  cut.Say(protocol::Hello{}, 100);
  EXPECT_TRUE(cut.Ended());
  BareLauncher early;
  early.Say(protocol::Run{});
  EXPECT_TRUE(early.Ended());
}

TEST(LauncherTest, EndsAtARunThatLacksItsDescriptors) {
  BareLauncher launcher;
  launcher.Say(protocol::Hello{});
  ASSERT_EQ(launcher.Reply(), protocol::Stage::kNone);
  protocol::Run run;
  run.slots = 3;
  launcher.Say(run);
  EXPECT_TRUE(launcher.Ended());
}

TEST(LauncherTest, RefusesGroupsThatDoNotComeAlong) {
  BareLauncher launcher;
  protocol::Hello hello;
  hello.accounting = protocol::Accounting::kVersion1;
  launcher.Say(hello);
  EXPECT_EQ(launcher.Reply(), protocol::Stage::kAccounting);
  EXPECT_TRUE(launcher.Ended());
}

// Packets of a client that has lost its mind: the launcher answers or ends, and is gone when the
// client is.
TEST(LauncherTest, AMadClientDoesNotMakeItStay) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    BareLauncher launcher;
    protocol::Hello hello;
    const bool polite = round % 2 == 0;
    auto* const hello_bytes = reinterpret_cast<unsigned char*>(&hello);
    if (!polite) hello_bytes[random() % 32] ^= static_cast<unsigned char>(1 + random() % 255);
    launcher.Say(hello, polite ? sizeof hello : sizeof hello - random() % 2);
    if (polite) {
      ASSERT_EQ(launcher.Reply(), protocol::Stage::kNone);
      protocol::Run run;
      auto* const bytes = reinterpret_cast<unsigned char*>(&run);
      const size_t from = round % 4 == 0 ? 0 : sizeof run.header;
      for (size_t i = from; i < sizeof run; ++i) bytes[i] = static_cast<unsigned char>(random());
      launcher.Say(run);
    }
    launcher.Hang();
    EXPECT_TRUE(launcher.Gone()) << "round " << round;
  }
}

// The degraded mode: any user, no cgroup, no uid of its own.
TEST(LauncherTest, ALaneOfOnesOwnUidHoldsAsWell) {
  LaneConfig config;
  config.launcher_path = LauncherPath();
  absl::StatusOr<Lane> lane = Lane::Start(config);
  ASSERT_TRUE(lane.ok()) << lane.status();
  const struct {
    const char* attack;
    Outcome outcome;
    int exit_code;
  } cases[] = {{"succeed", Outcome::kExited, 0},
               {"open_network", Outcome::kForbiddenCall, 0},
               {"open:/etc/passwd", Outcome::kExited, ENOENT},
               {"read_view", Outcome::kExited, ENOENT},
               {"create_in_root", Outcome::kExited, EROFS},
               {"memory_bomb", Outcome::kExited, ENOMEM},
               {"fill_scratch", Outcome::kExited, ENOSPC}};
  for (const auto& expected : cases) {
    BoxSpec spec;
    spec.scratch_bytes = 1 << 20;
    absl::StatusOr<Seen> seen = RunProgram(*lane, HostileProgram(expected.attack), spec);
    ASSERT_TRUE(seen.ok()) << seen.status();
    EXPECT_EQ(OutcomeName(seen->report.outcome), OutcomeName(expected.outcome))
        << expected.attack << " " << seen->report.setup;
    EXPECT_EQ(seen->report.exit_code, expected.exit_code) << expected.attack;
  }
}

TEST(LauncherTest, ALaneThatCannotBeIsAnErrorWithAdvice) {
  LaneConfig config;
  EXPECT_EQ(Lane::Start(config).status().code(), absl::StatusCode::kInvalidArgument);
  config.launcher_path = "/nonexistent/pinhole-box";
  EXPECT_EQ(Lane::Start(config).status().code(), absl::StatusCode::kNotFound);
  config.launcher_path = "/bin/true";
  EXPECT_EQ(Lane::Start(config).status().code(), absl::StatusCode::kUnavailable);
  config.launcher_path = LauncherPath();
  config.uid = 64101;
  EXPECT_EQ(Lane::Start(config).status().code(), absl::StatusCode::kInvalidArgument);
  config.uid.reset();
  config.cgroup_name = "../up";
  EXPECT_EQ(Lane::Start(config).status().code(), absl::StatusCode::kInvalidArgument);
  config.cgroup_name.clear();
  config.core = 4000;
  const absl::Status status = Lane::Start(config).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("uid, gid and core"));
}

TEST(LauncherTest, AViewThatIsNotThereFailsTheRunBeforeTheProgram) {
  LaneConfig config;
  config.launcher_path = LauncherPath();
  config.view_path = "/nonexistent/view";
  const absl::Status refused = Lane::Start(config).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("mount the view"));
  absl::StatusOr<Lane> lane = StartUnchecked(config);
  ASSERT_TRUE(lane.ok()) << lane.status();
  absl::StatusOr<Seen> seen = RunProgram(*lane, HostileProgram("say_and_crash"), BoxSpec{});
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(OutcomeName(seen->report.outcome), "setup failed");
  EXPECT_THAT(seen->report.setup, testing::HasSubstr("mount the view"));
  EXPECT_EQ(seen->output, "");
}

}  // namespace
}  // namespace pinhole::sandbox
