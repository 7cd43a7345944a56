#include "server/front/server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/core/base/status.h"
#include "server/front/acceptor.h"
#include "server/front/audit_service.h"
#include "server/front/call_gate.h"
#include "server/front/call_timer.h"
#include "server/front/contestant_service.h"
#include "server/front/desk.h"
#include "server/front/front_log.h"
#include "server/front/health_service.h"
#include "server/front/mirror.h"
#include "server/front/pipe_client.h"
#include "server/front/public_files.h"
#include "server/front/reason.h"
#include "server/front/store.h"
#include "server/front/upload_quota.h"
#include "server/front/upload_reactor.h"
#include "server/front/watch.h"
#include "server/front/witness_folder.h"

namespace pinhole::front {
namespace {

constexpr int kMetadataBytes = 8 * 1024;
constexpr int kKeepaliveTimeoutMs = 20 * 1000;
constexpr int kAgeGraceMs = 60 * 1000;
constexpr int kFewestMsBetweenPings = 30 * 1000;

int Milliseconds(int64_t seconds) {
  return static_cast<int>(std::min<int64_t>(seconds, INT32_MAX / 1000) * 1000);
}

// A path of the settings: relative to their folder, or absolute.
std::string Absolute(const std::string& folder, const std::string& path) {
  return path.starts_with('/') ? path : folder + "/" + path;
}

void SetLimits(const Limits& limits, grpc::ServerBuilder& builder) {
  // What is above the limit but not far gets its reason from us; beyond, gRPC ends the call.
  builder.SetMaxReceiveMessageSize(static_cast<int>(2 * limits.message_bytes));
  grpc::ResourceQuota quota("pinholed");
  quota.Resize(static_cast<size_t>(limits.memory_bytes));
  builder.SetResourceQuota(quota);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             static_cast<int>(limits.streams_per_connection));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             Milliseconds(limits.handshake_seconds));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, Milliseconds(limits.idle_seconds));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             Milliseconds(limits.connection_age_seconds));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kAgeGraceMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(limits.keepalive_seconds));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kFewestMsBetweenPings);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2);
}

class RunningServer final : public Server {
 public:
  RunningServer(Store store, NoteVerifier log_key, const Limits& limits, const std::string& folder,
                const WallClock& clock, const EventLog& log)
      : log_(std::make_shared<FrontLog>(log)),
        store_(std::move(store)),
        mirror_(std::move(log_key)),
        gate_(limits),
        quota_(limits, store_, folder, clock),
        watches_(mirror_, keepers_),
        audit_(mirror_, watches_, keepers_, clock),
        health_(keepers_) {
    timer_.Add(log_);
  }
  ~RunningServer() override { Stop(absl::ZeroDuration()); }

  absl::Status Run(const std::string& folder, const ServeFiles& files) {
    ASSIGN_OR_RETURN(desk_, Desk::Open(folder, store_, mirror_));
    RETURN_IF_ERROR(OpenPublicFiles(folder, files.config.public_folder));
    RETURN_IF_ERROR(OpenWitnessFolder(folder, files.config.witness_folder));
    mirror_.SetListener([this] {
      watches_.Notify();
      if (public_files_ != nullptr) public_files_->Grow();
    });
    uploads_ = std::make_unique<UploadHub>(store_, *desk_, quota_, keepers_);
    contestant_ = std::make_unique<ContestantService>(store_, *desk_, *uploads_, keepers_);
    RETURN_IF_ERROR(Listen(files));
    log_->Write(event::Serving{.ledger = mirror_.size()});
    pipe_ =
        std::make_unique<PipeClient>(files.config.vault_socket, *desk_, mirror_, *heads_, *log_);
    pipe_->Start();
    return absl::OkStatus();
  }

  std::string address() const override { return address_; }

