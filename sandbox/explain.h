// What a run's end means, in words for the person whose program it was. For rehearsals only: after
// a private run nobody is told.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/box.h"

namespace pinhole::sandbox {

// The name of an x86-64 call, without prefix; empty when there is none of this number.
std::string_view SyscallName(int number);

// How the run ended, and what to do about it. `report` came of a run under `spec`.
std::string Explain(const BoxReport& report, const BoxSpec& spec);

}  // namespace pinhole::sandbox
