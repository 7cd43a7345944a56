// What a rehearsal tells the person who wrote the program, as text and as JSON.
#pragma once

#include <string>
#include <string_view>

#include "client/cli/rehearsal_run.h"
#include "server/core/contest/policy.h"

namespace pinhole::cli {

// How the run ended and, where it failed, what to do about it.
std::string EndText(const contest::Policy& policy, const sandbox::BoxReport& report);

std::string RehearsalText(const contest::Policy& policy, const RehearsalResult& result);
std::string RehearsalJson(const contest::Policy& policy, const RehearsalResult& result);

// Name of a system call of x86-64, or its number when it has none; and advice, empty when there is
// none in particular.
std::string CallName(int number);
std::string CallAdvice(std::string_view name);

}  // namespace pinhole::cli
