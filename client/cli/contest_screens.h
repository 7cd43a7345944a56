// What contestants read, as text: contests, rules, board. Pure functions of the verified ledger.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "server/core/replay/ledger_state.h"

namespace pinhole::cli {

std::string_view Name(replay::Phase phase);  // "open", "closing", "closed"

// One line a contest.
std::string ContestsText(const replay::LedgerState& state);

// Everything that decides what may leave, what a program meets, and the worst case in a sentence.
// Needs the state's data set.
std::string RulesText(const replay::LedgerState& state, const replay::Contest& contest,
                      const absl::TimeZone& zone);

// CHANNEL.md section 6, S1 and S4, with this contest's numbers.
std::string WorstCaseText(const replay::Contest& contest);

std::string BoardText(const replay::Contest& contest, const absl::TimeZone& zone);

// "exchange of round 13 begins 2027-03-11 14:30:12 UTC", or that none comes.
std::string NextExchangeText(const replay::Contest& contest, const absl::TimeZone& zone);

}  // namespace pinhole::cli
