#include "server/dataset/import_spec.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <utility>

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/system/files.h"

namespace pinhole::dataset {
namespace {

constexpr size_t kSpecLimitBytes = size_t{1} << 20;
constexpr int64_t kShareLimit = 1'000'000;

// Reads the keys of one TOML table, strictly.
class KeyReader {
 public:
  KeyReader(const toml::table& table, const std::string& path) : table_(table), path_(path) {}

  absl::Status ErrorAt(const toml::source_region& where, std::string_view reason) const {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s:%d: %s", path_, where.begin.line, reason));
  }

  absl::Status AllowOnly(std::initializer_list<std::string_view> known) const {
    for (const auto& [key, node] : table_) {
      if (std::ranges::find(known, key.str()) != known.end()) continue;
      std::string list;
      for (const std::string_view name : known) {
        list += list.empty() ? "" : ", ";
        list += name;
      }
      return ErrorAt(key.source(),
                     absl::StrFormat("unknown key \"%s\"; known here: %s", key.str(), list));
    }
    return absl::OkStatus();
  }

  // Errors: when the key is missing or of another type.
  absl::StatusOr<std::string> Text(std::string_view key) const {
    ASSIGN_OR_RETURN(const toml::node* node, Required(key));
    const toml::value<std::string>* text = node->as_string();
    if (text == nullptr || text->get().empty()) {
      return ErrorAt(node->source(), absl::StrFormat("\"%s\" must be a text in quotes", key));
    }
    return text->get();
  }

  absl::StatusOr<int64_t> Positive(std::string_view key) const {
    ASSIGN_OR_RETURN(const toml::node* node, Required(key));
    const toml::value<int64_t>* number = node->as_integer();
    if (number == nullptr || number->get() < 1) {
      return ErrorAt(node->source(), absl::StrFormat("\"%s\" must be an integer from 1", key));
    }
    return number->get();
  }

  absl::StatusOr<std::optional<std::string>> OptionalText(std::string_view key) const {
    if (Find(key) == nullptr) return std::optional<std::string>();
    return Text(key);
  }

  const toml::node* Find(std::string_view key) const { return table_.get(key); }

  absl::StatusOr<const toml::node*> Required(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) {
      return ErrorAt(table_.source(), absl::StrFormat("the key \"%s\" is missing", key));
    }
    return node;
  }

 private:
  const toml::table& table_;
  const std::string& path_;
};

absl::Status ReadSource(const KeyReader& keys, const toml::source_region& where, TableSpec& spec) {
  const bool file = keys.Find("file") != nullptr;
  const bool database = keys.Find("database") != nullptr;
  if (file == database) {
    return keys.ErrorAt(where,
                        absl::StrFormat("table \"%s\" needs one of \"file\" (a CSV file) and "
                                        "\"database\" (an SQLite database)",
                                        spec.name));
  }
  if (file && keys.Find("table") != nullptr) {
    return keys.ErrorAt(keys.Find("table")->source(),
                        "\"table\" names a table of a \"database\"; a CSV file is one table");
  }
  ASSIGN_OR_RETURN(spec.file, keys.Text(file ? "file" : "database"));
  if (!database) return absl::OkStatus();
  ASSIGN_OR_RETURN(spec.database_table, keys.OptionalText("table"));
  if (!spec.database_table.has_value()) spec.database_table = spec.name;
  return absl::OkStatus();
}

absl::StatusOr<TableSpec> ReadTable(const toml::node& node, const std::string& path) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s:%d: tables are written [[table]]", path, node.source().begin.line));
  }
  const KeyReader keys(*table, path);
  RETURN_IF_ERROR(keys.AllowOnly({"name", "file", "database", "table", "columns"}));
  TableSpec spec;
  ASSIGN_OR_RETURN(spec.name, keys.Text("name"));
  RETURN_IF_ERROR(ReadSource(keys, table->source(), spec));
  // Relative names start where the spec lies.
  if (!spec.file.starts_with('/'))
    spec.file = absl::StrFormat("%s/%s", DirectoryOf(path), spec.file);
  const toml::node* columns = keys.Find("columns");
  if (columns == nullptr) return spec;
  if (columns->as_table() == nullptr) {
    return keys.ErrorAt(columns->source(), "columns are written under [table.columns]");
  }
  for (const auto& [name, declared] : *columns->as_table()) {
    const toml::value<std::string>* text = declared.as_string();
    if (text == nullptr) {
      return keys.ErrorAt(declared.source(), "a column's type is a text such as \"i32\"");
    }
    absl::StatusOr<ColumnSpec> column = ParseColumnSpec(text->get());
    if (!column.ok())
      return keys.ErrorAt(declared.source(), std::string(column.status().message()));
    spec.columns.emplace(name.str(), *column);
  }
  return spec;
}

absl::Status ReadTables(const KeyReader& keys, const std::string& path, ImportSpec& spec) {
  ASSIGN_OR_RETURN(const toml::node* node, keys.Required("table"));
  const toml::array* array = node->as_array();
  if (array == nullptr) return keys.ErrorAt(node->source(), "tables are written [[table]]");
  std::set<std::string> names;
  for (const toml::node& element : *array) {
    ASSIGN_OR_RETURN(TableSpec table, ReadTable(element, path));
    if (!names.insert(table.name).second) {
      return keys.ErrorAt(element.source(),
                          absl::StrFormat("table \"%s\" stands twice", table.name));
    }
    spec.tables.push_back(std::move(table));
  }
  return absl::OkStatus();
}

