// One connection to the vault as a state machine over frames, so that reading and writing never
// wait for each other: the vault may stop reading and hand over at any moment.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/front/batch.h"
#include "server/front/batch_limit.h"
#include "server/front/desk.h"
#include "server/front/hand_over.h"
#include "server/front/mirror.h"
#include "server/front/waiting_heads.h"

namespace pinhole::front {

// Does no I/O on the socket itself. Not thread-safe.
class PipeConnection {
 public:
  // All outlive the connection.
  PipeConnection(Desk& desk, const Mirror& mirror, WaitingHeads& heads, BatchLimit& limit)
      : desk_(desk), mirror_(mirror), heads_(heads), limit_(limit) {}
  // Tells the limit when an exchange was under way.
  ~PipeConnection();
  PipeConnection(const PipeConnection&) = delete;
  PipeConnection& operator=(const PipeConnection&) = delete;

  // Takes bytes that came. Errors: INVALID_ARGUMENT for what is no frame or out of its turn;
  // UNAVAILABLE when the vault ended the exchange before it took the whole batch: connect again,
  // the stream to it is in the middle of a frame; DATA_LOSS from the mirror
  // and from the heads that wait.
  absl::Status Receive(std::string_view bytes);

  // Takes cosignatures that came: they are sent while an exchange is open, each once in it.
  void TakeCosignatures();

  // The bytes to write next; empty when there is nothing to send now. Errors: as BatchFrames::Next.
  absl::StatusOr<std::string_view> ToSend();
  // The first `count` of them were written.
  void Sent(size_t count) { sent_ += count; }

  // Ids of requests that the last batch left out, for the operator; each once.
  std::vector<int64_t> TakeSkipped() { return std::exchange(skipped_, {}); }

 private:
  absl::Status ReceiveFrame(std::string_view bytes);
  absl::Status BeginExchange();
  absl::Status EndExchange();
  absl::Status MakeFrames();

  Desk& desk_;
  const Mirror& mirror_;
  WaitingHeads& heads_;
  BatchLimit& limit_;
  size_t batch_requests_ = 0;
  std::string in_;
  std::string out_;
  size_t sent_ = 0;       // of out_
  size_t batch_end_ = 0;  // in out_: what stands behind it are cosignatures alone
  std::optional<BatchFrames> batch_;
  std::optional<HandOver> hand_over_;  // while an exchange is open
  std::deque<std::string> lines_;      // cosignatures to send, in an exchange
  std::set<std::string> taken_lines_;  // in this exchange
  std::vector<int64_t> skipped_;
};

}  // namespace pinhole::front
