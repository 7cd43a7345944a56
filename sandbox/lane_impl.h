// What a Lane holds. Private to lane.cc, connect.cc, probe.cc and run.cc.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "sandbox/box.h"
#include "sandbox/control_groups.h"
#include "sandbox/packet.h"
#include "sandbox/protocol/protocol.h"
#include "sandbox/record.h"

namespace pinhole::sandbox {

class Lane::Impl {
 public:
  // Of a launcher that this process started.
  Impl(ControlGroups groups, UniqueFd socket, pid_t pid)
      : groups_(std::move(groups)), socket_(std::move(socket)), child_(pid) {
    facts_.pid = pid;
  }
  // Of a launcher that a unit started.
  explicit Impl(UniqueFd socket) : socket_(std::move(socket)) {}
  // Closes the socket, at which the launcher kills its box and ends; waits for that, and kills it
  // if it takes too long and is a child.
  ~Impl();

  // Says hello as the two kinds of lane do.
  absl::Status Greet(const LaneConfig& config);
  absl::Status Greet(const LaneSocket& lane);
  // Makes a box of each profile and compares it with the golden record, but for the profile;
  // fills in facts().record. FAILED_PRECONDITION: it differs.
  absl::Status CheckBoxes(Promise promise);
  absl::StatusOr<BoxReport> Run(const BoxSpec& spec, BoxFds fds);
  const LaneFacts& facts() const { return facts_; }
  const Sender& launcher() const { return launcher_; }
  protocol::Accounting accounting() const { return accounting_; }

 private:
  absl::StatusOr<std::string> Probe(protocol::Profile profile);
  // `launcher` is named in errors. Fills facts_ but for the ids.
  absl::Status Hear(const absl::Status& sent, std::string_view launcher);

  ControlGroups groups_;  // outlives the launcher, which lives inside
  UniqueFd socket_;
  std::optional<pid_t> child_;
  UniqueFd process_;  // of a unit's launcher, to await its end
  LaneFacts facts_;
  Sender launcher_{};
  protocol::Accounting accounting_ = protocol::Accounting::kNone;
  uint64_t run_number_ = 0;
  bool broken_ = false;  // an error left the launcher in an unknown state
};

// What a lane's boxes have to be, but for the profile.
Promise PromiseOf(const LaneConfig& config, protocol::Accounting accounting);
// Errors: errno of looking at the view.
absl::StatusOr<Promise> PromiseOf(const LaneSocket& lane, const Sender& launcher,
                                  protocol::Accounting accounting);

// Text of a stage that failed, with its errno and what can be done about it.
std::string DescribeStage(protocol::Stage stage, int error);

}  // namespace pinhole::sandbox
