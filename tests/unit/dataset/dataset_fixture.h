// A folder to import from and into, and readers of the result that share no code with the writer.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "server/storage/database.h"
#include "server/system/temp_dir.h"

namespace pinhole::dataset {

inline std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// Every file below a folder: relative path -> bytes.
inline std::map<std::string, std::string> SlurpTree(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    files[std::filesystem::relative(entry.path(), folder).string()] = Slurp(entry.path().string());
  }
  return files;
}

template <typename T>
std::vector<T> ReadPacked(const std::string& path) {
  const std::string bytes = Slurp(path);
  EXPECT_EQ(bytes.size() % sizeof(T), 0u) << path;
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

inline std::vector<std::string> ReadTexts(const std::string& stem) {
  const std::vector<int64_t> offsets = ReadPacked<int64_t>(stem + ".offsets.i64");
  const std::string bytes = Slurp(stem + ".bytes");
  std::vector<std::string> texts;
  EXPECT_EQ(offsets.empty() ? -1 : offsets[0], 0);
  for (size_t i = 1; i < offsets.size(); ++i) {
    texts.push_back(bytes.substr(static_cast<size_t>(offsets[i - 1]),
                                 static_cast<size_t>(offsets[i] - offsets[i - 1])));
  }
  EXPECT_EQ(offsets.back(), static_cast<int64_t>(bytes.size()));
  return texts;
}

struct Label {
  int64_t millionths = 0;
  int set = 0;
  uint32_t weight_thousandths = 1000;
  bool operator==(const Label&) const = default;
};

inline std::vector<Label> ReadLabels(const std::string& path) {
  const std::string bytes = Slurp(path);
  EXPECT_EQ(bytes.size() % 13, 0u);
  std::vector<Label> labels;
  for (size_t at = 0; at + 13 <= bytes.size(); at += 13) {
    uint64_t raw = 0;
    for (size_t i = 8; i-- > 0;) raw = raw << 8 | static_cast<uint8_t>(bytes[at + i]);
    uint32_t weight = 0;
    for (size_t i = 13; i-- > 9;) weight = weight << 8 | static_cast<uint8_t>(bytes[at + i]);
    labels.push_back({static_cast<int64_t>(raw), bytes[at + 8], weight});
  }
  return labels;
}

// A cell as text, whatever its type; nullopt for NULL.
using Cell = std::optional<std::string>;
using Rows = std::vector<std::vector<Cell>>;

// The rows of a query on a contest.db, opened as a box would: immutable.
inline Rows Query(const std::string& database_path, const std::string& sql, int columns) {
  absl::StatusOr<storage::Database> database =
      storage::Database::Open(database_path, storage::Mode::kReadOnlyImmutable);
  EXPECT_TRUE(database.ok()) << database.status();
  if (!database.ok()) return {};
  absl::StatusOr<storage::Statement> select = database->Prepare(sql);
  EXPECT_TRUE(select.ok()) << select.status();
  Rows rows;
  while (select.ok() && *select->Step()) {
    std::vector<Cell> row;
    for (int i = 0; i < columns; ++i) {
      row.push_back(select->IsNull(i) ? Cell() : Cell(std::string(select->Text(i))));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

class DatasetTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TempDir> dir = TempDir::Make();
    ASSERT_TRUE(dir.ok()) << dir.status();
    dir_ = std::make_unique<TempDir>(*std::move(dir));
  }
  std::string Path(const std::string& name) const { return dir_->path() + "/" + name; }
  void Put(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name), std::ios::binary) << content;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_->path())) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

  std::unique_ptr<TempDir> dir_;
};

}  // namespace pinhole::dataset
