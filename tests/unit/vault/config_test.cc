// The vault's configuration: what init writes is read back, and anything else is refused by name.
#include "server/vault/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhole::vault {
namespace {

using ::testing::HasSubstr;

TEST(Config, ReadsWhatInitWrites) {
  Config config{.name = "vault.example/a",
                .socket = "/run/pinhole/socket",
                .user = 100,
                .front_group = 101,
                .lanes_group = 102,
                .lane_users = {103, 104},
                .control_group = Config::ControlGroup::kDelegated,
                .keep_free_mib = 7,
                .machine_lock = "/run/pinhole/machine.lock",
                .degraded = {"network"}};
  const auto read = ParseConfig(FormatConfig(config), "vault.toml");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->lane_users, config.lane_users);
  EXPECT_EQ(read->machine_lock, config.machine_lock);
  EXPECT_EQ(*read->user, 100U);
  EXPECT_EQ(read->lane_count(), 2U);
  EXPECT_EQ(read->control_group, Config::ControlGroup::kDelegated);
  EXPECT_EQ(read->KeepFreeBytes(), 7 << 20);
  EXPECT_TRUE(read->Allows("network"));
  EXPECT_FALSE(read->Allows("cgroups"));
  const Config plain{.name = "a", .socket = "s", .lanes = 3};
  const auto plain_read = ParseConfig(FormatConfig(plain), "vault.toml");
  ASSERT_TRUE(plain_read.ok()) << plain_read.status();
  EXPECT_EQ(plain_read->lane_count(), 3U);
  EXPECT_TRUE(DegradedOf(*plain_read).lane_users);
  const Config units{.name = "a",
                     .socket = "s",
                     .lanes_group = 5,
                     .lanes = 2,
                     .lane_sockets = "/run/pinhole-lanes/%d"};
  const auto units_read = ParseConfig(FormatConfig(units), "vault.toml");
  ASSERT_TRUE(units_read.ok()) << units_read.status();
  EXPECT_EQ(units_read->lane_count(), 2U);
  EXPECT_EQ(units_read->LaneSocket(1), "/run/pinhole-lanes/1");
  EXPECT_EQ(*units_read->lanes_group, 5U);
  EXPECT_FALSE(DegradedOf(*units_read).lane_users);
}

TEST(Config, NamesWhatIsWrong) {
  const std::string base = "name = \"a\"\nsocket = \"s\"\n";
  struct Case {
    const char* text;
    const char* says;
  };
  for (const Case& c :
       {Case{"colour = 1\n", "colour is no such setting"},
        Case{"user = \"root\"\n", "user takes a whole number"},
        Case{"user = 5\n", "given together"}, Case{"degraded = [\"all\"]\n", "none of lane-users"},
        Case{"user = 5\nlanes_group = 6\nlane_users = [7, 7]\n", "a user of its own"},
        Case{"user = 5\nlanes_group = 6\nlane_users = [5]\n", "the vault's user is no lane's"},
        Case{"cgroup = \"v2\"\n", "neither machine nor delegated"},
        Case{"lane_sockets = \"/l\"\n", "one %d"}, Case{"lane_sockets = \"l%d\"\n", "absolute"},
        Case{"lane_sockets = \"/%d%s\"\n", "one %d"},
        Case{"lane_sockets = \"/%d\"\n", "lanes_group is missing"},
        Case{"lane_sockets = \"/%d\"\nlanes_group = 5\nlane_users = [7]\n", "leave out user"},
        Case{"lane_sockets = \"/%d\"\nlanes_group = 5\ncgroup = \"delegated\"\n",
             "leave out cgroup"},
        Case{"lanes_group = 5\n", "given together"},
        Case{"keep_free_mib = 0\n", "keep_free_mib takes a whole number"},
        Case{"lanes = 0\n", "lanes takes a whole number"}}) {
    const auto config = ParseConfig(base + c.text, "vault.toml");
    ASSERT_FALSE(config.ok()) << c.text;
    EXPECT_THAT(std::string(config.status().message()), HasSubstr(c.says));
  }
  EXPECT_FALSE(ParseConfig("socket = \"s\"\n", "vault.toml").ok());
}

}  // namespace
}  // namespace pinhole::vault