  void Stop(absl::Duration patience) override {
    if (grpc_ == nullptr || stopped_.exchange(true)) return;
    const absl::Time end = absl::Now() + patience;
    health_.Stop();
    acceptor_->Stop();
    gate_.Drain();
    const absl::Status stopping =
        Refuse(Reason::kStopping, absl::StatusCode::kUnavailable,
               "the server is stopping: call again when it is back, watches from the next entry");
    watches_.EndAll(stopping);
    while (gate_.uploads() > 0 && absl::Now() < end) absl::SleepFor(absl::Milliseconds(10));
    uploads_->EndAll(stopping);
    if (pipe_ != nullptr) pipe_->Stop();
    // A moment for the ends above to be sent; gRPC cancels what is left.
    constexpr absl::Duration kLastMoment = absl::Milliseconds(500);
    grpc_->Shutdown(absl::ToChronoTime(absl::Now() + std::min(patience, kLastMoment)));
    grpc_->Wait();
    log_->Flush();
  }

 private:
  absl::Status OpenPublicFiles(const std::string& folder, const std::string& path) {
    if (path.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(public_files_, PublicFiles::Open(Absolute(folder, path), mirror_, *log_));
    return absl::OkStatus();
  }

  absl::Status OpenWitnessFolder(const std::string& folder, const std::string& path) {
    if (path.empty()) {
      heads_ = std::make_unique<NoWitnesses>(*log_);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(heads_, WitnessFolder::Open(Absolute(folder, path), mirror_, *log_));
    return absl::OkStatus();
  }

  absl::Status Listen(const ServeFiles& files) {
    const std::string& listen = files.config.listen;
    ASSIGN_OR_RETURN(std::vector<UniqueFd> listeners, Acceptor::Listen(listen));
    grpc::ServerBuilder builder;
    SetLimits(files.config.limits, builder);
    grpc::SslServerCredentialsOptions options(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    options.pem_key_cert_pairs.push_back({files.key_pem, files.certificate_pem});
    using ServerBuilder = grpc::ServerBuilder::experimental_type;
    connections_ = builder.experimental().AddExternalConnectionAcceptor(
        ServerBuilder::ExternalConnectionType::FROM_FD, grpc::SslServerCredentials(options));
    builder.RegisterService(&audit_);
    builder.RegisterService(&health_);
    builder.RegisterService(contestant_.get());
    grpc_ = builder.BuildAndStart();
    if (grpc_ == nullptr) return absl::InternalError("gRPC does not start: see its lines above");
    acceptor_ = std::make_unique<Acceptor>(
        files.config.limits, std::move(listeners), [this](UniqueFd connection) {
          grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
          parameters.fd = connection.Release();
          connections_->HandleNewConnection(&parameters);
        });
    RETURN_IF_ERROR(acceptor_->Start());
    address_ = absl::StrFormat("%s:%d", listen.substr(0, listen.rfind(':')), acceptor_->port());
    return absl::OkStatus();
  }

  // In this order: what stands below uses what stands above it.
  const std::shared_ptr<FrontLog> log_;
  Store store_;
  Mirror mirror_;
  CallGate gate_;
  CallTimer timer_;
  const CallKeepers keepers_{gate_, timer_, *log_};
  UploadQuota quota_;
  WatchHub watches_;
  std::unique_ptr<PublicFiles> public_files_;
  std::unique_ptr<WaitingHeads> heads_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<UploadHub> uploads_;
  AuditService audit_;
  HealthService health_;
  std::unique_ptr<ContestantService> contestant_;
  std::unique_ptr<PipeClient> pipe_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections_;
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<Acceptor> acceptor_;
  std::string address_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const std::string& folder,
                                                      const ServeFiles& files,
                                                      const WallClock& clock, const EventLog& log) {
  ASSIGN_OR_RETURN(NoteVerifier log_key, NoteVerifier::FromVkey(files.config.log_vkey));
  ASSIGN_OR_RETURN(Store store, Store::Open(DatabasePath(folder)));
  auto server = std::make_unique<RunningServer>(std::move(store), std::move(log_key),
                                                files.config.limits, folder, clock, log);
  RETURN_IF_ERROR(server->Run(folder, files));
  return server;
}

}  // namespace pinhole::front
