#include "tests/support/vault_harness.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/core/base/key_file.h"
#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"
#include "server/system/descriptor_io.h"
#include "server/system/files.h"
#include "server/system/unix_socket.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::testing {
namespace {

[[noreturn]] void Fail(std::string_view what) {
  std::fprintf(stderr, "vault harness: %s\n", std::string(what).c_str());
  std::abort();
}

void Must(const absl::Status& status) {
  if (!status.ok()) Fail(status.ToString());
}

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) Fail(absl::StrFormat("%s is not set: run this test by ctest", name));
  return value;
}

// Labels 4.0 … 5.0 in steps, so that constants are told apart.
std::string Rows() {
  std::string csv = "id,x,y,split\n";
  for (int i = 0; i < 200; ++i) {
    const char* split = i < 100 ? "train" : i < 160 ? "public" : "final";
    csv += absl::StrFormat("%d,%d,%g,%s\n", i, i * 7 % 50, 4.0 + i * 37 % 101 / 100.0, split);
  }
  return csv;
}

std::string ContestFile(const VaultOptions& options) {
  return absl::StrFormat(
      "contest = \"demo\"\norganizer = \"%s\"\n"
      "[score]\nmetric = \"rmse\"\nrange = [0, 10]\nbest = 0.1\nworst = 2.1\nstep = "
      "0.02\npredictions = \"%s\"\n"
      "[release]\nrule = \"improvements\"\ntries = %d\nshown_scores = 5\nshown_failures = "
      "%d\nwaiting = %d\nteams = 4\n"
      "acts_bits = %d\n"
      "[rounds]\nlength = \"%ds\"\nrun_window = \"%ds\"\nduration = \"%s\"\nlanes = %d\nmax_shift "
      "= "
      "100\n"
      "[limits]\nwall = \"500ms\"\nmemory = \"64MiB\"\nthreads = 1\noutput = \"64KiB\"\nscratch = "
      "\"1MiB\"\nprogram = \"4MiB\"\n",
      TestKey(1).public_key().ToHex(), options.predictions, options.tries, options.shown_failures,
      options.waiting, options.acts_bits, options.round_seconds, options.round_seconds - 1,
      options.duration, options.lanes);
}

}  // namespace

Process Process::Start(const std::vector<std::string>& command, const std::string& output,
                       const std::map<std::string, std::string>& environment) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) Fail("fork");
  if (pid == 0) {
    const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(file, 1);
    ::dup2(file, 2);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  return Process(pid);
}

Process::~Process() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::Kill(int signal) const { ::kill(pid_, signal); }

int Process::Wait(absl::Duration patience) {
  const absl::Time give_up = absl::Now() + patience;
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (absl::Now() > give_up) Fail("a process did not end in time");
    absl::SleepFor(absl::Milliseconds(10));
  }
  pid_ = -1;
  return status;
}

std::string RunCommand(const std::vector<std::string>& command, int& exit_code) {
  absl::StatusOr<TempDir> folder = TempDir::Make();
  Must(folder.status());
  const std::string output = folder->path() + "/output";
  Process process = Process::Start(command, output);
  const int status = process.Wait(absl::Seconds(120));
  exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ReadFile(output).value_or("");
}

std::string Bin(std::string_view name) {
  return FromEnvironment("PINHOLE_BIN") + "/" + std::string(name);
}
std::string TestBin(std::string_view name) {
  return FromEnvironment("PINHOLE_TEST_BIN") + "/" + std::string(name);
}

