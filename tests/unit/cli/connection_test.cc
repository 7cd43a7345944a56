// The real connection, over loopback TLS: whom it accepts, and what comes through.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "client/cli/exit_code.h"
#include "client/cli/mirror.h"
#include "client/cli/server.h"
#include "client/cli/tls_leaf.h"
#include "pinhole/v1/audit_service.grpc.pb.h"
#include "pinhole/v1/contestant_service.grpc.pb.h"
#include "server/core/base/text.h"
#include "server/system/temp_dir.h"
#include "tests/support/ledger_builder.h"
#include "tests/unit/cli/memory_entries.h"

namespace pinhole::cli {
namespace {

using ::pinhole::testing::DemoPolicy;
using ::pinhole::testing::LedgerBuilder;
using ::testing::HasSubstr;

// A self-signed certificate for DNS:pinhole, as the front makes it.
struct TestCertificate {
  std::string key_pem;
  std::string pem;
};

std::string ReadMemory(BIO* memory) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  return std::string(text, static_cast<size_t>(size));
}

TestCertificate MakeCertificate() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("pinhole"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* const names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:pinhole");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate, key, EVP_sha256());
  TestCertificate made;
  BIO* const memory = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(memory, key, nullptr, nullptr, 0, nullptr, nullptr);
  made.key_pem = ReadMemory(memory);
  BIO_reset(memory);
  PEM_write_bio_X509(memory, certificate);
  made.pem = ReadMemory(memory);
  BIO_free(memory);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return made;
}

class FakeAudit final : public v1::AuditService::Service {
 public:
  explicit FakeAudit(const LedgerBuilder& ledger) : ledger_(ledger) {}

  grpc::Status GetCheckpoint(grpc::ServerContext* context, const v1::GetCheckpointRequest*,
                             v1::GetCheckpointResponse* response) override {
    if (ledger_.entries().empty()) {
      context->AddTrailingMetadata("pinhole-reason", "NO_LEDGER");
      return {grpc::StatusCode::UNAVAILABLE, "no ledger"};
    }
    response->set_checkpoint(ledger_.Checkpoint());
    return grpc::Status::OK;
  }
  grpc::Status ListEntries(grpc::ServerContext*, const v1::ListEntriesRequest* request,
                           v1::ListEntriesResponse* response) override {
    const auto& entries = ledger_.entries();
    for (size_t i = static_cast<size_t>(request->start());
         i < entries.size() && response->entries_size() < 2; ++i) {
      v1::LedgerEntry* const entry = response->add_entries();
      entry->set_index(static_cast<int64_t>(i));
      entry->set_entry(entries[i]);
    }
    return grpc::Status::OK;
  }
  grpc::Status WatchEntries(grpc::ServerContext*, const v1::WatchEntriesRequest* request,
                            grpc::ServerWriter<v1::WatchEntriesResponse>* writer) override {
    v1::WatchEntriesResponse response;
    for (size_t i = static_cast<size_t>(request->start()); i < ledger_.entries().size(); ++i) {
      response.add_entries()->set_entry(ledger_.entries()[i]);
    }
    response.set_checkpoint(ledger_.Checkpoint());
    writer->Write(response);
    return grpc::Status::OK;
  }

 private:
  const LedgerBuilder& ledger_;
};

class FakeContestant final : public v1::ContestantService::Service {
 public:
  grpc::Status UploadProgram(grpc::ServerContext* context,
                             grpc::ServerReader<v1::UploadProgramRequest>* reader,
                             v1::UploadProgramResponse* response) override {
    for (const auto& [key, value] : context->client_metadata()) {
      if (key == "authorization") authorization = std::string(value.data(), value.size());
    }
    v1::UploadProgramRequest request;
    reader->Read(&request);
    size_bytes = request.header().size_bytes();
    while (reader->Read(&request)) {
      largest_chunk = std::max(largest_chunk, request.chunk().size());
      program += request.chunk();
    }
    response->set_sha256(request.header().sha256());
    return grpc::Status::OK;
  }
  grpc::Status Submit(grpc::ServerContext* context, const v1::SubmitRequest*,
                      v1::SubmitResponse*) override {
    context->AddTrailingMetadata("pinhole-reason", "NO_TRY_LEFT");
    return {grpc::StatusCode::RESOURCE_EXHAUSTED, "no try is left"};
  }

