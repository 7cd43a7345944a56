// The opaque text between two pages of a list: where the next begins, bound to the list it is of.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace pinhole::front {

// `list` names the call and all of the request that chooses the items, not the page's size.
// `position` is the list's own. A token grants nothing: who makes one up sees a page that he could
// ask for anyway.
std::string MakePageToken(std::string_view list, std::string_view position);

// The position in a token that MakePageToken made for the same list. Errors: INVALID_ARGUMENT
// (BAD_PAGE_TOKEN).
absl::StatusOr<std::string> OpenPageToken(std::string_view list, std::string_view token);

// What a position that does not parse is answered with.
absl::Status BadPageToken();

}  // namespace pinhole::front
