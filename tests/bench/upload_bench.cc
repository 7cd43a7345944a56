// An upload as `pinhole submit` makes it, to a real pinholed over real TLS, beside a gRPC stream of
// the same bytes to a server that drops them; hash and disk, its two other parts, by themselves.
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/cli/server.h"
#include "pinhole/v1/contestant_service.grpc.pb.h"
#include "server/core/base/sha256.h"
#include "server/front/folder.h"
#include "server/system/descriptor_io.h"
#include "server/system/files.h"
#include "server/system/temp_dir.h"
#include "tests/bench/programs.h"
#include "tests/bench/suite.h"
#include "tests/support/fake_vault.h"

namespace pinhole::bench {
namespace {

// As the client cuts a program (client/cli/grpc_server.cc).
constexpr size_t kChunkBytes = size_t{256} << 10;

contest::Policy PolicyFor(int64_t program_bytes) {
  contest::Policy policy = testing::DemoPolicy();
  policy.limits.program_bytes = program_bytes;
  return policy;
}

template <typename T>
T Value(absl::StatusOr<T> result, std::string_view what) {
  if (!result.ok()) Fail(absl::StrFormat("%s: %s", what, result.status().ToString()));
  return *std::move(result);
}

// The channel of a client that trusts this certificate alone.
std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address, const std::string& pem) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = pem;
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("pinhole");
  auto channel = grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
  Check(channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20)),
        "no connection");
  return channel;
}

class UploadFixture final : public Fixture {
 public:
  explicit UploadFixture(Suite& suite)
      : folder_(Value(TempDir::Make(), "a folder")),
        front_(folder_.path() + "/front"),
        program_(static_cast<size_t>(suite.Pick(48 << 20, 1 << 20)), 'x'),
        vault_(folder_.path() + "/socket", PolicyFor(56 << 20)) {
    StartServers();
    JoinTeam();
    PrepareChunks();
    CheckUpload();
    const auto bytes = static_cast<double>(program_.size());
    const auto add = [&](std::string name, std::function<void()> run,
                         std::function<void()> prepare) {
      suite.Add(Case{.name = std::move(name),
                     .amount = bytes,
                     .unit = "bytes",
                     .run = std::move(run),
                     .prepare = std::move(prepare)});
    };
    add(
        "upload", [this] { Upload(); }, [this] { NextProgram(); });
    add(
        "stream", [this] { Stream(); }, nullptr);
    add(
        "hash", [this] { Check(Sha256(program_) != Digest{}, "no hash"); }, nullptr);
    add(
        "disk", [this] { WriteOut(); }, [this] { ::unlink(DiskPath().c_str()); });
    suite.Add(Row{.what = "upload of a program, `pinhole submit` → pinholed, durable and checked",
                  .subject = "upload",
                  .floor = "stream",
                  .floor_text = "gRPC stream over TLS, bytes dropped",
                  .ratio_aim = 0.6});
    suite.Add(Row{.what = "of it: SHA-256",
                  .subject = "hash",
                  .floor = "upload",
                  .floor_text = "the whole upload",
                  .aim = Aim::kAtMost});
    suite.Add(Row{.what = "of it: write and fsync",
                  .subject = "disk",
                  .floor = "upload",
                  .floor_text = "the whole upload",
                  .aim = Aim::kAtMost});
  }

 private:
  void StartServers() {
    RunProgram({Bin("pinholed"), "init", front_, "--vault-socket", folder_.path() + "/socket",
                "--log-vkey", vault_.ledger().Vkey(), "--listen", "127.0.0.1:0"});
    front_server_.emplace(std::vector<std::string>{Bin("pinholed"), "serve", front_},
                          "listening on ");
    drop_server_.emplace(std::vector<std::string>{TestBin("bench_drop_server"), front_},
                         "listening on ");
  }

