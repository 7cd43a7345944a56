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
      {"NO_TRY_LEFT", "\"pinhole status\" shows what was used"},
      {"TOO_MANY_WAITING", "\"pinhole status\" shows what waits"},
      {"BAD_PROGRAM", "\"pinhole rules\" shows the limits; upload again by submitting again"},
      {"REQUEST_ID_REUSED", "submit again: a new request gets a new id"},
      {"NO_LEDGER", "the server has no ledger yet: try again after its first exchange"},
      {"NO_PLACE_LEFT", "ask the organizer: the contest's budget was reserved for so many teams"},
      {"BUSY", "the same command later is welcome"},
      {"RATE_LIMITED", "run fewer commands at a time"},
      {"TOO_LARGE", "client and server do not agree on sizes: compare their versions"},
      {"QUOTA",
       "\"pinhole rules\" shows the contest's limits; the organizer can raise the server's"},
      {"STORAGE_FULL", "tell the organizer; the same command later is welcome, nothing was spent"},
      {"DEADLINE", "run the same command again; nothing was spent"},
      {"BAD_PAGE_TOKEN", "client and server do not agree on the format: compare their versions"},
      {"PAGE_EXPIRED", "run the same command again"},
      {"SLOW_READER", "run the same command again; it goes on where it ended"},
      {"STOPPING", "run the same command again when the server is back; nothing was spent"},
  };
  for (const auto& [name, step] : kSteps) {
    if (name == reason) return step;
  }
  return {};
}

}  // namespace pinhole::cli
