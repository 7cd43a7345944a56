#include "server/vault/data_report.h"

#include <cstdint>
#include <optional>

#include "absl/strings/str_format.h"
#include "server/core/base/text.h"

namespace pinhole::vault {
namespace {

std::string TablesText(const dataset::ImportResult& result) {
  std::string text;
  for (size_t i = 0; i < result.shape.tables.size(); ++i) {
    const contest::Table& table = result.shape.tables[i];
    const dataset::TableFacts& facts = result.tables[i];
    text += absl::StrFormat("table %s: %d rows\n", table.name, facts.rows);
    for (size_t k = 0; k < table.columns.size(); ++k) {
      const contest::Column& column = table.columns[k];
      text += absl::StrFormat("  %-24s %-5s", column.name, contest::ColumnTypeName(column.type));
      if (column.range.has_value()) {
        text += absl::StrFormat(" declared %s", contest::FormatRange(column.type, *column.range));
      }
      if (facts.nulls[k] > 0) text += absl::StrFormat(" %d nulls", facts.nulls[k]);
      while (text.ends_with(' ')) text.pop_back();
      text += '\n';
    }
  }
  return text;
}

std::string SplitText(const dataset::ImportSpec& spec, const dataset::ImportResult& result) {
  const int64_t rows = result.train_rows + result.public_rows + result.final_rows;
  const auto share = [rows](int64_t part) {
    return absl::StrFormat("%d (%.2f %%)", part,
                           100 * static_cast<double>(part) / static_cast<double>(rows));
  };
  std::string how = "by a keyed hash of the row";
  if (spec.person.has_value()) how = absl::StrFormat("by a keyed hash of %s", *spec.person);
  if (spec.split.has_value()) how = absl::StrFormat("as the column %s says", *spec.split);
  return absl::StrFormat("split %s: train %s, public %s, final %s rows\n", how,
                         share(result.train_rows), share(result.public_rows),
                         share(result.final_rows));
}

std::string PersonsText(const dataset::ImportResult& result) {
  if (!result.persons.has_value()) {
    return "persons: no column names them, so how many have training and scored rows is unknown\n";
  }
  const dataset::PersonOverlap& persons = *result.persons;
  std::string text =
      absl::StrFormat("persons: %d with training rows, %d with scored rows, %d with both\n",
                      persons.train, persons.scored, persons.both);
  if (persons.both > 0) {
    text += absl::StrFormat(
        "%d of %d scored persons have training rows too: bound B of the design's section 1.6 does "
        "not hold\n",
        persons.both, persons.scored);
  }
  return text;
}

std::string LabelText(const dataset::ImportResult& result) {
  const std::optional<int64_t> mean = result.train_labels.Mean();
  const std::optional<int64_t> majority = result.train_labels.Majority();
  std::string text =
      absl::StrFormat("labels of the training rows: %d, mean %s, ", result.train_labels.count(),
                      mean.has_value() ? FormatMillionths(*mean) : "none");
  text += majority.has_value()
              ? absl::StrFormat("most frequent %s\n", FormatMillionths(*majority))
              : absl::StrFormat("more than %d distinct ones, so none is called most frequent\n",
                                dataset::kDistinctLabelLimit);
  return text;
}

}  // namespace

std::string DataReport(const dataset::ImportSpec& spec, const dataset::ImportResult& result,
                       const log::DatasetEntry& entry) {
  std::string text = absl::StrFormat(
      "imported %s version %d: %d training rows, %d public and %d final rows to predict\n",
      spec.dataset, entry.version, entry.train_rows, entry.public_rows, entry.final_rows);
  text += TablesText(result);
  text += SplitText(spec, result);
  text += PersonsText(result);
  text += LabelText(result);
  text += absl::StrFormat(
      "public, once a contest opens: the names, types and declared ranges above, which column is "
      "the "
      "label%s, the three row counts of the split, and a salted commitment\n"
      "not public: the nulls, rows of other tables, persons and labels above; they stay in the "
      "vault\n",
      spec.weight.has_value() ? " and which the weight" : "");
  text += absl::StrFormat("budget for its lifetime: %s bits, %s of them for the row counts above\n",
                          entry.budget.ToString(), entry.declassified.ToString());
  text +=
      absl::StrFormat("signed by owner %s, who says by it that no other account holds these rows\n",
                      entry.owner.ToHex());
  return text;
}

}  // namespace pinhole::vault
