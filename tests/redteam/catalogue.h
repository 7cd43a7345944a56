// The attacks A1 to A26 of the design, and where each is measured, tested or not shown at all.
#pragma once

#include <string>
#include <vector>

namespace pinhole::redteam {

struct Entry {
  const char* number;
  const char* what;
  const char* measured;  // by the red team's programs; empty: not
  const char* tests;     // further tests, by name
  const char* open;      // what neither shows
};

const std::vector<Entry>& Catalogue();

// As a table of Markdown.
std::string CatalogueText();

}  // namespace pinhole::redteam
