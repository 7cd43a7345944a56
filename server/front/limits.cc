#include "server/front/limits.h"

namespace pinhole::front {
namespace {

constexpr int64_t kKiB = int64_t{1} << 10;
constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kGiB = int64_t{1} << 30;
constexpr int64_t kDay = 86'400;

constexpr LimitSetting kSettings[] = {
    {"connections", &Limits::connections, 4, 100'000,
     "TCP connections in all; the system's limit of open files must be above twice this"},
    {"connections_per_address", &Limits::connections_per_address, 1, 100'000,
     "of one IPv4 address or one IPv6 /64; a class behind one router shares one"},
    {"handshake_seconds", &Limits::handshake_seconds, 1, 300,
     "from the TCP connection to the first HTTP/2 settings"},
    {"idle_seconds", &Limits::idle_seconds, 1, kDay, "a connection without a call is closed"},
    {"connection_age_seconds", &Limits::connection_age_seconds, 60, 365 * kDay,
     "then the client is asked to connect again; its calls have a minute to end"},
    {"keepalive_seconds", &Limits::keepalive_seconds, 1, kDay,
     "a silent connection is asked whether it lives, and has 20 s to answer"},
    {"streams_per_connection", &Limits::streams_per_connection, 1, 10'000,
     "calls at a time on one connection"},
    {"memory_bytes", &Limits::memory_bytes, 32 * kMiB, 1024 * kGiB, "for gRPC's buffers in all"},
    {"message_bytes", &Limits::message_bytes, 64 * kKiB, 64 * kMiB,
     "one message from a client; an upload is many"},
    {"requests_per_second", &Limits::requests_per_second, 1, 1'000'000,
     "calls of one address in the long run"},
    {"requests_burst", &Limits::requests_burst, 1, 1'000'000,
     "calls of one address that may come at once after a pause"},
    {"team_requests_per_second", &Limits::team_requests_per_second, 1, 1'000'000,
     "calls with one team's tokens in the long run"},
    {"team_requests_burst", &Limits::team_requests_burst, 1, 1'000'000,
     "calls with one team's tokens that may come at once after a pause"},
    {"calls", &Limits::calls, 1, 1'000'000, "calls under way in all"},
    {"calls_per_address", &Limits::calls_per_address, 1, 1'000'000,
     "calls under way of one address, watches and uploads included"},
    {"call_seconds", &Limits::call_seconds, 1, 3600,
     "the longest that a single call may take, reading its answer included"},
    {"answer_bytes", &Limits::answer_bytes, kMiB, 1024 * kGiB,
     "answers that are not read yet, in all"},
    {"answer_bytes_per_address", &Limits::answer_bytes_per_address, kMiB, 1024 * kGiB,
     "answers that are not read yet, of one address"},
    {"watches", &Limits::watches, 0, 1'000'000, "streams of WatchEntries in all"},
    {"watches_per_address", &Limits::watches_per_address, 0, 1'000'000,
     "streams of WatchEntries of one address"},
    {"watch_stall_seconds", &Limits::watch_stall_seconds, 1, 3600,
     "a watcher that reads nothing for so long, though something is there, is ended"},
    {"uploads", &Limits::uploads, 1, 10'000, "uploads under way in all"},
    {"uploads_per_team", &Limits::uploads_per_team, 1, 10'000, "uploads under way of one team"},
    {"upload_grace_seconds", &Limits::upload_grace_seconds, 1, 3600,
     "an upload may be late by so long behind the slowest rate below"},
    {"upload_bytes_per_second", &Limits::upload_bytes_per_second, 1, kGiB,
     "the slowest rate of an upload"},
    {"stored_bytes", &Limits::stored_bytes, kMiB, 1024 * kGiB, "programs of all teams on the disk"},
    {"stored_bytes_per_team", &Limits::stored_bytes_per_team, kMiB, 1024 * kGiB,
     "programs of one team on the disk"},
    {"uploaded_bytes_per_team_and_day", &Limits::uploaded_bytes_per_team_and_day, kMiB, 1024 * kGiB,
     "what one team may send, kept or not"},
    {"disk_reserve_bytes", &Limits::disk_reserve_bytes, 0, 1024 * kGiB,
     "no upload begins when less than this would stay free"},
    {"stop_seconds", &Limits::stop_seconds, 0, 600,
     "at SIGTERM, how long uploads under way may go on"},
};

}  // namespace

std::span<const LimitSetting> LimitSettings() { return kSettings; }

}  // namespace pinhole::front
