// What a team reads about itself, as text: its submissions, what is left, and why a result says
// what it says. Pure functions of the verified ledger and the team's own receipts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "client/cli/receipt.h"
#include "server/core/replay/ledger_state.h"

namespace pinhole::cli {

// What the ledger leaves open about a shown symbol, in words: "no scores left" and its like. Never
// says whether a run failed: nobody outside knows. Empty for a shown score.
std::string WhyText(const replay::Contest& contest, const replay::Admission& admission);

// One line for a released result: "not improved", "failed", or "score 0.875", with the why.
std::string ResultText(const replay::Contest& contest, const replay::Admission& admission);

// "17 of 20 tries, 9 of 10 scores, 3 of 3 failure notices".
std::string LeftText(const replay::Contest& contest, const replay::Team& team);

// Which submission the final board judges the team by, as things stand.
std::string JudgedByText(const replay::Contest& contest, const replay::Team& team);

std::string StatusText(const replay::Contest& contest, const replay::Team& team,
                       const std::vector<Receipt>& receipts, const absl::TimeZone& zone);

// One entry as one line, for `pinhole watch`: its fields, with long hex values and long lines cut.
std::string EntryLine(int64_t index, std::string_view bytes);

}  // namespace pinhole::cli
