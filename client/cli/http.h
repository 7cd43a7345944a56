// HTTP for witnesses, by cpp-httplib (docs/adr/0025-witnesses-by-http.md); http.cc is the only file
// that includes its header. The server has no TLS: a reverse proxy stands before it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/system/unique_fd.h"

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

// Breaks off one caller's calls from another thread: the one under way ends at once, and so do all
// later ones. A name that is being resolved is waited for. Thread-safe.
class HttpBreak {
 public:
  void BreakOff();

  // For PostText: the call's connection from here on, and that there is none any more.
  void Watch(int socket);
  void Forget();

 private:
  absl::Mutex mutex_;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  // A duplicate: the number of one that the call closed may be another file's by now.
  UniqueFd socket_ ABSL_GUARDED_BY(mutex_);
};

// One POST to http://… or https://… (with the system's certificates). Errors: INVALID_ARGUMENT for
// what is no such address; UNAVAILABLE when no answer came, one above the limit, or the call was
// broken off.
absl::StatusOr<HttpAnswer> PostText(const std::string& url, const std::string& body,
                                    HttpBreak* broken = nullptr);

}  // namespace pinhole::cli
