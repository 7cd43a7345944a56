// The catalogue of attempts, the table of attacks and docs/THREATS.md are one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/str_split.h"
#include "tests/containment/catalogue.h"

namespace pinhole::sandbox {
namespace {

std::string Source(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(std::string(getenv("PINHOLE_SOURCE")) + path).rdbuf();
  return text.str();
}

TEST(ThreatsTest, EveryAttemptIsShownOrSaysWhyNot) {
  std::set<int> numbers;
  for (const Entry& entry : Catalogue()) {
    EXPECT_TRUE(numbers.insert(entry.number).second) << entry.number;
    EXPECT_FALSE(CasesOf(entry.number).empty() && entry.tests[0] == '\0' && entry.reason[0] == '\0')
        << entry.number << " is neither shown nor excused";
  }
  for (int number = 1; number <= 97; ++number) EXPECT_EQ(numbers.count(number), 1u) << number;
}

TEST(ThreatsTest, EveryRowHasItsAttempt) {
  std::set<std::string> numbers;
  for (const Entry& entry : Catalogue()) numbers.insert(std::to_string(entry.number));
  std::set<std::string> attacks;
  for (const Case& row : AllCases()) {
    EXPECT_TRUE(attacks.insert(row.attack).second) << row.attack << " stands twice";
    for (const std::string& number : std::vector<std::string>(absl::StrSplit(row.numbers, ", "))) {
      EXPECT_EQ(numbers.count(number), 1u) << row.attack << " names " << number;
    }
  }
}

// A test that the catalogue names is there.
TEST(ThreatsTest, EveryNamedTestExists) {
  std::string sources;
  for (const char* folder : {"/tests/containment", "/tests/unit/sandbox"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(getenv("PINHOLE_SOURCE")) + folder)) {
      if (entry.path().extension() != ".cc") continue;
      sources += Source(std::string(folder) + "/" + entry.path().filename().string());
    }
  }
  for (const Entry& entry : Catalogue()) {
    if (entry.tests[0] == '\0') continue;
    for (const std::string& test : std::vector<std::string>(absl::StrSplit(entry.tests, ", "))) {
      const std::vector<std::string> parts = absl::StrSplit(test, '.');
      ASSERT_EQ(parts.size(), 2u) << test;
      EXPECT_THAT(sources, testing::HasSubstr("(" + parts[0] + ", " + parts[1] + ")")) << test;
    }
  }
}

TEST(ThreatsTest, TheDocumentHoldsTheTable) {
  EXPECT_THAT(Source("/docs/THREATS.md"),
              testing::HasSubstr("<!-- threats_table -->\n" + TableText() +
                                 "<!-- end of threats_table -->"))
      << "run: build/dev/tests/threats_table --write docs/THREATS.md";
}

}  // namespace
}  // namespace pinhole::sandbox
