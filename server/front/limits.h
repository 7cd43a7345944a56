// What the front gives to anybody, as settings: the numbers, their ranges, and what each is for.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pinhole::front {

// The [limits] of pinholed.toml. Units are in the names; a value keeps its default until the file
// says another.
struct Limits {
  int64_t connections = 1000;
  int64_t connections_per_address = 200;
  int64_t handshake_seconds = 10;
  int64_t idle_seconds = 300;
  int64_t connection_age_seconds = 86'400;
  int64_t keepalive_seconds = 60;
  int64_t streams_per_connection = 100;
  int64_t memory_bytes = int64_t{256} << 20;
  int64_t message_bytes = int64_t{1} << 20;
  int64_t requests_per_second = 100;
  int64_t requests_burst = 1000;
  int64_t team_requests_per_second = 20;
  int64_t team_requests_burst = 400;
  int64_t calls = 4000;
  int64_t calls_per_address = 400;
  int64_t call_seconds = 30;
  int64_t answer_bytes = int64_t{64} << 20;
  int64_t answer_bytes_per_address = int64_t{16} << 20;
  int64_t watches = 1000;
  int64_t watches_per_address = 100;
  int64_t watch_stall_seconds = 30;
  int64_t uploads = 32;
  int64_t uploads_per_team = 2;
  int64_t upload_grace_seconds = 20;
  int64_t upload_bytes_per_second = int64_t{16} << 10;
  int64_t stored_bytes = int64_t{64} << 30;
  int64_t stored_bytes_per_team = int64_t{1} << 30;
  int64_t uploaded_bytes_per_team_and_day = int64_t{4} << 30;
  int64_t disk_reserve_bytes = int64_t{256} << 20;
  int64_t stop_seconds = 5;

  bool operator==(const Limits&) const = default;
};

// One setting as the file shows it. `least` and `most` are both allowed.
struct LimitSetting {
  std::string_view name;
  int64_t Limits::*value;
  int64_t least;
  int64_t most;
  std::string_view explains;  // one line
};
// In the order of the file.
std::span<const LimitSetting> LimitSettings();

}  // namespace pinhole::front
