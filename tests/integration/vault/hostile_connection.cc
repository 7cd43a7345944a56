#include "tests/integration/vault/hostile_connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/time/clock.h"
#include "server/system/descriptor_io.h"
#include "server/system/unix_socket.h"

namespace pinhole::testing {

int64_t NowMs() { return absl::ToUnixMillis(absl::Now()); }

void WaitUntilMs(int64_t unix_ms) {
  while (NowMs() < unix_ms) absl::SleepFor(absl::Milliseconds(unix_ms - NowMs()));
}

HostileConnection::HostileConnection(const std::string& socket, int64_t give_up_ms) {
  while (true) {
    absl::StatusOr<UniqueFd> connected = ConnectUnix(socket);
    if (connected.ok()) fd_ = *std::move(connected);
    if (fd_.valid() || NowMs() >= give_up_ms) break;
    absl::SleepFor(absl::Milliseconds(5));
  }
  closed_ = !fd_.valid();
}

bool HostileConnection::Wait(short events, int64_t until_ms) const {
  pollfd entry{.fd = fd_.get(), .events = events, .revents = 0};
  const auto wait = static_cast<int>(std::max<int64_t>(0, until_ms - NowMs()));
  return ::poll(&entry, 1, wait) > 0;
}

void HostileConnection::Send(std::string_view bytes, int64_t until_ms) {
  while (!bytes.empty() && !closed_ && Wait(POLLOUT, until_ms)) {
    const absl::StatusOr<size_t> sent = WriteSome(fd_.get(), AsBytes(bytes));
    if (!sent.ok()) return;  // what came before the end is still there to read
    bytes.remove_prefix(*sent);
  }
}

void HostileConnection::Trickle(std::string_view bytes, int64_t until_ms) {
  for (const char& byte : bytes) {
    if (closed_ || NowMs() >= until_ms) return;
    Send({&byte, 1}, until_ms);
    absl::SleepFor(absl::Milliseconds(3));
  }
}

void HostileConnection::SendDescriptors(std::string_view bytes) {
  std::array<UniqueFd, 5> opened;
  std::array<int, 5> numbers;
  for (size_t i = 0; i < opened.size(); ++i) {
    opened[i] = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    numbers[i] = opened[i].get();
  }
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(numbers))> control = {};
  iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(numbers));
  std::memcpy(CMSG_DATA(header), numbers.data(), sizeof(numbers));
  (void)!::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
}

void HostileConnection::ReadWhatIsThere(size_t most) {
  std::array<uint8_t, 65536> buffer;
  const absl::StatusOr<size_t> got =
      ReadSome(fd_.get(), std::span<uint8_t>(buffer).first(std::min(most, buffer.size())));
  if (!got.ok()) {
    closed_ = true;
    return;
  }
  if (*got > 0 && first_byte_ms_ == 0) first_byte_ms_ = NowMs();
  received_.append(AsText(ByteView(buffer).first(*got)));
}

void HostileConnection::Listen(size_t bytes, int64_t until_ms) {
  while (!closed_ && received_.size() < bytes && Wait(POLLIN, until_ms)) {
    ReadWhatIsThere(bytes - received_.size());
  }
}

void HostileConnection::Shutdown(int how) const { ::shutdown(fd_.get(), how); }

}  // namespace pinhole::testing
