#include "client/cli/http.h"

#include <fcntl.h>
#include <httplib.h>
#include <sys/socket.h>

#include <optional>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"

namespace pinhole::cli {
namespace {

// A witness is asked a few times a round; strangers who hold connections open get no further.
constexpr size_t kThreads = 4;
constexpr time_t kIdleSeconds = 5;
constexpr size_t kRequestsPerConnection = 100;
constexpr time_t kConnectSeconds = 10;
// An auditing cosigner replays the whole ledger before it answers.
constexpr time_t kAnswerSeconds = 300;

// A receiver that takes no more than the limit, whatever the sender declared or compressed.
httplib::ContentReceiver Into(std::string& body) {
  return [&body](const char* data, size_t size) {
    if (size > kHttpBodyLimitBytes - body.size()) return false;
    body.append(data, size);
    return true;
  };
}

void Give(const HttpAnswer& answer, httplib::Response& response) {
  response.status = answer.code;
  response.set_content(answer.body, answer.content_type);
}

// The library would let a second server take the same port (SO_REUSEPORT) and answer half of the
// requests from another folder.
void SetSocketOptions(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

// Answers what is not served before its body is read: only the handler below bounds one.
httplib::Server::HandlerResponse RefuseOtherCalls(const HttpHandlers& handlers,
                                                  const httplib::Request& request,
                                                  httplib::Response& response) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (reads || (request.method == "POST" && request.path == handlers.post_path)) {
    return httplib::Server::HandlerResponse::Unhandled;
  }
  response.set_header("Connection", "close");
  Give({.code = request.method == "POST" ? 404 : 405, .body = "no such call\n"}, response);
  return httplib::Server::HandlerResponse::Handled;
}

struct Target {
  std::string server;  // scheme, host and port
  std::string path;
};

std::optional<Target> Split(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return std::nullopt;
  const size_t path = std::min(url.find('/', scheme + 3), url.size());
  return Target{url.substr(0, path), path == url.size() ? "/" : url.substr(path)};
}

}  // namespace

absl::Status ServeHttp(const std::string& host, int port, const HttpHandlers& handlers,
                       const std::function<void(int port)>& on_listening) {
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_socket_options(SetSocketOptions);
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(kRequestsPerConnection);
  server.set_keep_alive_timeout(kIdleSeconds);
  server.set_read_timeout(kIdleSeconds);
  server.set_write_timeout(kIdleSeconds);
  server.set_payload_max_length(kHttpBodyLimitBytes);
  server.set_exception_handler(
      [](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
        Give({.code = 500, .body = "the witness failed\n"}, response);
      });
  server.set_pre_routing_handler(
      [&handlers](const httplib::Request& request, httplib::Response& response) {
        return RefuseOtherCalls(handlers, request, response);
      });
  server.Post(handlers.post_path, [&handlers](const httplib::Request&, httplib::Response& response,
                                              const httplib::ContentReader& read) {
    std::string body;
    if (read(Into(body))) return Give(handlers.post(body), response);
    response.set_header("Connection", "close");
    Give({.code = 413, .body = "too large, or cut short\n"}, response);
  });
  server.Get("/.*", [&handlers](const httplib::Request& request, httplib::Response& response) {
    Give(handlers.get(request.path), response);
  });
  const int bound = port == 0                         ? server.bind_to_any_port(host)
                    : server.bind_to_port(host, port) ? port
                                                      : -1;
  if (bound <= 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "cannot listen on %s port %d: is the address this machine's, and the port free?", host,
        port));
  }
  on_listening(bound);
  server.listen_after_bind();
  return absl::FailedPreconditionError("the server of the witness ended");
}

void HttpBreak::BreakOff() {
  const absl::MutexLock lock(&mutex_);
  broken_ = true;
  if (socket_.valid()) ::shutdown(socket_.get(), SHUT_RDWR);
}

void HttpBreak::Watch(int socket) {
  const absl::MutexLock lock(&mutex_);
  socket_ = UniqueFd(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
  // It is not connected yet: the call will find it at its end.
  if (broken_) ::shutdown(socket, SHUT_RDWR);
}

void HttpBreak::Forget() {
  const absl::MutexLock lock(&mutex_);
  socket_.Close();
}

absl::StatusOr<HttpAnswer> PostText(const std::string& url, const std::string& body,
                                    HttpBreak* broken) {
  const std::optional<Target> target = Split(url);
  if (!target.has_value()) {
    return absl::InvalidArgumentError(absl::StrFormat("%s is no http:// or https:// address", url));
  }
  httplib::Client client(target->server);
  if (!client.is_valid()) {
    return absl::InvalidArgumentError(absl::StrFormat("%s is no http:// or https:// address", url));
  }
  client.set_tcp_nodelay(true);
  client.set_connection_timeout(kConnectSeconds);
  client.set_write_timeout(kConnectSeconds);
  client.set_read_timeout(kAnswerSeconds);
  httplib::Request request;
  request.method = "POST";
  request.path = target->path;
  request.body = body;
  request.set_header("Content-Type", kPlainText);
  HttpAnswer answer;
  request.content_receiver = [receive = Into(answer.body)](const char* data, size_t size, uint64_t,
                                                           uint64_t) {
    return receive(data, size);
  };
  if (broken != nullptr) {
    client.set_socket_options([broken](socket_t socket) { broken->Watch(socket); });
  }
  const httplib::Result result = client.send(request);
  if (broken != nullptr) broken->Forget();
  if (!result) {
    return absl::UnavailableError(absl::StrFormat("no answer from %s: %s", target->server,
                                                  httplib::to_string(result.error())));
  }
  answer.code = result->status;
  answer.content_type = result->get_header_value("Content-Type");
  return answer;
}

}  // namespace pinhole::cli
