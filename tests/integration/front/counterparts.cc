// The others of a front under attack, as one program: a vault, a client that behaves, and clients
// that speak gRPC but mean no good.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "pinhole/v1/audit_service.grpc.pb.h"
#include "pinhole/v1/contestant_service.grpc.pb.h"
#include "server/core/base/sha256.h"
#include "tests/support/fake_vault.h"

namespace pinhole::testing {
namespace {

void Say(const std::string& line) { std::cout << line << std::endl; }

// Lives beside the front; exchanges when told to.
int RunVault(const std::string& socket) {
  FakeVault vault(socket, DemoPolicy());
  Say(vault.ledger().Vkey());
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto batch = vault.Exchange();
    Say(batch.ok() ? absl::StrFormat("entries %d", vault.ledger().state().size())
                   : batch.status().ToString());
  }
  return 0;
}

std::shared_ptr<grpc::Channel> NewChannel(const std::string& address, const std::string& cert) {
  std::ifstream file(cert);
  std::stringstream pem;
  pem << file.rdbuf();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = pem.str();
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("pinhole");
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, 1 << 20);
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
}

// A bound against a hang, not a measure: a slow machine does not reach it.
void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  // What is asked is how a call ends, not how soon a busy machine shakes hands.
  context.set_wait_for_ready(true);
}

std::string EndOf(const grpc::Status& status, const grpc::ClientContext& context) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto reason = metadata.find("pinhole-reason");
  return absl::StrFormat(
      "%d %s", static_cast<int>(status.error_code()),
      reason == metadata.end() ? "-" : std::string(reason->second.data(), reason->second.size()));
}

// The whole ledger by pages on a fresh connection: "ok ENTRIES SHA256", or what went wrong.
std::string ReadLedger(const std::string& address, const std::string& cert) {
  const auto stub = v1::AuditService::NewStub(NewChannel(address, cert));
  Sha256Hasher hasher;
  int64_t entries = 0;
  v1::ListEntriesRequest request;
  request.set_page_size(3);
  do {
    grpc::ClientContext context;
    SetDeadline(context);
    v1::ListEntriesResponse page;
    const grpc::Status status = stub->ListEntries(&context, request, &page);
    if (!status.ok()) return EndOf(status, context) + " " + status.error_message();
    for (const v1::LedgerEntry& entry : page.entries()) hasher.Update(entry.entry());
    entries += page.entries_size();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::StrFormat("ok %d %s", entries, HexEncode(hasher.Finish()));
}

int RunClient(const std::string& address, const std::string& cert) {
  std::string line;
  while (std::getline(std::cin, line)) Say(ReadLedger(address, cert));
  return 0;
}

std::string Join(v1::ContestantService::Stub& stub) {
  const SigningKey one_use = TestKey(100);
  const pipe::Invitation invitation =
      pipe::SignInvitation(TestKey(1), "demo", "team-0", one_use.public_key());
  grpc::ClientContext context;
  SetDeadline(context);
  v1::JoinRequest request;
  request.set_signed_request(pipe::Encode(pipe::SignJoin(one_use, TestKey(10), invitation)));
  v1::JoinResponse response;
  const grpc::Status status = stub.Join(&context, request, &response);
  if (!status.ok()) Say("join: " + status.error_message());
  return response.token();
}

enum class Ending { kSaysEnd, kSaysNothing };
// Sends a header and some bytes, then its end, or nothing more until the server ends it.
std::string Upload(v1::ContestantService::Stub& stub, const std::string& token, int64_t announced,
                   const std::string& bytes, Ending ending) {
  grpc::ClientContext context;
  SetDeadline(context);
  context.AddMetadata("authorization", "Bearer " + token);
  v1::UploadProgramResponse response;
  const auto writer = stub.UploadProgram(&context, &response);
  v1::UploadProgramRequest part;
  part.mutable_header()->set_contest("demo");
  part.mutable_header()->set_sha256(std::string(AsText(Sha256("something else"))));
  part.mutable_header()->set_size_bytes(announced);
  writer->Write(part);
  part.set_chunk(bytes);
  writer->Write(part);
  if (ending == Ending::kSaysEnd) writer->WritesDone();
  return EndOf(writer->Finish(), context);
}

// Watches that read one message and then nothing, and lists whose answers are fetched by nobody.
void HoldStreams(v1::AuditService::Stub& stub, int count) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchEntriesResponse>>> readers;
  for (int i = 0; i < count; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    SetDeadline(*contexts.back());
    readers.push_back(stub.WatchEntries(contexts.back().get(), {}));
  }
  Say("holding");
  std::string line;
  std::getline(std::cin, line);
}

int RunAttack(const std::string& address, const std::string& cert, const std::string& name) {
  const auto channel = NewChannel(address, cert);
  const auto audit = v1::AuditService::NewStub(channel);
  const auto contestant = v1::ContestantService::NewStub(channel);
  if (name == "watches") {
    HoldStreams(*audit, 90);
  } else if (name == "huge-message") {
    for (const size_t bytes : {(size_t{1} << 20) + 1, size_t{3} << 20, size_t{100} << 20}) {
      grpc::ClientContext context;
      SetDeadline(context);
      v1::JoinRequest request;
      request.set_signed_request(std::string(bytes, 'x'));
      v1::JoinResponse response;
      Say(EndOf(contestant->Join(&context, request, &response), context));
    }
  } else if (name == "huge-metadata") {
    for (const size_t bytes : {size_t{9} << 10, size_t{200} << 10}) {
      grpc::ClientContext context;
      SetDeadline(context);
      context.AddMetadata("x-large", std::string(bytes, 'x'));
      v1::GetServerInfoResponse response;
      Say(EndOf(audit->GetServerInfo(&context, {}, &response), context));
    }
  } else if (name == "garbage-tokens") {
    for (const std::string& token :
         {std::string(), std::string(64, '0'), std::string(5000, 'f'), std::string("' OR 1 --")}) {
      grpc::ClientContext context;
      SetDeadline(context);
      context.AddMetadata("authorization", "Bearer " + token);
      v1::ListSubmissionsRequest request;
      request.set_contest("demo");
      v1::ListSubmissionsResponse response;
      Say(EndOf(contestant->ListSubmissions(&context, request, &response), context));
    }
  } else if (name == "upload-lies") {
    const std::string token = Join(*contestant);
    const std::string bytes(100'000, 'x');
    Say(Upload(*contestant, token, 100'000, bytes, Ending::kSaysEnd));  // another hash
    Say(Upload(*contestant, token, 10, bytes, Ending::kSaysEnd));       // more than announced
    Say(Upload(*contestant, token, 200'000, bytes, Ending::kSaysEnd));  // less than announced
    Say(Upload(*contestant, token, int64_t{1} << 60, bytes, Ending::kSaysEnd));
    Say(Upload(*contestant, token, 200'000, bytes, Ending::kSaysNothing));  // never ends
  } else {
    Say("no such attack");
    return 1;
  }
  return 0;
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.size() == 3 && arguments[1] == "vault") return RunVault(arguments[2]);
  if (arguments.size() == 4 && arguments[1] == "client") {
    return RunClient(arguments[2], arguments[3]);
  }
  if (arguments.size() == 5 && arguments[1] == "attack") {
    return RunAttack(arguments[2], arguments[3], arguments[4]);
  }
  std::fprintf(stderr, "vault SOCKET | client ADDRESS CERT | attack ADDRESS CERT NAME\n");
  return 2;
}

}  // namespace
}  // namespace pinhole::testing

int main(int argc, char** argv) {
  return pinhole::testing::Main(std::vector<std::string>(argv, argv + argc));
}
