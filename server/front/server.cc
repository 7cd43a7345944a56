#include "server/front/server.h"

#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <atomic>
#include <chrono>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/core/base/status.h"
#include "server/front/audit_service.h"
#include "server/front/contestant_service.h"
#include "server/front/desk.h"
#include "server/front/mirror.h"
#include "server/front/store.h"
#include "server/front/watch.h"

namespace pinhole::front {
namespace {

constexpr int kMaxReceiveBytes = 1 << 20;
constexpr size_t kMemoryBytes = size_t{256} << 20;

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  grpc::ResourceQuota quota("pinholed");
  quota.Resize(kMemoryBytes);
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a second server must notice the first
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 8 * 1024);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 100);
  // A connection of nobody is closed; one of a silent watcher is asked whether it lives.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 10 * 60 * 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60 * 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20 * 1000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 30 * 1000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
}

class RunningServer final : public Server {
 public:
  RunningServer(Store store, NoteVerifier log_key, const WallClock& clock)
      : store_(std::move(store)),
        mirror_(std::move(log_key)),
        watches_(mirror_),
        audit_(mirror_, watches_, clock) {}
  ~RunningServer() override { Stop(absl::ZeroDuration()); }

  absl::Status Run(const std::string& folder, const ServeFiles& files, OperatorLog log) {
    ASSIGN_OR_RETURN(desk_, Desk::Open(folder, store_, mirror_));
    mirror_.SetListener([this] { watches_.Notify(); });
    contestant_ = std::make_unique<ContestantService>(store_, *desk_);
    RETURN_IF_ERROR(Listen(files));
    pipe_ =
        std::make_unique<PipeClient>(files.config.vault_socket, *desk_, mirror_, std::move(log));
    pipe_->Start();
    return absl::OkStatus();
  }

  std::string address() const override { return address_; }

  void Stop(absl::Duration patience) override {
    if (pipe_ != nullptr) pipe_->Stop();
    if (grpc_ == nullptr || stopped_.exchange(true)) return;
    grpc_->Shutdown(absl::ToChronoTime(absl::Now() + patience));
    grpc_->Wait();
  }

 private:
  absl::Status Listen(const ServeFiles& files) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    SetLimits(builder);
    grpc::SslServerCredentialsOptions options(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_key_cert_pairs.push_back({files.key_pem, files.certificate_pem});
    int port = 0;
    const std::string& listen = files.config.listen;
    builder.AddListeningPort(listen, grpc::SslServerCredentials(options), &port);
    builder.RegisterService(&audit_);
    builder.RegisterService(contestant_.get());
    grpc_ = builder.BuildAndStart();
    if (grpc_ == nullptr || port == 0) {
      return absl::UnavailableError(
          absl::StrFormat("cannot listen on %s: is another server there, or is it no address of "
                          "this machine? Change `listen` in pinholed.toml",
                          listen));
    }
    address_ = absl::StrFormat("%s:%d", listen.substr(0, listen.rfind(':')), port);
    return absl::OkStatus();
  }

  // In this order: what stands below uses what stands above it.
  Store store_;
  Mirror mirror_;
  WatchHub watches_;
  std::unique_ptr<Desk> desk_;
  AuditService audit_;
  std::unique_ptr<ContestantService> contestant_;
  std::unique_ptr<PipeClient> pipe_;
  std::unique_ptr<grpc::Server> grpc_;
  std::string address_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const std::string& folder,
                                                      const ServeFiles& files,
                                                      const WallClock& clock, OperatorLog log) {
  ASSIGN_OR_RETURN(NoteVerifier log_key, NoteVerifier::FromVkey(files.config.log_vkey));
  ASSIGN_OR_RETURN(Store store, Store::Open(DatabasePath(folder)));
  auto server = std::make_unique<RunningServer>(std::move(store), std::move(log_key), clock);
  RETURN_IF_ERROR(server->Run(folder, files, std::move(log)));
  return server;
}

}  // namespace pinhole::front
