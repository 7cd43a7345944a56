// The TOML file in which a data owner describes an import.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/contest/data_shape.h"
#include "server/core/contest/policy.h"

namespace pinhole::dataset {

// What the owner says of a column; the rest is inferred. The shape is public and inference looks at
// all rows, scored ones too: declaring a type says nothing about them, inferring it may.
struct ColumnSpec {
  contest::ColumnType type = contest::ColumnType::kI64;
  std::optional<contest::PublicRange> range;
};

struct TableSpec {
  std::string name;
  std::string file;  // as it is opened: relative ones start at the spec's folder
  std::map<std::string, ColumnSpec> columns;  // declared ones, by name
};

//   dataset = "movielens"          an id
//   version = 1                    from 1
//   deployment = "one-machine"     or "two-machine"
//   budget_bits = 8192             for the data set's lifetime, over all contests
//   target = "ratings"             the table that holds the label
//   label = "rating"               its column to predict; numbers with at most six decimals
//   split = "split"                its column with the words train, public, final; never in the
//   view person = "userId"              optional: its column that names a person, to count overlap
//
//   [[table]]
//   name = "ratings"
//   file = "ratings.csv"           relative to this file
//   [table.columns]                optional: types and public ranges; undeclared ones are inferred
//   userId = "i32"
//   rating = "f64[0.5..5]"
struct ImportSpec {
  std::string dataset;
  int64_t version = 1;
  contest::Deployment deployment = contest::Deployment::kOneMachine;
  int64_t budget_bits = 0;
  std::string target;
  std::string label;
  std::string split;
  std::optional<std::string> person;
  std::vector<TableSpec> tables;  // in the order of the file, which is the order of the shape

  const TableSpec* Find(std::string_view table) const;
};

// Errors: INVALID_ARGUMENT "<path>:<line>: <reason>" for bad TOML, unknown, missing or ill-typed
// keys, bad types and ranges, a target that is not among the tables; else the errno.
absl::StatusOr<ImportSpec> ReadImportSpec(const std::string& path);

// The same for a text that was read already; `path` is for messages and relative files.
absl::StatusOr<ImportSpec> ParseImportSpec(std::string_view text, const std::string& path);

// "i32" or "f64[0.5..5]". Errors: INVALID_ARGUMENT.
absl::StatusOr<ColumnSpec> ParseColumnSpec(std::string_view text);

}  // namespace pinhole::dataset
