// The floor of the upload: a gRPC server over TLS that takes the same calls and drops every byte.
//
//   bench_drop_server FRONT-FOLDER     it uses that folder's certificate
#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <cstdio>

#include "pinhole/v1/contestant_service.grpc.pb.h"
#include "server/front/folder.h"

namespace pinhole::bench {
namespace {

class DroppingReactor final : public grpc::ServerReadReactor<v1::UploadProgramRequest> {
 public:
  DroppingReactor() { StartRead(&part_); }
  void OnReadDone(bool ok) override {
    if (ok) {
      StartRead(&part_);
    } else {
      Finish(grpc::Status::OK);
    }
  }
  void OnDone() override { delete this; }

 private:
  v1::UploadProgramRequest part_;
};

class DroppingService final : public v1::ContestantService::CallbackService {
 public:
  grpc::ServerReadReactor<v1::UploadProgramRequest>* UploadProgram(
      grpc::CallbackServerContext* /*context*/, v1::UploadProgramResponse* /*response*/) override {
    return new DroppingReactor();
  }
};

int Main(int argc, char** argv) {
  if (argc != 2) return 2;
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  const absl::StatusOr<front::ServeFiles> files = front::ReadFolder(argv[1]);
  if (!files.ok()) return 1;
  DroppingService service;
  grpc::SslServerCredentialsOptions options(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  options.pem_key_cert_pairs.push_back({files->key_pem, files->certificate_pem});
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);
  server->Shutdown();
  return 0;
}

}  // namespace
}  // namespace pinhole::bench

int main(int argc, char** argv) { return pinhole::bench::Main(argc, argv); }
