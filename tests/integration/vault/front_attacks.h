// The attacks of whoever owns the front's end of the pipe, by name.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/core/pipe/frames.h"
#include "server/core/replay/ledger_state.h"
#include "server/core/schedule/round_clock.h"
#include "tests/integration/vault/hostile_connection.h"

namespace pinhole::testing {

inline constexpr uint8_t kAda = 10;      // the honest team's key
inline constexpr uint8_t kMallory = 11;  // a team that works together with the front

// What one attack has to work with, in its round.
struct Scene {
  std::string socket;
  const replay::LedgerState& mirror;
  schedule::RoundClock clock;
  int64_t round;
  // The honest team's first and latest submission: request and program.
  std::pair<std::string, std::string> first, latest;
  std::vector<std::unique_ptr<HostileConnection>> connections = {};

  int64_t EndMs() const { return clock.EndMs(round); }
  int64_t size() const { return mirror.size(); }
  HostileConnection& Connect() {
    connections.push_back(std::make_unique<HostileConnection>(socket, EndMs()));
    return *connections.back();
  }
  // Connects, waits for the exchange, writes, and reads to the end.
  void Play(std::string_view bytes) { Talk(Connect(), bytes); }
  void Talk(HostileConnection& front, std::string_view bytes) const {
    front.Listen(pipe::kToFrontBytes, EndMs());
    front.Send(bytes, EndMs());
    front.Listen(EndMs());
  }
};

// How much of what the ledger owes it the last connection gets.
enum class Gets { kWhole, kOpenAlone, kSome };

struct Attack {
  const char* name;
  Gets gets;
  std::function<void(Scene&)> play;
  // As which mirror the connection gave itself out; -1: as that of the honest front.
  int64_t mirror = -1;
  int rounds = 1;
};

// All attacks, family by family.
std::vector<Attack> FrontAttacks();

}  // namespace pinhole::testing
