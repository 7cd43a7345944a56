#include "server/vault/import_facts.h"

#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"

namespace pinhole::vault {

namespace {

std::string NumberOrDash(std::optional<int64_t> number) {
  return number.has_value() ? absl::StrFormat("%d", *number) : "-";
}

absl::StatusOr<std::optional<int64_t>> ParseNumberOrDash(std::string_view text) {
  if (text == "-") return std::optional<int64_t>();
  return ParseInteger(text);
}

}  // namespace

std::string FormatImportFacts(const ImportFacts& facts) {
  return absl::StrFormat("baseline_prediction=%d\nmajority_label=%s\npersons_in_both=%s\n",
                         facts.baseline_prediction, NumberOrDash(facts.majority_label),
                         NumberOrDash(facts.persons_in_both));
}

absl::StatusOr<ImportFacts> ParseImportFacts(std::string_view text) {
  const auto take = [&text](std::string_view key) -> absl::StatusOr<std::string_view> {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos || !text.starts_with(key) ||
        text.substr(key.size(), 1) != "=") {
      return absl::InvalidArgumentError(absl::StrFormat("the import's facts lack %s", key));
    }
    const std::string_view value = text.substr(key.size() + 1, end - key.size() - 1);
    text.remove_prefix(end + 1);
    return value;
  };
  ImportFacts facts;
  ASSIGN_OR_RETURN(const std::string_view baseline, take("baseline_prediction"));
  ASSIGN_OR_RETURN(facts.baseline_prediction, ParseInteger(baseline));
  ASSIGN_OR_RETURN(const std::string_view majority, take("majority_label"));
  ASSIGN_OR_RETURN(facts.majority_label, ParseNumberOrDash(majority));
  ASSIGN_OR_RETURN(const std::string_view persons, take("persons_in_both"));
  ASSIGN_OR_RETURN(facts.persons_in_both, ParseNumberOrDash(persons));
  if (!text.empty()) return absl::InvalidArgumentError("the import's facts end in another text");
  return facts;
}

}  // namespace pinhole::vault
