#include "server/vault/config.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "server/core/base/status.h"
#include "toml++/toml.h"

namespace pinhole::vault {
namespace {

constexpr std::string_view kDegradedModes[] = {"lane-users", "network", "cgroups"};

absl::Status At(std::string_view file, const toml::node& node, std::string_view key,
                std::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrFormat("%s, line %d: %s %s", file, node.source().begin.line, key, problem));
}

// Reads keys of one table; the first error stays.
class Reader {
 public:
  Reader(const toml::table& table, std::string_view file) : table_(table), file_(file) {}

  void Text(std::string_view key, std::string& target) {
    const toml::node* node = Find(key);
    if (node == nullptr) return;
    if (!node->is_string()) return Fail(*node, key, "takes a text in quotes");
    target = node->value<std::string>().value();
  }
  void Id(std::string_view key, std::optional<uint32_t>& target) {
    const toml::node* node = Find(key);
    if (node == nullptr) return;
    const auto value = node->value<int64_t>();
    if (!node->is_integer() || *value < 1 || *value > 0x7fffffff)
      return Fail(*node, key, "takes a whole number above 0");
    target = static_cast<uint32_t>(*value);
  }
  template <typename T>
  void List(std::string_view key, std::vector<T>& target, std::string_view takes) {
    const toml::node* node = Find(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) return Fail(*node, key, takes);
    for (const toml::node& element : *array) {
      const auto value = element.value_exact<
          std::conditional_t<std::is_same_v<T, std::string>, std::string, int64_t>>();
      if (!value.has_value()) return Fail(element, key, takes);
      target.push_back(static_cast<T>(*value));
    }
  }
  absl::Status Done() {
    for (const auto& [key, node] : table_) {
      if (!known_.contains(key.str())) Fail(node, key.str(), "is no such setting");
    }
    return status_;
  }

 private:
  const toml::node* Find(std::string_view key) {
    known_.emplace(key);
    return table_.get(key);
  }
  void Fail(const toml::node& node, std::string_view key, std::string_view problem) {
    if (status_.ok()) status_ = At(file_, node, key, problem);
  }

