// Prints an answer that is a few named values: aligned lines for people, an object for programs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/cli/context.h"

namespace pinhole::cli {

struct Answer {
  std::vector<std::pair<std::string, std::string>> fields;
  std::string next;  // a sentence for people: what to do now; may be empty
};

void Print(const CommandContext& context, const Answer& answer);

}  // namespace pinhole::cli
