// The one place where the client speaks gRPC: a Server behind a pinned TLS connection.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/cli/refusal.h"
#include "client/cli/server.h"
#include "client/cli/tls_leaf.h"
#include "pinhole/v1/audit_service.grpc.pb.h"
#include "pinhole/v1/contestant_service.grpc.pb.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"

namespace pinhole::cli {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(10);
constexpr absl::Duration kCallTimeout = absl::Seconds(30);
constexpr size_t kChunkBytes = size_t{256} << 10;
// 500 entries of the longest kind stay below gRPC's 4 MiB a message.
constexpr int64_t kPageSize = 500;

absl::StatusCode CodeOf(grpc::StatusCode code) {
  switch (code) {
    // What a server says is never taken for the person's mistake in typing, nor for a failed
    // verification: those two are this program's to find.
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::DATA_LOSS:
    case grpc::StatusCode::OUT_OF_RANGE:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return static_cast<absl::StatusCode>(code);
  }
}

std::string MetadataOf(const grpc::ClientContext& context, const char* name) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find(name);
  return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
}

// A call that was broken off has no metadata: then the reason ends the text, in brackets.
std::string ReasonOf(const grpc::Status& status, const grpc::ClientContext& context) {
  std::string reason = MetadataOf(context, "pinhole-reason");
  if (!reason.empty()) return reason;
  const std::string text = status.error_message();
  const size_t open = text.rfind('[');
  if (open == std::string::npos || !text.ends_with(']')) return "";
  return text.substr(open + 1, text.size() - open - 2);
}

