// The running front: store, mirror, desk, pipe and gRPC, put together and taken apart in order.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/front/folder.h"
#include "server/system/clock.h"
#include "server/system/event_log.h"

namespace pinhole::front {

// Owns all it runs. Start once; Stop, or the end of the object, ends it.
class Server {
 public:
  // Opens the folder's database, rebuilds the mirror, listens, and begins to serve. `clock`
  // outlives the server. Errors: UNAVAILABLE when the address is taken; else as the folder says.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::string& folder,
                                                       const ServeFiles& files,
                                                       const WallClock& clock, const EventLog& log);
  virtual ~Server() = default;

  // "host:port" with the port that was given or chosen.
  virtual std::string address() const = 0;

  // Says NOT_SERVING, takes no connection and no call any more, ends watches, lets uploads under
  // way go on for `patience`, then ends all. Requests that were answered are on the disk.
  virtual void Stop(absl::Duration patience) = 0;
};

}  // namespace pinhole::front
