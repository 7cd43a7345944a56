// What an import learnt that the operator's later commands need; private to the vault.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace pinhole::vault {

struct ImportFacts {
  int64_t baseline_prediction = 0;  // training mean, millionths
  // The most frequent training label, millionths; nothing where there are too many distinct ones
  // (dataset::kDistinctLabelLimit).
  std::optional<int64_t> majority_label;
  // Persons with rows in both training and scored set; nothing when no person column was named.
  std::optional<int64_t> persons_in_both;
  bool operator==(const ImportFacts&) const = default;
};

std::string FormatImportFacts(const ImportFacts& facts);
// Errors: INVALID_ARGUMENT for any other text.
absl::StatusOr<ImportFacts> ParseImportFacts(std::string_view text);

}  // namespace pinhole::vault
