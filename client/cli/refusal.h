// What a person can do about a server's refusal: one sentence for each reason of the contract.
#pragma once

#include <string_view>

namespace pinhole::cli {

// `reason` is an ErrorReason's name without its prefix, such as "NO_TRY_LEFT". Empty for a reason
// that this client does not know.
std::string_view NextStep(std::string_view reason);

}  // namespace pinhole::cli
