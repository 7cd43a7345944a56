#include "server/vault/pipe_server.h"

#include <array>

#include "server/core/pipe/frames.h"
#include "server/system/unix_socket.h"
#include "server/vault/fault.h"

namespace pinhole::vault {

void PipeServer::Open(int64_t round, Deadline deadline) {
  // As many as wait, within reason: a front that connects without end must not hold the exchange.
  constexpr int kMostConnections = 16;
  for (int i = 0; i < kMostConnections; ++i) {
    absl::StatusOr<UniqueFd> next =
        AcceptUnix(listener_.get(), Deadline::After(absl::ZeroDuration()));
    if (!next.ok()) break;
    connection_ = *std::move(next);
  }
  if (!connection_.valid()) return;
  const std::string open =
      pipe::EncodeToFront({pipe::ToFrontType::kOpen, pipe::EncodeRound(round)});
  if (!WriteAll(connection_.get(), AsBytes(open), deadline).ok()) connection_.Close();
}

void PipeServer::TakeBatch(Intake& intake, Deadline deadline) {
  std::array<uint8_t, pipe::kToVaultBytes> frame;
  while (connection_.valid() && !intake.ended()) {
    // A batch that is not whole by the deadline would leave its rest in the socket: the front
    // begins anew on a new connection.
    if (!ReadExactly(connection_.get(), frame, deadline).ok() || !intake.Take(AsText(frame)).ok())
      connection_.Close();
  }
}

void PipeServer::HandOver(int64_t round, const Ledger& ledger, int64_t mirror_size,
                          Deadline deadline) {
  if (!connection_.valid()) return;
  const absl::StatusOr<std::vector<std::string>> entries = ledger.Entries(mirror_size);
  const absl::StatusOr<std::string> head = ledger.Head();
  if (!entries.ok() || !head.ok() || mirror_size > ledger.size()) {
    connection_.Close();  // a mirror of another ledger
    return;
  }
  const std::vector<std::string> frames = pipe::HandOver(round, mirror_size, *entries, *head);
  for (size_t i = 1; i < frames.size();
       ++i) {  // the first, kOpen, went out when the exchange began
    if (!WriteAll(connection_.get(), AsBytes(frames[i]), deadline).ok()) {
      connection_.Close();
      return;
    }
    PINHOLE_FAULT_POINT("hand-over");
  }
}

}  // namespace pinhole::vault