VaultHarness::VaultHarness(const VaultOptions& options)
    : options_(options), folder_(*TempDir::Make()) {
  if (::geteuid() != 0) Fail("these tests start lanes as users of their own: run them as root");
  const std::string& at = folder_.path();
  if (::chmod(at.c_str(), 0755) != 0) Fail("chmod");
  Must(MakeDirectory(at + "/pipe", 0755));
  Must(WriteFileDurably(at + "/owner.key", FormatKeyFile(TestKey(2)), 0600));
  Must(WriteFileDurably(at + "/organizer.key", FormatKeyFile(TestKey(1)), 0600));
  Must(WriteFileDurably(at + "/rows.csv", Rows(), 0600));
  Must(WriteFileDurably(
      at + "/dataset.toml",
      "dataset = \"small\"\nversion = 1\ndeployment = \"one-machine\"\nbudget_bits = 8192\n"
      "target = \"rows\"\nlabel = \"y\"\nsplit = \"split\"\n[[table]]\nname = \"rows\"\nfile = "
      "\"rows.csv\"\n",
      0600));
  Must(WriteFileDurably(at + "/contest.toml", ContestFile(options), 0600));
  // Tests that run at the same time have lanes of their own.
  const int first_lane = std::atoi(FromEnvironment("PINHOLE_LANE_BASE").c_str());
  std::string lane_users;
  for (int i = 0; i < options.lanes; ++i)
    lane_users += absl::StrFormat("%s%d", i == 0 ? "" : ",", first_lane + i);
  int code = 0;
  std::string output =
      RunCommand({Bin("pinhole-vault"), "init", vault_folder(), "--name", "vault.example/test",
                  "--socket", socket(), "--user", absl::StrFormat("%d", kVaultUser),
                  "--front-group", absl::StrFormat("%d", kFrontGroup), "--lanes-group",
                  absl::StrFormat("%d", kLanesGroup), "--lane-users", lane_users},
                 code);
  if (code != 0) Fail(output);
  const std::string lock =
      options.machine_lock ? absl::StrFormat("machine_lock = \"%s/machine.lock\"\n", folder()) : "";
  // A test build finds its box and scorer in the folder of the others.
  absl::StatusOr<std::string> config = ReadFile(vault_folder() + "/vault.toml");
  Must(config.status());
  Must(WriteFileDurably(vault_folder() + "/vault.toml",
                        *config +
                            absl::StrFormat("launcher = \"%s\"\nscorer = \"%s\"\n",
                                            Bin("pinhole-box"), Bin("pinhole-scorer")) +
                            lock,
                        0644));
  output = RunCommand({Bin("pinhole-vault"), "data", "import", vault_folder(), at + "/dataset.toml",
                       "--owner-key", at + "/owner.key"},
                      code);
  if (code != 0) Fail(output);
  Serve(options.environment);
}

void VaultHarness::Serve(const std::map<std::string, std::string>& environment) {
  const std::string program =
      options_.program == "pinhole-vault" ? Bin(options_.program) : TestBin(options_.program);
  process_.reset();
  const size_t seen = Output().size();
  process_.emplace(
      Process::Start({program, "serve", vault_folder()}, folder() + "/vault.log", environment));
  const absl::Time give_up = absl::Now() + absl::Seconds(30);
  while (Output().find("serving", seen) == std::string::npos) {
    if (absl::Now() > give_up) Fail("the vault does not serve: " + Output());
    absl::SleepFor(absl::Milliseconds(20));
  }
}

std::string VaultHarness::Output() const { return ReadFile(folder() + "/vault.log").value_or(""); }

void VaultHarness::OpenContest() {
  int code = 0;
  const std::string plan = RunCommand({Bin("pinhole-vault"), "contest", "plan", vault_folder(),
                                       folder() + "/contest.toml", "--json"},
                                      code);
  const std::string key = "\"contest_bits\": \"";
  const size_t at = plan.find(key);
  if (code != 0 || at == std::string::npos) Fail(plan);
  const std::string bits =
      plan.substr(at + key.size(), plan.find('"', at + key.size()) - at - key.size());
  const std::string output =
      RunCommand({Bin("pinhole-vault"), "contest", "open", vault_folder(),
                  folder() + "/contest.toml", "--organizer-key", folder() + "/organizer.key",
                  "--owner-key", folder() + "/owner.key", "--start-in", "3", "--bits", bits},
                 code);
  if (code != 0) Fail(output);
}

std::string VaultHarness::HeadOf(const std::vector<std::string>& entries, int64_t size) const {
  replay::LedgerState state;
  for (int64_t i = 0; i < size; ++i) Must(state.Apply(entries.at(static_cast<size_t>(i))));
  const absl::StatusOr<std::string> file = ReadFile(vault_folder() + "/private/signing-key");
  Must(file.status());
  const absl::StatusOr<SigningKey> key =
      SigningKey::FromSeedHex(file->substr(file->find('=') + 1, 64));
  Must(key.status());
  const absl::StatusOr<NoteSigner> signer = NoteSigner::Create("vault.example/test", *key);
  Must(signer.status());
  const absl::StatusOr<std::string> head = SignCheckpoint(
      {.origin = "vault.example/test", .size = static_cast<uint64_t>(size), .root = state.Root()},
      *signer);
  Must(head.status());
  return *head;
}

std::string VaultHarness::Owed(int64_t round, int64_t first,
                               const std::vector<std::string>& entries, int64_t size) const {
  std::vector<std::string> missing;
  if (first < size) missing.assign(entries.begin() + first, entries.begin() + size);
  std::string bytes;
  for (const std::string& frame : pipe::HandOver(round, first, missing, HeadOf(entries, size)))
    bytes += frame;
  return bytes;
}

int64_t FrontDriver::SizeAfter(size_t record) const {
  return record + 1 < recorded_.size() ? recorded_[record + 1].first
                                       : static_cast<int64_t>(entries_.size());
}

