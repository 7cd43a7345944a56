#include "server/vault/pipe_server.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <vector>

#include "server/core/base/status.h"
#include "server/core/log/merkle.h"
#include "server/core/pipe/frames.h"
#include "server/system/unix_socket.h"
#include "server/vault/fault.h"

namespace pinhole::vault {
namespace {

// Read from the ledger at a time: witnesses may be away for long, and a mirror may be new.
constexpr int64_t kEntriesInMemory = 64;

// Both directions are closed: nobody is there any more.
bool HungUp(int fd) {
  pollfd entry{.fd = fd, .events = 0, .revents = 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace

void PipeServer::Open(int64_t round, Deadline deadline) {
  TakeConnection(deadline);
  if (!connection_.valid()) return;
  const std::string open =
      pipe::EncodeToFront({pipe::ToFrontType::kOpen, pipe::EncodeRound(round)});
  if (!WriteAll(connection_.get(), AsBytes(open), deadline).ok()) connection_.Close();
}

// A run window can be a day, and a tunnel that broke in it some times leaves that many dead
// connections in the queue: the living one comes behind them, or finds the queue full and tries
// again. A front tries at least every two seconds.
void PipeServer::TakeConnection(Deadline deadline) {
  constexpr absl::Duration kWaitForFront = absl::Seconds(5);
  // As many as wait, within reason: a front that connects without end must not hold the exchange.
  constexpr int kMostConnections = 16;
  const Deadline wait = Deadline::After(kWaitForFront);
  for (int taken = 0; !deadline.Passed() && !wait.Passed(); ++taken) {
    const bool alive = connection_.valid() && !HungUp(connection_.get());
    if (alive && taken >= kMostConnections) return;
    const Deadline patience = alive                               ? Deadline::After({})
                              : deadline.PollMs() < wait.PollMs() ? deadline
                                                                  : wait;
    absl::StatusOr<UniqueFd> next = AcceptUnix(listener_.get(), patience);
    if (!next.ok()) break;
    connection_ = *std::move(next);
  }
  if (connection_.valid() && HungUp(connection_.get())) connection_.Close();
}

void PipeServer::TakeBatch(Intake& intake, Deadline deadline) {
  std::array<uint8_t, pipe::kToVaultBytes> frame;
  while (connection_.valid() && !intake.ended()) {
    // A batch that is not whole by the deadline would leave its rest in the socket: the front
    // begins anew on a new connection. Reading looks at the clock only when it has to wait, and a
    // front can see to it that it never has to.
    if (deadline.Passed() || !ReadExactly(connection_.get(), frame, deadline).ok() ||
        !intake.Take(AsText(frame)).ok())
      connection_.Close();
  }
}

void PipeServer::AskWitnesses(const Ledger& ledger, Deadline deadline) {
  if (connection_.valid() && !WritePending(ledger, deadline).ok()) connection_.Close();
}

absl::Status PipeServer::WritePending(const Ledger& ledger, Deadline deadline) {
  const int64_t first = ledger.released_size();
  std::vector<Digest> hashes;
  for (int64_t at = first; at < ledger.size(); at += kEntriesInMemory) {
    ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                     ledger.Entries(at, std::min(kEntriesInMemory, ledger.size() - at)));
    for (const std::string& entry : entries) hashes.push_back(LeafHash(entry));
  }
  ASSIGN_OR_RETURN(const std::string head, ledger.Head());
  for (const std::string& frame : pipe::PendingFrames(first, hashes, head))
    RETURN_IF_ERROR(WriteFrame(frame, deadline));
  return absl::OkStatus();
}

std::optional<std::string> PipeServer::NextCosignature(Deadline deadline) {
  if (!connection_.valid() || deadline.Passed()) return std::nullopt;
  // Nothing is begun that may not come: a frame that is not whole by the deadline costs the
  // connection, silence does not.
  pollfd entry{.fd = connection_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, deadline.PollMs()) <= 0) return std::nullopt;
  absl::StatusOr<std::string> line = ReadCosignature(deadline);
  if (line.ok()) return *std::move(line);
  connection_.Close();
  return std::nullopt;
}

absl::StatusOr<std::string> PipeServer::ReadCosignature(Deadline deadline) {
  std::array<uint8_t, pipe::kToVaultBytes> bytes;
  RETURN_IF_ERROR(ReadExactly(connection_.get(), bytes, deadline));
  ASSIGN_OR_RETURN(pipe::ToVaultFrame frame, pipe::DecodeToVault(AsText(bytes)));
  if (frame.type != pipe::ToVaultType::kCosignature)
    return absl::InvalidArgumentError("only cosignatures are taken now");
  return std::move(frame.payload);
}

void PipeServer::HandOver(int64_t round, const Ledger& ledger, int64_t mirror_size,
                          Deadline deadline) {
  if (connection_.valid() && !WriteHandOver(round, ledger, mirror_size, deadline).ok()) {
    connection_.Close();
  }
}

absl::Status PipeServer::WriteHandOver(int64_t round, const Ledger& ledger, int64_t mirror_size,
                                       Deadline deadline) {
  // A mirror that is longer than the ledger gets the head alone: the front sees two signed heads of
  // which the later is shorter, the proof that this vault was set back.
  const int64_t begin = std::min(mirror_size, ledger.released_size());
  ASSIGN_OR_RETURN(const SignedHead head, ledger.HeadFrom(begin + kMostEntriesOfHandOver));
  for (int64_t first = begin; first < head.size; first += kEntriesInMemory) {
    ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                     ledger.Entries(first, std::min(kEntriesInMemory, head.size - first)));
    int64_t index = first;
    for (const std::string& entry : entries) {
      for (const std::string& frame : pipe::EntryFrames(index, entry)) {
        RETURN_IF_ERROR(WriteFrame(frame, deadline));
      }
      ++index;
    }
  }
  for (const std::string& frame : pipe::CheckpointFrames(head.note))
    RETURN_IF_ERROR(WriteFrame(frame, deadline));
  return WriteFrame(pipe::EncodeToFront({pipe::ToFrontType::kDone, pipe::EncodeRound(round)}),
                    deadline);
}

absl::Status PipeServer::WriteFrame(const std::string& frame, Deadline deadline) {
  if (deadline.Passed()) return absl::DeadlineExceededError("the exchange window ends");
  RETURN_IF_ERROR(WriteAll(connection_.get(), AsBytes(frame), deadline));
  PINHOLE_FAULT_POINT("hand-over");
  return absl::OkStatus();
}

}  // namespace pinhole::vault
