// Entries in memory, as an audit reads them; and an audit's, in memory.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/cli/entry_source.h"

namespace pinhole::testing {

class MemoryEntries final : public cli::EntrySource {
 public:
  explicit MemoryEntries(std::vector<std::string> entries) : entries_(std::move(entries)) {}

  absl::StatusOr<std::optional<std::string_view>> Next() override {
    if (at_ >= entries_.size()) return std::nullopt;
    return entries_[at_++];
  }
  absl::Status Seek(int64_t index) override {
    at_ = static_cast<size_t>(index);
    return absl::OkStatus();
  }

 private:
  std::vector<std::string> entries_;
  size_t at_ = 0;
};

inline absl::StatusOr<std::vector<std::string>> AllEntries(cli::EntrySource& source) {
  std::vector<std::string> entries;
  const absl::Status status = cli::ForEachEntry(source, [&](std::string_view entry) {
    entries.emplace_back(entry);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return entries;
}

}  // namespace pinhole::testing
