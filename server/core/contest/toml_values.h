// Readers of single TOML values, each with an error text that says what the key takes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/base/status.h"
#include "toml++/toml.h"

namespace pinhole::contest {

// One key's reader: it gets the node and stores what it says. Errors: INVALID_ARGUMENT "takes …".
using Read = std::function<absl::Status(const toml::node&)>;

Read Text(std::function<absl::Status(std::string_view)> store);

// A text that `parse` understands.
template <typename T>
Read Word(T& target, absl::StatusOr<T> (*parse)(std::string_view)) {
  return Text([&target, parse](std::string_view text) -> absl::Status {
    ASSIGN_OR_RETURN(target, parse(text));
    return absl::OkStatus();
  });
}

// A list of texts, each given to `store` in turn.
Read Texts(std::function<absl::Status(std::string_view)> store);

// A whole number that is not negative.
Read Count(int& target);

// A number with at most six decimals, as millionths.
Read Number(int64_t& millionths);

// A number that is not negative with at most three decimals, as thousandths.
Read Thousandths(int64_t& thousandths);

// [low, high], as millionths.
Read Range(int64_t& low, int64_t& high);

}  // namespace pinhole::contest