  std::string authorization;
  std::string program;
  size_t largest_chunk = 0;
  int64_t size_bytes = 0;
};

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() : certificate_(MakeCertificate()), audit_(ledger_) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({certificate_.key_pem, certificate_.pem});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port_);
    builder.RegisterService(&audit_);
    builder.RegisterService(&contestant_);
    server_ = builder.BuildAndStart();
  }
  ~ConnectionTest() override { server_->Shutdown(); }

  std::string Address() const { return "127.0.0.1:" + std::to_string(port_); }
  Digest Pin() const {
    const absl::StatusOr<TlsLeaf> leaf = FetchTlsLeaf(Address(), absl::Seconds(5));
    EXPECT_TRUE(leaf.ok()) << leaf.status();
    EXPECT_EQ(leaf->pem, certificate_.pem);
    return leaf->key;
  }
  std::unique_ptr<Server> MustConnect() const {
    absl::StatusOr<std::unique_ptr<Server>> server = Connect(Address(), Pin());
    EXPECT_TRUE(server.ok()) << server.status();
    return *std::move(server);
  }
  void Fill() {
    ledger_.Start();
    ledger_.Dataset();
    ledger_.OpenContest(DemoPolicy());
    for (int i = 0; i < 4; ++i) ledger_.Round();
  }

  TestCertificate certificate_;
  LedgerBuilder ledger_;
  FakeAudit audit_;
  FakeContestant contestant_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(ConnectionTest, APinnedServerIsSynced) {
  Fill();
  const std::unique_ptr<Server> server = MustConnect();
  const absl::StatusOr<TempDir> folder = TempDir::Make();
  absl::StatusOr<Mirror> mirror =
      Mirror::Open(folder->path(), *NoteVerifier::FromVkey(ledger_.Vkey()));
  ASSERT_TRUE(mirror.ok()) << mirror.status();
  EXPECT_EQ(*mirror->Sync(*server), 7);
  EXPECT_EQ(*testing::AllEntries(**mirror->Entries()), ledger_.entries());
}

TEST_F(ConnectionTest, AnotherKeyIsRefused) {
  const absl::StatusOr<std::unique_ptr<Server>> server = Connect(Address(), Sha256("other"));
  EXPECT_EQ(ExitCodeOf(server.status()), ExitCode::kVerification) << server.status();
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("IMPOSTOR REFUSED"));
}

TEST_F(ConnectionTest, NobodyThereIsUnreachable) {
  server_->Shutdown();
  EXPECT_EQ(ExitCodeOf(Connect(Address(), Sha256("any")).status()), ExitCode::kUnreachable);
}

TEST_F(ConnectionTest, ARefusalSaysTheNextStep) {
  const std::unique_ptr<Server> server = MustConnect();
  const absl::Status no_ledger = server->Checkpoint().status();
  EXPECT_EQ(ExitCodeOf(no_ledger), ExitCode::kUnreachable);
  EXPECT_THAT(std::string(no_ledger.message()), HasSubstr("try again after its first exchange"));
  const absl::Status no_try = server->Submit("token", "request", "").status();
  EXPECT_EQ(ExitCodeOf(no_try), ExitCode::kRefused);
  EXPECT_THAT(std::string(no_try.message()), HasSubstr("pinhole status"));
}

TEST_F(ConnectionTest, AProgramIsUploadedInChunks) {
  const std::unique_ptr<Server> server = MustConnect();
  const std::string program(700'000, 'x');
  const absl::Status uploaded = server->Upload("a-token", "demo", Sha256(program), program);
  ASSERT_TRUE(uploaded.ok()) << uploaded;
  EXPECT_EQ(contestant_.program, program);
  EXPECT_EQ(contestant_.size_bytes, 700'000);
  EXPECT_EQ(contestant_.largest_chunk, size_t{256} << 10);
  EXPECT_EQ(contestant_.authorization, "Bearer a-token");
}

TEST_F(ConnectionTest, WatchEndsWhenTheHandlerSaysSo) {
  Fill();
  const std::unique_ptr<Server> server = MustConnect();
  int64_t seen = 0;
  const auto handler = [&](const WatchEvent& event) -> absl::StatusOr<Watching> {
    seen += static_cast<int64_t>(event.entries.size());
    EXPECT_EQ(event.start, 2);
    return event.checkpoint.empty() ? Watching::kGoOn : Watching::kStop;
  };
  EXPECT_TRUE(server->Watch(2, absl::Now() + absl::Seconds(10), handler).ok());
  EXPECT_EQ(seen, 5);
  const auto failing = [&](const WatchEvent&) -> absl::StatusOr<Watching> {
    return absl::DataLossError("not verified");
  };
  EXPECT_EQ(server->Watch(0, absl::Now() + absl::Seconds(10), failing).code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace pinhole::cli