absl::Status StatusOf(const grpc::Status& status, const grpc::ClientContext& context,
                      std::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  std::string next(NextStep(ReasonOf(status, context)));
  // The server's hint goes to a screen: digits or nothing.
  const auto wait =
      ParseIntegerIn(MetadataOf(context, "pinhole-retry-after"), 1, int64_t{30} * 86'400);
  if (wait.ok()) {
    next += absl::StrFormat("%stry again in %s", next.empty() ? "" : "; ",
                            absl::FormatDuration(absl::Seconds(*wait)));
  }
  return absl::Status(
      CodeOf(status.error_code()),
      absl::StrFormat("%s: %s%s%s", doing, status.error_message(), next.empty() ? "" : "; ", next));
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

void SetDeadline(grpc::ClientContext& context, absl::Duration timeout) {
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
}
void SetToken(grpc::ClientContext& context, const std::string& token) {
  context.AddMetadata("authorization", "Bearer " + token);
}

SubmitAnswer AnswerOf(const v1::Submission& submission) {
  SubmitAnswer answer{.request_id = submission.request_id(),
                      .result_round = submission.result_round(),
                      .result_time = TimeOf(submission.result_time()),
                      .refusal = submission.refusal()};
  switch (submission.state()) {
    case v1::Submission::STATE_SCHEDULED:
      answer.state = SubmitAnswer::State::kScheduled;
      break;
    case v1::Submission::STATE_RELEASED:
      answer.state = SubmitAnswer::State::kReleased;
      break;
    case v1::Submission::STATE_REFUSED:
      answer.state = SubmitAnswer::State::kRefused;
      break;
    default:
      break;
  }
  return answer;
}

class GrpcServer final : public Server {
 public:
  explicit GrpcServer(const std::shared_ptr<grpc::Channel>& channel)
      : audit_(v1::AuditService::NewStub(channel)),
        contestant_(v1::ContestantService::NewStub(channel)) {}

  absl::StatusOr<ServerInfo> Info() override {
    grpc::ClientContext context;
    SetDeadline(context, kCallTimeout);
    v1::GetServerInfoResponse response;
    RETURN_IF_ERROR(
        StatusOf(audit_->GetServerInfo(&context, {}, &response), context, "ask who the server is"));
    return ServerInfo{.log_vkey = response.log_vkey(), .version = response.version()};
  }

  absl::StatusOr<std::string> Checkpoint() override {
    grpc::ClientContext context;
    SetDeadline(context, kCallTimeout);
    v1::GetCheckpointResponse response;
    RETURN_IF_ERROR(StatusOf(audit_->GetCheckpoint(&context, {}, &response), context,
                             "get the signed log head"));
    return response.checkpoint();
  }

  absl::StatusOr<std::vector<std::string>> Entries(int64_t start, int64_t count) override {
    grpc::ClientContext context;
    SetDeadline(context, kCallTimeout);
    v1::ListEntriesRequest request;
    request.set_start(start);
    request.set_page_size(static_cast<int32_t>(std::min(count, kPageSize)));
    v1::ListEntriesResponse response;
    RETURN_IF_ERROR(StatusOf(audit_->ListEntries(&context, request, &response), context,
                             absl::StrFormat("get ledger entries from %d on", start)));
    std::vector<std::string> entries;
    for (v1::LedgerEntry& entry : *response.mutable_entries()) {
      entries.push_back(std::move(*entry.mutable_entry()));
    }
    return entries;
  }

  absl::Status Watch(int64_t start, absl::Time until, const WatchHandler& handler) override {
    // A stream ends when its connection is renewed, or when this side read too slowly: it goes on
    // from the next entry. One that brought nothing is not tried again.
    while (true) {
      const int64_t before = start;
      const absl::StatusOr<Watching> end = WatchOnce(start, until, handler);
      if (end.ok()) return absl::OkStatus();
      const bool again =
          absl::IsUnavailable(end.status()) || absl::IsResourceExhausted(end.status());
      if (!again || start == before || absl::Now() >= until) return end.status();
    }
  }

  // Moves `start` behind what was handed on. OK: the handler stopped it.
  absl::StatusOr<Watching> WatchOnce(int64_t& start, absl::Time until,
                                     const WatchHandler& handler) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(until));
    v1::WatchEntriesRequest request;
    request.set_start(start);
    const auto stream = audit_->WatchEntries(&context, request);
    v1::WatchEntriesResponse response;
    while (stream->Read(&response)) {
      WatchEvent event{.start = start, .checkpoint = response.checkpoint()};
      for (v1::LedgerEntry& entry : *response.mutable_entries()) {
        event.entries.push_back(std::move(*entry.mutable_entry()));
      }
      start += static_cast<int64_t>(event.entries.size());
      absl::StatusOr<Watching> watching = handler(event);
      if (watching.ok() && *watching == Watching::kGoOn) continue;
      context.TryCancel();
      stream->Finish().error_code();  // cancelled, as asked
      return watching;
    }
    const grpc::Status end = stream->Finish();
    if (end.ok()) return absl::UnavailableError("the server ended the stream of entries");
    return StatusOf(end, context, "watch the ledger");
  }

  absl::StatusOr<JoinAnswer> Join(const std::string& signed_request) override {
    grpc::ClientContext context;
    SetDeadline(context, kCallTimeout);
    v1::JoinRequest request;
    request.set_signed_request(signed_request);
    v1::JoinResponse response;
    RETURN_IF_ERROR(StatusOf(contestant_->Join(&context, request, &response), context, "join"));
    return JoinAnswer{.token = response.token(), .exchange_time = TimeOf(response.exchange_time())};
  }

  absl::Status Upload(const std::string& token, const std::string& contest, const Digest& program,
                      std::string_view bytes) override {
    grpc::ClientContext context;
    SetToken(context, token);
    v1::UploadProgramResponse response;
    const auto stream = contestant_->UploadProgram(&context, &response);
    v1::UploadProgramRequest request;
    v1::ProgramHeader* const header = request.mutable_header();
    header->set_contest(contest);
    header->set_sha256(std::string(AsText(program)));
    header->set_size_bytes(static_cast<int64_t>(bytes.size()));
    bool open = stream->Write(request);
    for (size_t at = 0; open && at < bytes.size(); at += kChunkBytes) {
      request.set_chunk(std::string(bytes.substr(at, kChunkBytes)));
      open = stream->Write(request);
    }
    stream->WritesDone();
    return StatusOf(stream->Finish(), context, "upload the program");
  }

  absl::StatusOr<SubmitAnswer> Submit(const std::string& token, const std::string& signed_request,
                                      const std::string& message) override {
    grpc::ClientContext context;
    SetDeadline(context, kCallTimeout);
    SetToken(context, token);
    v1::SubmitRequest request;
    request.set_signed_request(signed_request);
    request.set_message(message);
    v1::SubmitResponse response;
    RETURN_IF_ERROR(StatusOf(contestant_->Submit(&context, request, &response), context, "submit"));
    return AnswerOf(response.submission());
  }

  absl::StatusOr<ChooseAnswer> Choose(const std::string& token,
                                      const std::string& signed_request) override {
    grpc::ClientContext context;
    SetDeadline(context, kCallTimeout);
    SetToken(context, token);
    v1::ChooseRequest request;
    request.set_signed_request(signed_request);
    v1::ChooseResponse response;
    RETURN_IF_ERROR(StatusOf(contestant_->Choose(&context, request, &response), context, "choose"));
    return ChooseAnswer{.exchange_time = TimeOf(response.exchange_time()),
                        .taken = response.taken()};
  }

 private:
  std::unique_ptr<v1::AuditService::Stub> audit_;
  std::unique_ptr<v1::ContestantService::Stub> contestant_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Connect(const std::string& address,
                                                const Digest& certificate_key) {
  ASSIGN_OR_RETURN(const TlsLeaf leaf, FetchTlsLeaf(address, kConnectTimeout));
  RETURN_IF_ERROR(CheckPin(address, leaf, certificate_key));
  // The pinned certificate is the only root, so gRPC's own verification accepts its key and no
  // other; its name is the product's, not the host's.
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = leaf.pem;
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("pinhole");
  const std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() +
                                 absl::ToChronoMilliseconds(kConnectTimeout))) {
    return absl::UnavailableError(absl::StrFormat(
        "%s answered, but no gRPC connection came about in %s: is it a Pinhole server?", address,
        absl::FormatDuration(kConnectTimeout)));
  }
  return std::unique_ptr<Server>(std::make_unique<GrpcServer>(channel));
}

}  // namespace pinhole::cli
