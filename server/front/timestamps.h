// Unix milliseconds as the contract's timestamps.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <cstdint>

namespace pinhole::front {

inline void SetTime(google::protobuf::Timestamp& time, int64_t unix_ms) {
  int64_t seconds = unix_ms / 1000;
  int64_t ms = unix_ms % 1000;
  if (ms < 0) {  // nanos count forward, also before 1970
    ms += 1000;
    --seconds;
  }
  time.set_seconds(seconds);
  time.set_nanos(static_cast<int32_t>(ms * 1'000'000));
}

}  // namespace pinhole::front
