#include "client/cli/refusal.h"

#include <utility>

namespace pinhole::cli {

std::string_view NextStep(std::string_view reason) {
  constexpr std::pair<std::string_view, std::string_view> kSteps[] = {
      {"BAD_TOKEN", "run \"pinhole join\" again with the same invitation to get a new token"},
      {"BAD_REQUEST", "client and server do not agree on the format: compare their versions"},
      {"NOT_FOUND", "\"pinhole contests\" lists what there is"},
      {"BAD_INVITATION", "ask the organizer for a new invitation"},
      {"NOT_OPEN", "\"pinhole rules\" shows the policy in force; then submit again"},
      {"NO_TRY_LEFT", "\"pinhole status\" shows what is left and when the next exchange is"},
      {"BAD_PROGRAM", "\"pinhole rules\" shows the limits; upload again by submitting again"},
      {"REQUEST_ID_REUSED", "submit again: a new request gets a new id"},
      {"NO_LEDGER", "the server has no ledger yet: try again after its first exchange"},
  };
  for (const auto& [name, step] : kSteps) {
    if (name == reason) return step;
  }
  return {};
}

}  // namespace pinhole::cli
