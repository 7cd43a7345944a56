// docs/RED_TEAM.md holds the list of attacks and a line of the long profile for every experiment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "server/system/files.h"
#include "tests/redteam/catalogue.h"
#include "tests/redteam/report.h"

namespace pinhole::redteam {
namespace {

using ::testing::HasSubstr;

std::string Source(const std::string& path) {
  const auto text = ReadFile(std::string(std::getenv("PINHOLE_SOURCE")) + "/" + path);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

// The cells of the document's row that begins so; empty when there is none.
std::vector<std::string> Cells(const std::string& document, const std::string& begin) {
  for (const absl::string_view line : absl::StrSplit(document, '\n')) {
    if (line.substr(0, begin.size()) != begin) continue;
    std::vector<std::string> cells = absl::StrSplit(line, " | ");
    cells.back() = absl::StrReplaceAll(cells.back(), {{" |", ""}});
    return cells;
  }
  return {};
}

int64_t Number(const std::string& text) {
  int64_t number = -1;
  EXPECT_TRUE(absl::SimpleAtoi(absl::StrReplaceAll(text, {{",", ""}}), &number)) << text;
  return number;
}

TEST(RedTeamReport, ListsEveryAttackOnceAndSaysWhereItIsShown) {
  std::set<std::string> measured;
  for (const Attack& attack : Attacks()) measured.insert(attack.number);
  for (size_t i = 0; i < Catalogue().size(); ++i) {
    const Entry& entry = Catalogue()[i];
    EXPECT_EQ(entry.number, "A" + std::to_string(i + 1));
    EXPECT_FALSE(entry.measured[0] == '\0' && entry.tests[0] == '\0' && entry.open[0] == '\0');
    if (measured.contains(entry.number)) {
      EXPECT_STRNE(entry.measured, "") << entry.number;
    }
    // A1 and A9 are played in the open channel as well.
    // Those with real processes are measured by tests/redteam/real.
    const std::string how = entry.measured;
    const bool elsewhere = how.find("open channel") != std::string::npos ||
                           how.find("real processes") != std::string::npos;
    if (!how.empty() && !elsewhere) {
      EXPECT_TRUE(measured.contains(entry.number)) << entry.number;
    }
  }
  EXPECT_EQ(Catalogue().size(), 26U);
}

TEST(RedTeamReport, NamesTestsThatAreThere) {
  std::string sources;
  for (const auto& file : std::filesystem::recursive_directory_iterator(
           std::string(std::getenv("PINHOLE_SOURCE")) + "/tests")) {
    const auto extension = file.path().extension();
    if (extension == ".cc" || extension == ".py") sources += *ReadFile(file.path().string());
  }
  for (const Entry& entry : Catalogue()) {
    if (entry.tests[0] == '\0') continue;
    for (const std::string& test : std::vector<std::string>(absl::StrSplit(entry.tests, ", "))) {
      const std::vector<std::string> parts = absl::StrSplit(test, '.');
      EXPECT_THAT(sources, HasSubstr(parts.size() == 2 ? "(" + parts[0] + ", " + parts[1] + ")"
                                                       : "def " + test + "("));
    }
  }
}

TEST(RedTeamReport, DocumentHoldsTheList) {
  EXPECT_THAT(Source("docs/RED_TEAM.md"),
              HasSubstr("<!-- catalogue -->\n" + CatalogueText() + "<!-- end of catalogue -->"))
      << "run: build/dev/tests/redteam_report catalogue --write docs/RED_TEAM.md";
}

// The figures themselves are what a long run found; what they are about, how many trials they are
// of and what they say is compared.
TEST(RedTeamReport, DocumentHoldsALongRunOfEveryExperiment) {
  const std::string document = Source("docs/RED_TEAM.md");
  constexpr int64_t kLongTrials = 162'000;
  EXPECT_EQ(Cells(document, "| attack | encoder").size(), 12U) << "a head for each cell";
  for (const Attack& attack : Attacks()) {
    const std::vector<std::string> open = Cells(document, AttackRow(attack));
    ASSERT_EQ(open.size(), 12U) << AttackRow(attack);
    EXPECT_GE(Number(open[3]), kLongTrials);
    EXPECT_EQ(open.back(), "at chance") << attack.number;
    const std::vector<std::string> mutant = Cells(document, MutantRow(attack));
    ASSERT_EQ(mutant.size(), 6U) << MutantRow(attack);
    EXPECT_EQ(mutant.back(), "caught") << attack.number;
  }
  for (const char* channel : {"| every-score: ", "| improvements: 20 ",
                              "| records: ", "| improvements and a final board "}) {
    const std::vector<std::string> cells = Cells(document, channel);
    ASSERT_EQ(cells.size(), 7U) << channel;
    EXPECT_GE(Number(cells[1]), 240);
    EXPECT_EQ(cells.back(), "strong enough, within");
  }
  EXPECT_THAT(document, Not(HasSubstr("SURVIVES")));
  EXPECT_THAT(document, Not(HasSubstr("BEYOND")));
}

}  // namespace
}  // namespace pinhole::redteam
