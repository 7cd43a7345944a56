// What a Lane holds. Private to lane.cc and run.cc.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "sandbox/box.h"
#include "sandbox/control_groups.h"
#include "sandbox/protocol/protocol.h"

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
  absl::StatusOr<BoxReport> Run(const BoxSpec& spec, BoxFds fds);
  const LaneFacts& facts() const { return facts_; }

 private:
  // `launcher` is named in errors. Fills facts_ but for the ids.
  absl::Status Hear(absl::Status sent, std::string_view launcher);

  ControlGroups groups_;  // outlives the launcher, which lives inside
  UniqueFd socket_;
  std::optional<pid_t> child_;
  UniqueFd process_;  // of a unit's launcher, to await its end
  LaneFacts facts_;
  uint64_t run_number_ = 0;
  bool broken_ = false;  // an error left the launcher in an unknown state
};

// Text of a stage that failed, with its errno and what can be done about it.
std::string DescribeStage(protocol::Stage stage, int error);

}  // namespace pinhole::sandbox
