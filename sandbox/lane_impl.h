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
  Impl(ControlGroups groups, UniqueFd socket, pid_t pid)
      : groups_(std::move(groups)), socket_(std::move(socket)), pid_(pid) {}
  // Closes the socket, at which the launcher kills its box and ends; waits for that, and kills it
  // if it takes too long.
  ~Impl();

  absl::Status Greet(const LaneConfig& config);
  absl::StatusOr<BoxReport> Run(const BoxSpec& spec, BoxFds fds);
  pid_t pid() const { return pid_; }

 private:
  ControlGroups groups_;  // outlives the launcher, which lives inside
  UniqueFd socket_;
  pid_t pid_;
  uint64_t run_number_ = 0;
  bool broken_ = false;  // an error left the launcher in an unknown state
};

// Text of a stage that failed, with its errno and what can be done about it.
std::string DescribeStage(protocol::Stage stage, int error);

}  // namespace pinhole::sandbox
