#include "server/system/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace pinhole {

ServiceManager ServiceManager::FromEnvironment() {
  const char* const name = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string_view path(name == nullptr ? "" : name);
  if (path.empty() || path.size() >= sizeof address.sun_path) return ServiceManager(UniqueFd());
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (fd.valid() && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    fd = UniqueFd();
  }
  return ServiceManager(std::move(fd));
}

void ServiceManager::Tell(ServiceState state) const {
  const std::string_view text = state == ServiceState::kReady ? "READY=1" : "STOPPING=1";
  if (fd_.valid()) (void)!::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

}  // namespace pinhole