absl::Status FrontDriver::ReadFrame(std::string& frame, absl::Time give_up) const {
  frame.resize(pipe::kToFrontBytes);
  return ReadExactly(connection_.get(), {reinterpret_cast<uint8_t*>(frame.data()), frame.size()},
                     Deadline::After(give_up - absl::Now()));
}

absl::Status FrontDriver::Apply(const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) {
    RETURN_IF_ERROR(mirror_.Apply(entry));
    entries_.push_back(entry);
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> FrontDriver::TryExchange(
    const std::vector<std::pair<std::string, std::string>>& requests, absl::Time give_up) {
  if (!connection_.valid()) {
    ASSIGN_OR_RETURN(connection_, ConnectUnix(socket_));
  }
  std::string frame;
  RETURN_IF_ERROR(ReadFrame(frame, give_up));
  ASSIGN_OR_RETURN(const pipe::ToFrontFrame open, pipe::DecodeToFront(frame));
  if (open.type != pipe::ToFrontType::kOpen)
    return absl::InternalError("an exchange begins with kOpen");
  Recorded record{.first = static_cast<int64_t>(entries_.size()), .bytes = frame};
  record.opened_us = absl::ToUnixMicros(absl::Now());
  ASSIGN_OR_RETURN(record.round, pipe::DecodeRound(open.payload));

  std::string batch =
      pipe::EncodeToVault({pipe::ToVaultType::kHello, pipe::EncodeHello(record.first)});
  for (const auto& [request, program] : requests) {
    batch += pipe::EncodeToVault({pipe::ToVaultType::kRequest, request});
    for (size_t at = 0; at < program.size(); at += pipe::kToVaultPayload) {
      batch += pipe::EncodeToVault(
          {pipe::ToVaultType::kProgram, program.substr(at, pipe::kToVaultPayload)});
    }
  }
  batch += pipe::EncodeToVault({pipe::ToVaultType::kEnd, ""});
  RETURN_IF_ERROR(
      WriteAll(connection_.get(), AsBytes(batch), Deadline::After(give_up - absl::Now())));

  std::vector<std::string> entries;
  while (true) {
    RETURN_IF_ERROR(ReadFrame(frame, give_up));
    record.bytes += frame;
    ASSIGN_OR_RETURN(const pipe::ToFrontFrame got, pipe::DecodeToFront(frame));
    record.done_us = absl::ToUnixMicros(absl::Now());
    if (got.type == pipe::ToFrontType::kDone) break;
    if (got.type == pipe::ToFrontType::kCheckpoint) checkpoint_ = got.payload;
    if (got.type != pipe::ToFrontType::kEntry) continue;
    ASSIGN_OR_RETURN(const pipe::EntryPiece piece, pipe::DecodeEntryPiece(got.payload));
    if (piece.offset == 0) entries.emplace_back();
    entries.back() += piece.bytes;
  }
  RETURN_IF_ERROR(Apply(entries));
  recorded_.push_back(std::move(record));
  return recorded_.back().round;
}

absl::StatusOr<int64_t> FrontDriver::Exchange(
    const std::vector<std::pair<std::string, std::string>>& requests, absl::Duration patience) {
  const absl::Time give_up = absl::Now() + patience;
  while (true) {
    absl::StatusOr<int64_t> round = TryExchange(requests, give_up);
    if (round.ok()) return round;
    connection_.Close();
    if (absl::Now() > give_up || absl::IsFailedPrecondition(round.status())) return round.status();
    absl::SleepFor(absl::Milliseconds(20));
  }
}

absl::StatusOr<int64_t> FrontDriver::AwaitClose(absl::Duration patience) const {
  std::array<uint8_t, 1> byte;
  const absl::Status end = ReadExactly(connection_.get(), byte, Deadline::After(patience));
  if (end.ok()) return absl::InternalError("bytes came where none were owed");
  if (!absl::IsOutOfRange(end)) return end;
  return absl::ToUnixMillis(absl::Now());
}

std::string JoinText(std::string_view team, uint8_t key) {
  const SigningKey once = TestKey(static_cast<uint8_t>(key + 100));
  return pipe::Encode(pipe::SignJoin(
      once, TestKey(key), pipe::SignInvitation(TestKey(1), "demo", team, once.public_key())));
}

std::string SubmitText(const replay::LedgerState& mirror, uint8_t key, std::string_view program,
                       std::string_view request_id) {
  pipe::SubmitRequest request{.contest = "demo",
                              .policy = mirror.Find("demo")->policy_digest,
                              .program = Sha256(program),
                              .program_bytes = static_cast<int64_t>(program.size()),
                              .nonce = Sha256(absl::StrFormat("nonce %s", request_id))};
  const Digest id = Sha256(request_id);
  std::copy_n(id.begin(), request.request_id.size(), request.request_id.begin());
  return pipe::Encode(pipe::SignSubmit(TestKey(key), request));
}

}  // namespace pinhole::testing
