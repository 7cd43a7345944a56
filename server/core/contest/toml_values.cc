#include "server/core/contest/toml_values.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace pinhole::contest {
namespace {

// A number as written, as millionths; TOML's floats are doubles, and six decimals below a billion
// survive that.
absl::StatusOr<int64_t> Millionths(const toml::node& node) {
  const auto value = node.value<double>();
  if (!node.is_number() || !value.has_value() || !(std::abs(*value) <= 1e9)) {
    return absl::InvalidArgumentError("takes a number within a billion");
  }
  const double scaled = *value * 1e6;
  const double whole = std::round(scaled);
  if (std::abs(scaled - whole) > 1e-3)
    return absl::InvalidArgumentError("takes at most six decimals");
  return static_cast<int64_t>(whole);
}

}  // namespace

Read Text(std::function<absl::Status(std::string_view)> store) {
  return [store = std::move(store)](const toml::node& node) -> absl::Status {
    const auto value = node.value<std::string_view>();
    if (!node.is_string() || !value.has_value())
      return absl::InvalidArgumentError("takes a text in quotes");
    return store(*value);
  };
}

Read Texts(std::function<absl::Status(std::string_view)> store) {
  return [store = std::move(store)](const toml::node& node) -> absl::Status {
    const toml::array* list = node.as_array();
    if (list == nullptr) return absl::InvalidArgumentError("takes a list of texts in quotes");
    for (const toml::node& one : *list) RETURN_IF_ERROR(Text(store)(one));
    return absl::OkStatus();
  };
}

Read Count(int& target) {
  return [&target](const toml::node& node) -> absl::Status {
    const auto value = node.value<int64_t>();
    if (!node.is_integer() || !value.has_value() || *value < 0 || *value > INT32_MAX) {
      return absl::InvalidArgumentError("takes a whole number that is not negative");
    }
    target = static_cast<int>(*value);
    return absl::OkStatus();
  };
}

Read Number(int64_t& millionths) {
  return [&millionths](const toml::node& node) -> absl::Status {
    ASSIGN_OR_RETURN(millionths, Millionths(node));
    return absl::OkStatus();
  };
}

Read Thousandths(int64_t& thousandths) {
  return [&thousandths](const toml::node& node) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t millionths, Millionths(node));
    if (millionths < 0 || millionths % 1000 != 0)
      return absl::InvalidArgumentError("takes a number from 0 with at most three decimals");
    thousandths = millionths / 1000;
    return absl::OkStatus();
  };
}

Read Range(int64_t& low, int64_t& high) {
  return [&low, &high](const toml::node& node) -> absl::Status {
    const toml::array* ends = node.as_array();
    if (ends == nullptr || ends->size() != 2)
      return absl::InvalidArgumentError("takes two numbers: [low, high]");
    ASSIGN_OR_RETURN(low, Millionths(*ends->get(0)));
    ASSIGN_OR_RETURN(high, Millionths(*ends->get(1)));
    return absl::OkStatus();
  };
}

}  // namespace pinhole::contest
