// The numbered list of what hostile programs try, and where each is shown: rows of the table of
// attacks, other tests by name, or the reason why nothing here can show it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tests/containment/cases.h"

namespace pinhole::sandbox {

struct Entry {
  int number;
  const char* attempt;
  const char* tests;   // "PairsTest.MountsPassNeitherWay", joined by ", "; empty: the table's rows
  const char* reason;  // what is not shown here, and why; empty: nothing
};

std::span<const Entry> Catalogue();

std::vector<Case> AllCases();

// The rows that name `number`.
std::vector<Case> CasesOf(int number);

// Catalogue, table and counts as Markdown: the part of docs/THREATS.md between its two marks.
std::string TableText();

}  // namespace pinhole::sandbox
