// The catalogue and the table as Markdown.
#include <set>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tests/containment/catalogue.h"

namespace pinhole::sandbox {
namespace {

bool Names(const Case& row, int number) {
  for (const std::string& part : std::vector<std::string>(absl::StrSplit(row.numbers, ", "))) {
    if (part == std::to_string(number)) return true;
  }
  return false;
}

// "12 rows; PairsTest.X. Reason"
std::string Shown(const Entry& entry) {
  std::string text;
  const size_t rows = CasesOf(entry.number).size();
  if (rows != 0) text = absl::StrFormat("%d row%s", rows, rows == 1 ? "" : "s");
  if (entry.tests[0] != '\0') text += (text.empty() ? "" : "; ") + std::string(entry.tests);
  return text.empty() ? "–" : text;
}

}  // namespace

std::vector<Case> AllCases() {
  std::vector<Case> all;
  for (const auto& cases : {CallCases(), FileCases(), WorldCases()}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

std::vector<Case> CasesOf(int number) {
  std::vector<Case> rows;
  for (const Case& row : AllCases()) {
    if (Names(row, number)) rows.push_back(row);
  }
  return rows;
}

std::string TableText() {
  std::string text =
      "| number | what is tried | shown by | not shown here, and why |\n"
      "| --- | --- | --- | --- |\n";
  for (const Entry& entry : Catalogue()) {
    text += absl::StrFormat("| %d | %s | %s | %s |\n", entry.number, entry.attempt, Shown(entry),
                            entry.reason);
  }
  int controls = 0;
  const std::vector<Case> all = AllCases();
  for (const Case& row : all) {
    controls += row.outside != Outside::kHarms && row.outside != Outside::kNoAttack;
  }
  text += absl::StrFormat(
      "\n%d attacks, each run sealed and as a rehearsal; %d of them also without a box.\n\n"
      "| numbers | attack | in a box | stopped by | without a box |\n"
      "| --- | --- | --- | --- | --- |\n",
      all.size(), controls);
  for (const Case& row : all) {
    text += absl::StrFormat("| %s | %s | %s | %s | %s |\n", row.numbers, row.attack,
                            VerdictText(row), LayerName(row.layer), OutsideName(row.outside));
  }
  return text;
}

}  // namespace pinhole::sandbox
