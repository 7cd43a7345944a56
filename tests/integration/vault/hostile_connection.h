// A front's connection in hostile hands: it writes what it likes, when it likes, and keeps what it
// gets with the moment of the first byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/system/unique_fd.h"

namespace pinhole::testing {

// Times are Unix milliseconds. One thread.
class HostileConnection {
 public:
  // Connects as soon as the vault's queue has room; tries once, and until then.
  HostileConnection(const std::string& socket, int64_t give_up_ms);

  // Writes until all is written, the vault closed or `until_ms`.
  void Send(std::string_view bytes, int64_t until_ms);
  // One byte every few milliseconds, until the vault closed or `until_ms`.
  void Trickle(std::string_view bytes, int64_t until_ms);
  // The bytes, and with them five open descriptors.
  void SendDescriptors(std::string_view bytes);
  // Reads until there are so many bytes in all, the vault closed, or `until_ms`.
  void Listen(size_t bytes, int64_t until_ms);
  // Reads until the vault closed or `until_ms`.
  void Listen(int64_t until_ms) { Listen(SIZE_MAX, until_ms); }
  void Shutdown(int how) const;
  void Close() { fd_.Close(); }

  const std::string& received() const { return received_; }
  // When the first byte had come; 0 when none came.
  int64_t first_byte_ms() const { return first_byte_ms_; }
  bool closed() const { return closed_; }

 private:
  // Waits for `events`, at the latest until then. False when it was in vain.
  bool Wait(short events, int64_t until_ms) const;
  void ReadWhatIsThere(size_t most);

  UniqueFd fd_;
  std::string received_;
  int64_t first_byte_ms_ = 0;
  bool closed_ = false;
};

int64_t NowMs();
// The moment is the attack.
void WaitUntilMs(int64_t unix_ms);

}  // namespace pinhole::testing
