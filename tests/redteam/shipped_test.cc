// The switch of the red team's gate is in its own programs and in none that is shipped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "server/system/files.h"

namespace pinhole::redteam {
namespace {

constexpr const char* kSwitch = "mode_of_redteam_gate";  // gate_of_test.cc
constexpr const char* kNamespace = "7pinhole7redteam";   // as symbols of its names are spelled

std::string Program(const char* folder, const char* name) {
  const auto bytes = ReadFile(std::string(std::getenv(folder)) + "/" + name);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

TEST(Shipped, VaultHasNoSwitchBeforeItsGate) {
  const std::string vault = Program("PINHOLE_BIN", "pinhole-vault");
  EXPECT_THAT(vault, testing::Not(testing::HasSubstr(kSwitch)));
  EXPECT_THAT(vault, testing::Not(testing::HasSubstr(kNamespace)));
  const std::string own = Program("PINHOLE_TEST_BIN", "redteam_test");
  EXPECT_THAT(own, testing::HasSubstr(kSwitch)) << "this test would see it";
  EXPECT_THAT(own, testing::HasSubstr(kNamespace));
}

}  // namespace
}  // namespace pinhole::redteam
