#include "server/front/acceptor.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/front/caller.h"

namespace pinhole::front {
namespace {

constexpr int kBacklog = 256;
// Without a free descriptor a listener stays ready; it is left alone for a moment then.
constexpr int kPauseMs = 100;

absl::Status CannotListen(const std::string& address, std::string_view what) {
  return absl::UnavailableError(
      absl::StrFormat("cannot listen on %s (%s): is another server there, or is it no address of "
                      "this machine? Change `listen` in pinholed.toml",
                      address, what));
}

int PortOf(const sockaddr_storage& address) {
  return address.ss_family == AF_INET6
             ? ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port)
             : ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

void SetPort(sockaddr* address, int port) {
  if (address->sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address)->sin6_port = htons(static_cast<uint16_t>(port));
  } else {
    reinterpret_cast<sockaddr_in*>(address)->sin_port = htons(static_cast<uint16_t>(port));
  }
}

int BoundPort(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return 0;
  return PortOf(bound);
}

// In gRPC's spelling, so that both count by the same address.
std::string PeerText(const sockaddr_storage& peer) {
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&peer), sizeof(peer), host.data(),
                    static_cast<socklen_t>(host.size()), nullptr, 0, NI_NUMERICHOST) != 0) {
    return "unknown";
  }
  return peer.ss_family == AF_INET6 ? absl::StrFormat("ipv6:[%s]:%d", host.data(), PortOf(peer))
                                    : absl::StrFormat("ipv4:%s:%d", host.data(), PortOf(peer));
}

absl::StatusOr<UniqueFd> ListenOn(const addrinfo& at) {
  UniqueFd fd(::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  const int on = 1;
  // A port that only TIME_WAIT holds may be taken; one that another server holds may not.
  if (!fd.valid() || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      (at.ai_family == AF_INET6 &&
       ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) ||
      ::bind(fd.get(), at.ai_addr, at.ai_addrlen) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    return absl::UnavailableError(std::strerror(errno));
  }
  return fd;
}

}  // namespace

absl::StatusOr<std::vector<UniqueFd>> Acceptor::Listen(const std::string& address) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found);
  if (error != 0) return CannotListen(address, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  std::vector<UniqueFd> listeners;
  int port = 0;
  for (addrinfo* at = found; at != nullptr; at = at->ai_next) {
    if (port != 0) SetPort(at->ai_addr, port);  // the chosen one for all addresses
    absl::StatusOr<UniqueFd> fd = ListenOn(*at);
    if (!fd.ok()) {
      // A host that names an address family which this machine does not have is no trouble.
      if (at->ai_family == AF_INET6 && !listeners.empty()) continue;
      return CannotListen(address, {fd.status().message().data(), fd.status().message().size()});
    }
    port = BoundPort(fd->get());
    listeners.push_back(*std::move(fd));
  }
  return listeners;
}

Acceptor::Acceptor(const Limits& limits, std::vector<UniqueFd> listeners, Handler handler)
    : limits_(limits),
      handler_(std::move(handler)),
      listeners_(std::move(listeners)),
      port_(listeners_.empty() ? 0 : BoundPort(listeners_.front().get())) {}

Acceptor::~Acceptor() { Stop(); }

absl::Status Acceptor::Start() {
  epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_.valid() || !wake_.valid()) return absl::ErrnoToStatus(errno, "start the acceptor");
  Watch(wake_.get(), EPOLLIN);
  for (const UniqueFd& listener : listeners_) Watch(listener.get(), EPOLLIN);
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void Acceptor::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof(one));
    thread_.join();
  }
  listeners_.clear();
}

int64_t Acceptor::connections() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int64_t>(counters_.size());
}

void Acceptor::Watch(int fd, uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Acceptor::Run() {
  std::array<epoll_event, 64> events;
  while (true) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == wake_.get()) return;
      const bool is_listener = std::any_of(listeners_.begin(), listeners_.end(),
                                           [&](const UniqueFd& own) { return own.get() == fd; });
      if (is_listener) {
        AcceptAll(fd);
      } else {
        Forget(fd);
      }
    }
    if (std::exchange(paused_, false)) ::usleep(kPauseMs * 1000);
  }
}

void Acceptor::AcceptAll(int listener) {
  // As many as wait, within reason: the ends of others must be seen, too.
  for (int i = 0; i < kBacklog; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    UniqueFd connection(::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size,
                                  SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection.valid()) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) paused_ = true;
      if (errno != ECONNABORTED && errno != EINTR) return;
      continue;
    }
    Admit(std::move(connection), CallerAddress(PeerText(peer)));
  }
}

void Acceptor::Admit(UniqueFd connection, const std::string& address) {
  {
    absl::MutexLock lock(&mutex_);
    const auto own = by_address_.find(address);
    if (static_cast<int64_t>(counters_.size()) >= limits_.connections ||
        (own != by_address_.end() && own->second >= limits_.connections_per_address)) {
      return;  // closes it
    }
    UniqueFd counter(::fcntl(connection.get(), F_DUPFD_CLOEXEC, 0));
    if (!counter.valid()) return;
    const int key = counter.get();
    counters_.emplace(key, Counter{std::move(counter), address});
    ++by_address_[address];
    // A half-closed connection still is one: only its whole end counts (EPOLLHUP, always asked
    // for).
    Watch(key, EPOLLET);
  }
  const int on = 1;
  ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  handler_(std::move(connection));
}

void Acceptor::Forget(int counter) {
  absl::MutexLock lock(&mutex_);
  const auto found = counters_.find(counter);
  if (found == counters_.end()) return;
  const auto own = by_address_.find(found->second.address);
  if (--own->second == 0) by_address_.erase(own);
  // Before it closes: the interest is the connection's, which gRPC's descriptor may keep alive.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, counter, nullptr);
  counters_.erase(found);
}

}  // namespace pinhole::front
