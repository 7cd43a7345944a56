#include "tests/unit/front/front_fixture.h"

#include <chrono>

#include "absl/strings/str_format.h"
#include "server/core/base/sha256.h"
#include "server/system/files.h"

namespace pinhole::front {

using testing::DemoPolicy;
using testing::FakeVault;
using testing::TestKey;

std::unique_ptr<grpc::ClientContext> NewContext(std::string_view token) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  if (!token.empty()) context->AddMetadata("authorization", absl::StrFormat("Bearer %s", token));
  return context;
}

Outcome OutcomeOf(const grpc::Status& status, const grpc::ClientContext& context) {
  Outcome outcome{.code = status.error_code(), .text = status.error_message()};
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto text = [&](const char* name) {
    const auto found = metadata.find(name);
    return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
  };
  outcome.reason = text("pinhole-reason");
  outcome.retry_after = text("pinhole-retry-after");
  return outcome;
}

FrontTest::FrontTest(const Limits& limits, const contest::Policy& policy)
    : folder_(TempDir::Make().value()),
      log_(CreateForWrite(folder_.path() + "/log", 0600).value()),
      front_folder_(folder_.path() + "/front"),
      vault_(folder_.path() + "/vault.sock", policy) {
  const auto pin = InitFolder(front_folder_, {.listen = "127.0.0.1:0",
                                              .vault_socket = folder_.path() + "/vault.sock",
                                              .log_vkey = vault_.ledger().Vkey(),
                                              .limits = limits});
  EXPECT_TRUE(pin.ok()) << pin.status();
  StartFront();
}

void FrontTest::StartFront() {
  const auto files = ReadFolder(front_folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  auto server =
      Server::Start(front_folder_, *files, clock_, EventLog(log_.get(), EventLog::Style::kJournal));
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  channel_ = NewChannel();
  audit_ = v1::AuditService::NewStub(channel_);
  contestant_ = v1::ContestantService::NewStub(channel_);
}

std::shared_ptr<grpc::Channel> FrontTest::NewChannel(grpc::ChannelArguments arguments) const {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ReadFile(front_folder_ + "/tls.crt").value();
  arguments.SetSslTargetNameOverride("pinhole");
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(server_->address(), grpc::SslCredentials(options), arguments);
}

std::string FrontTest::Log() const { return ReadFile(folder_.path() + "/log").value(); }

void FrontTest::StopFront() {
  server_.reset();
  vault_.Disconnect();
}

FakeVault::Batch FrontTest::Exchange(std::optional<int> level) {
  const auto batch = vault_.Exchange(level);
  EXPECT_TRUE(batch.ok()) << batch.status();
  AwaitLedger();
  return batch.ok() ? *batch : FakeVault::Batch();
}

std::vector<v1::LedgerEntry> FrontTest::AwaitEntries(int64_t size) {
  const auto context = NewContext();
  v1::WatchEntriesRequest request;
  const auto reader = audit_->WatchEntries(context.get(), request);
  std::vector<v1::LedgerEntry> entries;
  v1::WatchEntriesResponse response;
  while (static_cast<int64_t>(entries.size()) < size && reader->Read(&response)) {
    entries.insert(entries.end(), response.entries().begin(), response.entries().end());
  }
  EXPECT_EQ(static_cast<int64_t>(entries.size()), size) << "the entries did not come";
  context->TryCancel();
  while (reader->Read(&response)) {
  }
  reader->Finish().ok();  // cancelled, as asked
  return entries;
}

pipe::JoinRequest FrontTest::JoinText(int n) const {
  const SigningKey one_use = TestKey(static_cast<uint8_t>(100 + n));
  const pipe::Invitation invitation =
      pipe::SignInvitation(TestKey(1), "demo", absl::StrFormat("team-%d", n), one_use.public_key());
  return pipe::SignJoin(one_use, TeamKey(n), invitation);
}

Outcome FrontTest::Join(int n, v1::JoinResponse* response) {
  const auto context = NewContext();
  v1::JoinRequest request;
  request.set_signed_request(pipe::Encode(JoinText(n)));
  return OutcomeOf(contestant_->Join(context.get(), request, response), *context);
}

std::string FrontTest::MustJoin(int n) {
  v1::JoinResponse response;
  const Outcome outcome = Join(n, &response);
  EXPECT_TRUE(outcome.ok()) << outcome.text;
  return response.token();
}

Outcome FrontTest::Upload(std::string_view token, std::string_view program,
                          std::optional<Digest> announced, std::optional<int64_t> announced_bytes) {
  const auto context = NewContext(token);
  v1::UploadProgramResponse response;
  const auto writer = contestant_->UploadProgram(context.get(), &response);
  v1::UploadProgramRequest header;
  header.mutable_header()->set_contest("demo");
  header.mutable_header()->set_sha256(std::string(AsText(announced.value_or(Sha256(program)))));
  header.mutable_header()->set_size_bytes(
      announced_bytes.value_or(static_cast<int64_t>(program.size())));
  constexpr size_t kChunkBytes = 256 * 1024;
  bool open = writer->Write(header);
  for (size_t offset = 0; open && offset < program.size(); offset += kChunkBytes) {
    v1::UploadProgramRequest chunk;
    chunk.set_chunk(std::string(program.substr(offset, kChunkBytes)));
    open = writer->Write(chunk);
  }
  writer->WritesDone();
  return OutcomeOf(writer->Finish(), *context);
}

pipe::SubmitRequest FrontTest::SubmitText(int n, std::string_view program,
                                          std::string_view id) const {
  pipe::SubmitRequest request{.contest = "demo",
                              .policy = vault_.ledger().contest().policy_digest,
                              .program = Sha256(program),
                              .program_bytes = static_cast<int64_t>(program.size()),
                              .nonce = Sha256(absl::StrFormat("nonce %s", program))};
  const Digest digest = Sha256(id);
  std::copy_n(digest.begin(), request.request_id.size(), request.request_id.begin());
  return pipe::SignSubmit(TeamKey(n), request);
}

Outcome FrontTest::Submit(std::string_view token, const pipe::SubmitRequest& request,
                          v1::Submission* submission, const std::string& message) {
  const auto context = NewContext(token);
  v1::SubmitRequest call;
  call.set_signed_request(pipe::Encode(request));
  call.set_message(message);
  v1::SubmitResponse response;
  const Outcome outcome = OutcomeOf(contestant_->Submit(context.get(), call, &response), *context);
  *submission = response.submission();
  return outcome;
}

Outcome FrontTest::Get(std::string_view token, const pipe::SubmitRequest& request,
                       v1::Submission* submission) {
  const auto context = NewContext(token);
  v1::GetSubmissionRequest call;
  call.set_contest(request.contest);
  call.set_request_id(HexEncode(request.request_id));
  v1::GetSubmissionResponse response;
  const Outcome outcome =
      OutcomeOf(contestant_->GetSubmission(context.get(), call, &response), *context);
  *submission = response.submission();
  return outcome;
}

}  // namespace pinhole::front
