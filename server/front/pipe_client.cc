#include "server/front/pipe_client.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "server/core/base/status.h"
#include "server/front/pipe_connection.h"
#include "server/system/descriptor_io.h"
#include "server/system/unix_socket.h"

namespace pinhole::front {
namespace {
constexpr int kFirstRetryMs = 50;
constexpr int kLastRetryMs = 2000;
constexpr size_t kReadBytes = size_t{64} * 1024;

// Of a connection that was there.
VaultLoss LossOf(const absl::Status& end) {
  switch (end.code()) {
    case absl::StatusCode::kOutOfRange:
      return VaultLoss::kClosed;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return VaultLoss::kProtocol;
    case absl::StatusCode::kUnavailable:
      return VaultLoss::kUnfinished;
    case absl::StatusCode::kResourceExhausted:
      return VaultLoss::kStorage;
    default:
      return VaultLoss::kOther;
  }
}
}  // namespace

PipeClient::PipeClient(std::string socket_path, Desk& desk, Mirror& mirror, WaitingHeads& heads,
                       FrontLog& log)
    : socket_path_(std::move(socket_path)),
      desk_(desk),
      mirror_(mirror),
      heads_(heads),
      log_(log),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

PipeClient::~PipeClient() { Stop(); }

void PipeClient::Start() {
  thread_ = std::thread([this] { Run(); });
}

void PipeClient::Stop() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof(one));
  thread_.join();
}

void PipeClient::Run() {
  int retry_ms = kFirstRetryMs;
  while (true) {
    absl::Status end;
    absl::StatusOr<UniqueFd> fd = ConnectUnix(socket_path_);
    if (fd.ok()) {
      const int64_t size_before = mirror_.size();
      end = Serve(fd->get());
      // A vault that closes at once, again and again, is waited for as one that is not there.
      if (mirror_.size() > size_before) retry_ms = kFirstRetryMs;
    } else {
      end = fd.status();
    }
    if (absl::IsCancelled(end)) return;
    if (absl::IsDataLoss(end)) {
      mirror_.RaiseAlarm(std::string_view(end.message().data(), end.message().size()));
      log_.Write(event::LedgerAlarm{.ledger = mirror_.size()});
      return;
    }
    if (fd.ok()) fd->Close();
    TellLoss(fd.ok() ? LossOf(end) : VaultLoss::kAbsent);
    if (!WaitBeforeRetry(retry_ms)) return;
    retry_ms = std::min(2 * retry_ms, kLastRetryMs);
  }
}

void PipeClient::TellLoss(VaultLoss loss) {
  if (loss == VaultLoss::kStorage) log_.DiskFull(DiskUse::kLedger);
  if (told_ == loss) return;
  told_ = loss;
  log_.Write(event::VaultGone{.why = loss});
}

bool PipeClient::WaitBeforeRetry(int milliseconds) {
  pollfd wake{wake_.get(), POLLIN, 0};
  return ::poll(&wake, 1, milliseconds) <= 0;
}

absl::Status PipeClient::Serve(int fd) {
  PipeConnection connection(desk_, mirror_, heads_, limit_);
  std::array<uint8_t, kReadBytes> buffer;
  while (true) {
    ASSIGN_OR_RETURN(const std::string_view out, connection.ToSend());
    const auto wanted = static_cast<short>(POLLIN | (out.empty() ? 0 : POLLOUT));
    std::array<pollfd, 3> ready = {
        {{fd, wanted, 0}, {wake_.get(), POLLIN, 0}, {heads_.changes_fd(), POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) {
      return absl::ErrnoToStatus(errno, "poll the vault's socket");
    }
    if (ready[1].revents != 0) return absl::CancelledError("stopped");
    if (ready[2].revents != 0) connection.TakeCosignatures();
    if ((ready[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      absl::StatusOr<size_t> count = ReadSome(fd, buffer);
      RETURN_IF_ERROR(count.status());  // OUT_OF_RANGE: the vault closed
      const int64_t size_before = mirror_.size();
      const absl::Status received = connection.Receive(AsText(ByteView(buffer).first(*count)));
      if (const int64_t size = mirror_.size(); size > size_before) {
        told_.reset();
        log_.Write(event::Mirrored{.entries = size - size_before, .ledger = size});
      }
      RETURN_IF_ERROR(received);
    } else if ((ready[0].revents & POLLOUT) != 0) {
      ASSIGN_OR_RETURN(const size_t count, WriteSome(fd, AsBytes(out)));
      connection.Sent(count);
    }
    for (const int64_t request : connection.TakeSkipped()) {
      log_.Write(event::RequestSkipped{.request = request});
    }
  }
}

}  // namespace pinhole::front
