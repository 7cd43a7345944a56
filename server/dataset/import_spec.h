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
  // Nothing: `file` is CSV. Else it is an SQLite database, and this its table.
  std::optional<std::string> database_table;
  std::map<std::string, ColumnSpec> columns;  // declared ones, by name
};

// How many parts of the rows, or of the persons, fall to each set by chance: 80, 10 and 10 are per
// cents, 8, 1 and 1 say the same.
struct Shares {
  int64_t train = 80;
  int64_t public_rows = 10;
  int64_t final_rows = 10;
  bool operator==(const Shares&) const = default;
};

//   dataset = "movielens"          an id
//   version = 1                    from 1
//   deployment = "one-machine"     or "two-machine"
//   budget_bits = 8192             for the data set's lifetime, over all contests
//   target = "ratings"             the table that holds the label
//   label = "rating"               its column to predict; numbers with at most six decimals
//   person = "userId"              optional: its column that names a person
//   weight = "count"               optional: its column that says how much a scored row counts;
//                                  0 to 4000000, at most three decimals; not in `predict`
//   split = "split"                optional: its column with the words train, public, final; never
//                                  in the view
//   shares = {train = 80, public = 10, final = 10}   optional, without split: each from 1
//
//   [[table]]
//   name = "ratings"
//   file = "ratings.csv"           relative to this file
//   [table.columns]                optional: types and public ranges; undeclared ones are inferred
//   userId = "i32"
//   rating = "f64[0.5..5]"
//
//   [[table]]
//   name = "movies"
//   database = "films.db"          instead of `file`: an SQLite database
//   table = "film"                 optional: its table, where that has another name
//
// Without split the rows are split by a keyed hash: of the person when there is one, so that all
// rows of a person fall to one set, else of the row. docs/DATA.md is the owner's page.
struct ImportSpec {
  std::string dataset;
  int64_t version = 1;
  contest::Deployment deployment = contest::Deployment::kOneMachine;
  int64_t budget_bits = 0;
  std::string target;
  std::string label;
  std::optional<std::string> weight;
  std::optional<std::string> person;
  std::optional<std::string> split;  // then `shares` says nothing
  Shares shares;
  std::vector<TableSpec> tables;  // in the order of the file, which is the order of the shape

  const TableSpec* Find(std::string_view table) const;
};

// Errors: INVALID_ARGUMENT "<path>:<line>: <reason>" for bad TOML, unknown, missing or ill-typed
// keys, bad types and ranges, a target that is not among the tables, one column in two roles,
// shares beside a split column; else the errno.
absl::StatusOr<ImportSpec> ReadImportSpec(const std::string& path);

// The same for a text that was read already; `path` is for messages and relative files.
absl::StatusOr<ImportSpec> ParseImportSpec(std::string_view text, const std::string& path);

// "i32", "f64[0.5..5]" or "date[2020-01-01..2020-12-31]". Errors: INVALID_ARGUMENT.
absl::StatusOr<ColumnSpec> ParseColumnSpec(std::string_view text);

}  // namespace pinhole::dataset