  void JoinTeam() {
    const front::ServeFiles files = Value(front::ReadFolder(front_), "the front's folder");
    const Digest pin = Value(
        HexDecodeArray<32>(Value(ReadFile(front_ + "/pin"), "the pin").substr(0, 64)), "the pin");
    client_ = Value(cli::Connect(front_server_->said(), pin), "connect");
    stream_channel_ = ChannelTo(drop_server_->said(), files.certificate_pem);
    stream_ = v1::ContestantService::NewStub(stream_channel_);
    // The mirror comes with an exchange; then the team is taken in with the next.
    Check(vault_.Exchange().ok(), "no exchange");
    const SigningKey one_use = testing::TestKey(100);
    const pipe::Invitation invitation =
        pipe::SignInvitation(testing::TestKey(1), "demo", "uploader", one_use.public_key());
    const std::string join =
        pipe::Encode(pipe::SignJoin(one_use, testing::TestKey(10), invitation));
    absl::StatusOr<cli::JoinAnswer> answer = client_->Join(join);
    for (int i = 0; i < 200 && !answer.ok(); ++i) {  // until the front has the ledger
      ::usleep(20'000);
      answer = client_->Join(join);
    }
    token_ = Value(std::move(answer), "join").token;
    Check(vault_.Exchange().ok(), "no exchange");
  }

  void PrepareChunks() {
    for (size_t at = 0; at < program_.size(); at += kChunkBytes) {
      chunks_.emplace_back().set_chunk(program_.substr(at, kChunkBytes));
    }
  }

  // Another program each time, so that none is there already; the disk holds one.
  void NextProgram() {
    ::unlink(StoredPath().c_str());
    ++number_;
    std::memcpy(program_.data(), &number_, sizeof(number_));
    digest_ = Sha256(program_);
  }

  void Upload() {
    const absl::Status status = client_->Upload(token_, "demo", digest_, program_);
    if (!status.ok()) Fail(absl::StrFormat("upload: %s", status.ToString()));
  }

  std::string StoredPath() const {
    return absl::StrFormat("%s/programs/demo/%s/%s", front_,
                           testing::TestKey(10).public_key().ToHex(), HexEncode(digest_));
  }

  // What was uploaded lies on the front's disk.
  void CheckUpload() {
    NextProgram();
    const absl::Status status = client_->Upload(token_, "demo", digest_, program_);
    if (!status.ok()) Fail(absl::StrFormat("upload: %s", status.ToString()));
    const std::string stored = Value(ReadFile(StoredPath()), "the stored program");
    Check(Sha256(stored) == digest_, "another program was stored");
    Check(!client_->Upload(token_, "demo", Digest{}, program_).ok(),
          "a program with another hash was taken");
  }

  void Stream() {
    grpc::ClientContext context;
    v1::UploadProgramResponse response;
    const auto writer = stream_->UploadProgram(&context, &response);
    for (const v1::UploadProgramRequest& chunk : chunks_) {
      Check(writer->Write(chunk), "the stream broke");
    }
    writer->WritesDone();
    Check(writer->Finish().ok(), "the stream failed");
  }

  std::string DiskPath() const { return folder_.path() + "/written"; }
  void WriteOut() {
    const UniqueFd file = Value(CreateForWrite(DiskPath(), 0600), "a file");
    for (size_t at = 0; at < program_.size(); at += kChunkBytes) {
      const std::string_view chunk = std::string_view(program_).substr(at, kChunkBytes);
      Check(WriteAll(file.get(), AsBytes(chunk), Deadline::Never()).ok(), "write");
    }
    Check(::fsync(file.get()) == 0, "fsync");
  }

  TempDir folder_;
  std::string front_;
  std::string program_;
  uint64_t number_ = 0;
  Digest digest_{};
  std::vector<v1::UploadProgramRequest> chunks_;
  testing::FakeVault vault_;
  std::optional<Server> front_server_;
  std::optional<Server> drop_server_;
  std::unique_ptr<cli::Server> client_;
  std::shared_ptr<grpc::Channel> stream_channel_;
  std::unique_ptr<v1::ContestantService::Stub> stream_;
  std::string token_;
};

}  // namespace

std::unique_ptr<Fixture> Define(Suite& suite) { return std::make_unique<UploadFixture>(suite); }

}  // namespace pinhole::bench