absl::StatusOr<Shares> ReadShares(const toml::node& node, const std::string& path) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s:%d: shares are written {train = 80, public = 10, final = 10}", path,
                        node.source().begin.line));
  }
  const KeyReader keys(*table, path);
  RETURN_IF_ERROR(keys.AllowOnly({"train", "public", "final"}));
  Shares shares;
  ASSIGN_OR_RETURN(shares.train, keys.Positive("train"));
  ASSIGN_OR_RETURN(shares.public_rows, keys.Positive("public"));
  ASSIGN_OR_RETURN(shares.final_rows, keys.Positive("final"));
  if (std::max({shares.train, shares.public_rows, shares.final_rows}) > kShareLimit) {
    return keys.ErrorAt(node.source(), absl::StrFormat("a share is at most %d", kShareLimit));
  }
  return shares;
}

absl::Status ReadSplit(const KeyReader& keys, const std::string& path, ImportSpec& spec) {
  ASSIGN_OR_RETURN(spec.split, keys.OptionalText("split"));
  const toml::node* shares = keys.Find("shares");
  if (shares == nullptr) return absl::OkStatus();
  if (spec.split.has_value()) {
    return keys.ErrorAt(
        shares->source(),
        absl::StrFormat("\"split\" takes each row's part from the column \"%s\" and "
                        "\"shares\" gives parts by chance; keep one of the two",
                        *spec.split));
  }
  ASSIGN_OR_RETURN(spec.shares, ReadShares(*shares, path));
  return absl::OkStatus();
}

// A column has one role.
absl::Status CheckRoles(const KeyReader& keys, const ImportSpec& spec) {
  const std::pair<std::string_view, std::optional<std::string>> roles[] = {{"label", spec.label},
                                                                           {"split", spec.split},
                                                                           {"person", spec.person},
                                                                           {"weight", spec.weight}};
  for (const auto& [role, column] : roles) {
    for (const auto& [other_role, other] : roles) {
      if (role == other_role || !column.has_value() || column != other) continue;
      return keys.ErrorAt(
          keys.Find(other_role)->source(),
          absl::StrFormat("\"%s\" and \"%s\" must be different columns", role, other_role));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ImportSpec> ReadRoot(const toml::table& root, const std::string& path) {
  const KeyReader keys(root, path);
  RETURN_IF_ERROR(keys.AllowOnly({"dataset", "version", "deployment", "budget_bits", "target",
                                  "label", "weight", "person", "split", "shares", "table"}));
  ImportSpec spec;
  ASSIGN_OR_RETURN(spec.dataset, keys.Text("dataset"));
  if (!IsId(spec.dataset)) {
    return keys.ErrorAt(keys.Find("dataset")->source(),
                        "\"dataset\" is an id: a small letter, then small letters, digits and "
                        "'-', at most 39");
  }
  ASSIGN_OR_RETURN(spec.version, keys.Positive("version"));
  ASSIGN_OR_RETURN(spec.budget_bits, keys.Positive("budget_bits"));
  ASSIGN_OR_RETURN(const std::string deployment, keys.Text("deployment"));
  absl::StatusOr<contest::Deployment> parsed = contest::ParseDeployment(deployment);
  if (!parsed.ok()) {
    return keys.ErrorAt(keys.Find("deployment")->source(), std::string(parsed.status().message()));
  }
  spec.deployment = *parsed;
  ASSIGN_OR_RETURN(spec.target, keys.Text("target"));
  ASSIGN_OR_RETURN(spec.label, keys.Text("label"));
  ASSIGN_OR_RETURN(spec.weight, keys.OptionalText("weight"));
  ASSIGN_OR_RETURN(spec.person, keys.OptionalText("person"));
  RETURN_IF_ERROR(ReadSplit(keys, path, spec));
  RETURN_IF_ERROR(ReadTables(keys, path, spec));
  if (spec.Find(spec.target) == nullptr) {
    return keys.ErrorAt(keys.Find("target")->source(),
                        absl::StrFormat("the target \"%s\" is not among the tables", spec.target));
  }
  RETURN_IF_ERROR(CheckRoles(keys, spec));
  return spec;
}

}  // namespace

const TableSpec* ImportSpec::Find(std::string_view table) const {
  for (const TableSpec& candidate : tables) {
    if (candidate.name == table) return &candidate;
  }
  return nullptr;
}

absl::StatusOr<ColumnSpec> ParseColumnSpec(std::string_view text) {
  ColumnSpec spec;
  const size_t bracket = text.find('[');
  ASSIGN_OR_RETURN(spec.type, contest::ParseColumnType(text.substr(0, bracket)));
  if (bracket == std::string_view::npos) return spec;
  std::string_view range = text.substr(bracket + 1);
  if (!range.ends_with(']')) {
    return absl::InvalidArgumentError(
        absl::StrFormat("\"%s\" is not a type with a range such as \"f64[0.5..5]\"", text));
  }
  range.remove_suffix(1);
  ASSIGN_OR_RETURN(spec.range, contest::ParseRange(spec.type, range));
  return spec;
}

absl::StatusOr<ImportSpec> ParseImportSpec(std::string_view text, const std::string& path) {
  // toml++ as Debian builds it reports by exception; it goes no further than here.
  try {
    const toml::table root = toml::parse(text, path);
    return ReadRoot(root, path);
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s:%d: %s", path, error.source().begin.line, error.description()));
  }
}

absl::StatusOr<ImportSpec> ReadImportSpec(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kSpecLimitBytes));
  return ParseImportSpec(text, path);
}

}  // namespace pinhole::dataset
