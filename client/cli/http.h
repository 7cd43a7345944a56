// HTTP for witnesses, by cpp-httplib (docs/adr/0025-witnesses-by-http.md); http.cc is the only file
// that includes its header. The server has no TLS: a reverse proxy stands before it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pinhole::cli {

// More than a witness's request or answer can have; the rest is refused unread.
inline constexpr size_t kHttpBodyLimitBytes = size_t{64} << 10;

inline constexpr char kPlainText[] = "text/plain; charset=utf-8";

struct HttpAnswer {
  int code = 500;
  std::string content_type = kPlainText;
  std::string body;
};

// Called from several threads at once.
struct HttpHandlers {
  std::string post_path;  // the one path that takes a POST
  std::function<HttpAnswer(std::string_view body)> post;
  std::function<HttpAnswer(std::string_view path)> get;  // every path
};

// Serves until the process ends. `host` is a name or an address, `port` 0 takes a free one;
// `on_listening` is called with the port before the first request is taken. Errors:
// FAILED_PRECONDITION when the address cannot be listened on.
absl::Status ServeHttp(const std::string& host, int port, const HttpHandlers& handlers,
                       const std::function<void(int port)>& on_listening);

// One POST to http://… or https://… (with the system's certificates). Errors: INVALID_ARGUMENT for
// what is no such address; UNAVAILABLE when no answer came, or one above the limit.
absl::StatusOr<HttpAnswer> PostText(const std::string& url, const std::string& body);

}  // namespace pinhole::cli
