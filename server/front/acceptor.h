// Takes TCP connections and counts them by address, before TLS and gRPC spend anything on them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/front/limits.h"
#include "server/system/unique_fd.h"

namespace pinhole::front {

// One thread waits for connections and for their ends. A connection above a limit is closed at
// once; the others are handed on. A connection is counted by a second descriptor of it, which sees
// its end whoever closes it.
class Acceptor {
 public:
  // Takes over a connected, non-blocking socket. Called on the acceptor's thread.
  using Handler = std::function<void(UniqueFd)>;

  // Listens on "host:port" (every address of the host; port 0 lets the system choose one). Errors:
  // UNAVAILABLE when the name has no address or one of them is taken.
  static absl::StatusOr<std::vector<UniqueFd>> Listen(const std::string& address);

  Acceptor(const Limits& limits, std::vector<UniqueFd> listeners, Handler handler);
  // Stops.
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // Errors: the errno.
  absl::Status Start();
  // No more connections are taken; those there are go on. The port is free then.
  void Stop();

  int port() const { return port_; }
  // Connections that are there.
  int64_t connections() const;

 private:
  void Run();
  void AcceptAll(int listener);
  void Admit(UniqueFd connection, const std::string& address);
  void Forget(int counter);
  void Watch(int fd, uint32_t events) const;

  const Limits limits_;
  const Handler handler_;
  std::vector<UniqueFd> listeners_;
  int port_ = 0;
  UniqueFd epoll_;
  UniqueFd wake_;  // an eventfd, readable once stopped
  bool paused_ = false;
  struct Counter {
    UniqueFd fd;
    std::string address;
  };
  mutable absl::Mutex mutex_;
  std::map<int, Counter> counters_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int64_t> by_address_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace pinhole::front
