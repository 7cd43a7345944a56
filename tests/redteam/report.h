// The report's tables: every experiment of a profile, one line each.
#pragma once

#include <string>

#include "tests/redteam/attacks.h"
#include "tests/redteam/profile.h"

namespace pinhole::redteam {

struct Report {
  std::string open_channels;
  std::string attacks;
  std::string mutants;
  bool holds = true;  // every control is strong enough, every attack at chance, every mutant caught
};

// Both say on standard error what they are at.
Report RunAll(Profile profile);
// The open channels alone; the other tables stay empty.
Report RunOpenChannels(Profile profile);

// What a row of the report begins with, whatever was measured.
std::string AttackRow(const Attack& attack);
std::string MutantRow(const Attack& attack);

// 162240 -> "162,240".
std::string Grouped(int64_t number);

// `document` with `text` between the marks "<!-- name -->" and "<!-- end of name -->"; nothing when
// it lacks them.
std::string Between(const std::string& document, const std::string& name, const std::string& text);

}  // namespace pinhole::redteam