  const toml::table& table_;
  std::string_view file_;
  std::set<std::string, std::less<>> known_;
  absl::Status status_;
};

absl::Status CheckLaneSockets(const Config& config, std::string_view file) {
  const auto fail = [&](std::string_view problem) {
    return absl::InvalidArgumentError(absl::StrFormat("%s: lane_sockets: %s", file, problem));
  };
  const size_t number = config.lane_sockets.find("%d");
  if (config.lane_sockets.front() != '/' || number == std::string::npos ||
      config.lane_sockets.find('%', number + 1) != std::string::npos ||
      config.lane_sockets.find('%') != number) {
    return fail("takes an absolute path with one %d, for the lane's number");
  }
  if (config.user.has_value() || !config.lane_users.empty())
    return fail("each lane's user is its unit's: leave out user and lane_users");
  if (!config.lanes_group.has_value())
    return fail("lanes_group is missing: the group of the lanes' units, which may read the view");
  if (config.control_group == Config::ControlGroup::kDelegated)
    return fail("the lanes' cgroups are their units': leave out cgroup");
  return absl::OkStatus();
}

absl::Status CheckIds(const Config& config, std::string_view file) {
  const auto fail = [&](std::string_view problem) {
    return absl::InvalidArgumentError(absl::StrFormat("%s: %s", file, problem));
  };
  if (config.user.has_value() != config.lanes_group.has_value() ||
      config.user.has_value() == config.lane_users.empty()) {
    return fail("user, lanes_group and lane_users are given together or not at all");
  }
  std::set<uid_t> users(config.lane_users.begin(), config.lane_users.end());
  if (users.size() != config.lane_users.size())
    return fail("lane_users: each lane has a user of its own");
  if (config.user.has_value() && users.contains(*config.user))
    return fail("lane_users: the vault's user is no lane's");
  return absl::OkStatus();
}

absl::Status Check(const Config& config, std::string_view file) {
  const auto fail = [&](std::string_view problem) {
    return absl::InvalidArgumentError(absl::StrFormat("%s: %s", file, problem));
  };
  if (config.name.empty()) return fail("name is missing");
  if (config.socket.empty()) return fail("socket is missing");
  RETURN_IF_ERROR(config.lane_sockets.empty() ? CheckIds(config, file)
                                              : CheckLaneSockets(config, file));
  if (config.lanes < 1 || config.lanes > 1024) return fail("lanes is between 1 and 1024");
  if (!config.machine_lock.empty() && config.machine_lock.front() != '/')
    return fail("machine_lock is an absolute path");
  for (const std::string& mode : config.degraded) {
    if (std::find(std::begin(kDegradedModes), std::end(kDegradedModes), mode) ==
        std::end(kDegradedModes)) {
      return fail(
          absl::StrFormat("degraded: \"%s\" is none of lane-users, network, cgroups", mode));
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool Config::Allows(std::string_view degraded_mode) const {
  return std::find(degraded.begin(), degraded.end(), degraded_mode) != degraded.end();
}

std::string Config::LaneSocket(int lane) const {
  return absl::StrReplaceAll(lane_sockets, {{"%d", absl::StrFormat("%d", lane)}});
}

contest::Degraded DegradedOf(const Config& config) {
  const bool own_users = !config.lane_users.empty() || !config.lane_sockets.empty();
  return {.lane_users = !own_users || config.Allows("lane-users"),
          .network = config.Allows("network"),
          .cgroups = config.Allows("cgroups")};
}

absl::StatusOr<Config> ParseConfig(std::string_view toml, std::string_view file_name) {
  toml::table root;
  try {  // toml++ reports by exception; none passes this function
    root = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s, line %d: %s", file_name, error.source().begin.line, std::string(error.description())));
  }
  Config config;
  Reader reader(root, file_name);
  std::optional<uint32_t> lanes;
  std::optional<uint32_t> keep_free;
  reader.Text("name", config.name);
  reader.Text("socket", config.socket);
  reader.Id("user", config.user);
  reader.Id("front_group", config.front_group);
  reader.Id("lanes_group", config.lanes_group);
  reader.List("lane_users", config.lane_users, "takes a list of numeric ids");
  reader.Id("lanes", lanes);
  reader.Text("lane_sockets", config.lane_sockets);
  std::string control_group = "machine";
  reader.Text("cgroup", control_group);
  reader.Text("launcher", config.launcher);
  reader.Text("scorer", config.scorer);
  reader.Id("keep_free_mib", keep_free);
  reader.Text("machine_lock", config.machine_lock);
  reader.List("degraded", config.degraded, "takes a list of texts");
  RETURN_IF_ERROR(reader.Done());
  if (control_group == "delegated") {
    config.control_group = Config::ControlGroup::kDelegated;
  } else if (control_group != "machine") {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: cgroup: \"%s\" is neither machine nor delegated", file_name, control_group));
  }
  if (keep_free.has_value()) config.keep_free_mib = *keep_free;
  if (lanes.has_value()) config.lanes = static_cast<int>(*lanes);
  RETURN_IF_ERROR(Check(config, file_name));
  return config;
}

std::string FormatConfig(const Config& config) {
  std::string out = absl::StrFormat(
      "# The ledger's name: its origin, and the name of the key that signs its heads. Never "
      "changes.\n"
      "name = \"%s\"\n\n"
      "# Where the front connects. One Unix socket; nothing else joins front and vault.\n"
      "socket = \"%s\"\n\n",
      config.name, config.socket);
  if (config.user.has_value()) {
    out += absl::StrFormat(
        "# Started by root, the vault gives root up for this user before it serves.\n"
        "user = %d\n"
        "# Every lane runs boxes as a user of its own; the group may read data/view and nothing "
        "else.\n"
        "lanes_group = %d\n"
        "lane_users = [%s]\n",
        *config.user, *config.lanes_group, absl::StrJoin(config.lane_users, ", "));
  } else {
    out += absl::StrFormat("# Runs at a time.\nlanes = %d\n", config.lanes);
  }
  if (!config.lane_sockets.empty()) {
    out += absl::StrFormat(
        "# Lanes are units of their own, pinhole-lane@N, spoken to here; %%d is N. The group, "
        "theirs, may read data/view and\n"
        "# nothing else.\n"
        "lane_sockets = \"%s\"\n"
        "lanes_group = %d\n",
        config.lane_sockets, *config.lanes_group);
  }
  if (config.front_group.has_value()) {
    out += absl::StrFormat("# This group may connect to the socket.\nfront_group = %d\n",
                           *config.front_group);
  }
  out += absl::StrFormat(
      "\n# Where memory limits of boxes are made: \"machine\" (below the root of /sys/fs/cgroup; "
      "needs "
      "root) or \"delegated\" (below the\n"
      "# unit's own group: a unit with Delegate=yes on a cgroup version 2 machine).\n"
      "cgroup = \"%s\"\n",
      config.control_group == Config::ControlGroup::kDelegated ? "delegated" : "machine");
  out += absl::StrFormat(
      "\n# Below this much free space on the vault's disk nothing is admitted: the ledger always "
      "has "
      "room.\n"
      "keep_free_mib = %d\n",
      config.keep_free_mib);
  out += absl::StrFormat(
      "\n# What this machine cannot give and the operator accepts: \"lane-users\" (boxes under the "
      "vault's own user), \"network\" (no\n"
      "# empty network namespace), \"cgroups\" (memory limited by address space alone). Anything "
      "missing and not named refuses to start.\n"
      "degraded = [%s]\n",
      absl::StrJoin(config.degraded, ", ",
                    [](std::string* text, const std::string& mode) { *text += '"' + mode + '"'; }));
  if (!config.machine_lock.empty()) {
    out += absl::StrFormat(
        "\n# Held while the vault serves: no second vault and no rehearsal runs on this machine.\n"
        "machine_lock = \"%s\"\n",
        config.machine_lock);
  }
  if (!config.launcher.empty()) out += absl::StrFormat("launcher = \"%s\"\n", config.launcher);
  if (!config.scorer.empty()) out += absl::StrFormat("scorer = \"%s\"\n", config.scorer);
  return out;
}

}  // namespace pinhole::vault
