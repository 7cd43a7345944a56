// Whole commands, from the words to the exit code, against a server in memory.
#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "client/cli/command_line.h"
#include "client/cli/key_file.h"
#include "server/core/gate/gate.h"
#include "server/core/replay/requests_check.h"
#include "server/system/temp_dir.h"
#include "tests/support/ledger_builder.h"
#include "tests/unit/cli/fake_server.h"

namespace pinhole::cli {

using ::pinhole::testing::DemoPolicy;
using ::pinhole::testing::FakeServer;
using ::pinhole::testing::LedgerBuilder;
using ::pinhole::testing::TestKey;

inline constexpr char kServer[] = "localhost:7443";

class FixedClock final : public WallClock {
 public:
  int64_t now_ms = 1'000'000'000;  // begin of round 1
  int64_t NowUnixMs() const override { return now_ms; }
};

// The command owns its Server; the test keeps the FakeServer.
class Borrowed final : public Server {
 public:
  explicit Borrowed(FakeServer& server) : server_(server) {}
  absl::StatusOr<ServerInfo> Info() override { return server_.Info(); }
  absl::StatusOr<std::string> Checkpoint() override { return server_.Checkpoint(); }
  absl::StatusOr<std::vector<std::string>> Entries(int64_t start, int64_t count) override {
    return server_.Entries(start, count);
  }
  absl::Status Watch(int64_t start, absl::Time until, const WatchHandler& handler) override {
    return server_.Watch(start, until, handler);
  }
  absl::StatusOr<JoinAnswer> Join(const std::string& request) override {
    return server_.Join(request);
  }
  absl::Status Upload(const std::string& token, const std::string& contest, const Digest& program,
                      std::string_view bytes) override {
    return server_.Upload(token, contest, program, bytes);
  }
  absl::StatusOr<SubmitAnswer> Submit(const std::string& token, const std::string& request,
                                      const std::string& message) override {
    return server_.Submit(token, request, message);
  }

  absl::StatusOr<ChooseAnswer> Choose(const std::string& token,
                                      const std::string& request) override {
    return server_.Choose(token, request);
  }

 private:
  FakeServer& server_;
};

class CommandTest : public ::testing::Test {
 protected:
  CommandTest() : folder_(*TempDir::Make()) {
    ledger_.Start();
    ledger_.Dataset();
    ledger_.OpenContest(DemoPolicy());
    Show();
  }

  // The server shows the ledger as it is now.
  void Show() {
    server_.entries = ledger_.entries();
    server_.checkpoint = ledger_.Checkpoint();
    server_.vkey = ledger_.Vkey();
  }
  // The server hands over what came since `first` as one event.
  void Hand(int64_t first) {
    WatchEvent event{.start = first, .checkpoint = ledger_.Checkpoint()};
    event.entries.assign(ledger_.entries().begin() + first, ledger_.entries().end());
    server_.events.push_back(event);
  }

  int Run(std::vector<std::string> words, const std::string& input = "") {
    in_.str(input);
    in_.clear();
    out_.str("");
    err_.str("");
    words.insert(words.begin(), "pinhole");
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    const CommandContext context{
        .in = in_,
        .out = out_,
        .err = err_,
        .clock = clock_,
        .zone = absl::UTCTimeZone(),
        .home_path = Path("home"),
        .program_folder = Path("bin"),
        .connect = [this](const std::string& address,
                          const Digest& pin) -> absl::StatusOr<std::unique_ptr<Server>> {
          if (address != kServer) return absl::UnavailableError("nobody answers there");
          if (pin != Sha256("certificate")) return absl::DataLossError("IMPOSTOR REFUSED");
          return std::unique_ptr<Server>(std::make_unique<Borrowed>(server_));
        }};
    return static_cast<int>(RunCommandLine(context, static_cast<int>(argv.size()), argv.data()));
  }
  int Trust() {
    return Run(
        {"trust", kServer, "--pin", HexEncode(Sha256("certificate")), "--log-key", ledger_.Vkey()});
  }
  // Invites team red, joins, and brings the join into the ledger under the key that was made.
  void JoinAsRed() {
    ASSERT_EQ(Trust(), 0) << Err();
    ASSERT_TRUE(WriteKeyFile(Path("organizer.key"), TestKey(1)).ok());
    ASSERT_EQ(Run({"invite", "demo", "red", "--key", Path("organizer.key")}), 0) << Err();
    ASSERT_EQ(Run({"join", "-"}, Out()), 0) << Err();
    Take(server_.joins.back());
    ledger_.Round();
    Show();
  }
  // The vault takes a request into the ledger.
  void Take(const std::string& signed_request) {
    const absl::StatusOr<pipe::Request> request = pipe::ParseRequest(signed_request);
    ASSERT_TRUE(request.ok()) << request.status();
    if (const auto* join = std::get_if<pipe::JoinRequest>(&*request); join != nullptr) {
      const absl::StatusOr<log::TeamEntry> team = replay::PlanJoin(ledger_.state(), *join);
      ASSERT_TRUE(team.ok()) << team.status();
      ASSERT_TRUE(ledger_.Append(*log::Encode(*team)).ok());
      return;
    }
    if (const auto* choice = std::get_if<pipe::ChooseRequest>(&*request); choice != nullptr) {
      const absl::StatusOr<log::ChoiceEntry> entry = replay::PlanChoice(ledger_.state(), *choice);
      ASSERT_TRUE(entry.ok()) << entry.status();
      ASSERT_TRUE(ledger_.Append(*log::Encode(*entry)).ok());
      return;
    }
    const auto& submit = std::get<pipe::SubmitRequest>(*request);
    replay::ProgramCommitment commitment(submit.nonce);
    commitment.Update(AsBytes(server_.uploads.back().second));
    const auto admit = replay::PlanAdmit(ledger_.state(), submit, commitment.Finish());
    ASSERT_TRUE(admit.ok()) << admit.status();
    ASSERT_TRUE(ledger_.Append(*log::Encode(*admit)).ok());
  }
  // The one submission that is due gets its result.
  void Release(std::optional<int> level) {
    const auto& due = ledger_.contest().due.at(ledger_.contest().NextRound());
    const replay::Admission& admission = ledger_.contest().admissions.at(due.front());
    const int levels = ledger_.contest().policy.policy.scoring.scale.level_count();
    std::optional<score::Level> reached;
    if (level.has_value()) reached = ::pinhole::testing::LevelOfIndex(*level, levels);
    ASSERT_TRUE(ledger_.Append(*gate::Release(ledger_.contest(), admission, reached)).ok());
  }

  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string Out() const { return out_.str(); }
  std::string Err() const { return err_.str(); }

  TempDir folder_;
  LedgerBuilder ledger_;
  FakeServer server_;
  FixedClock clock_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace pinhole::cli
