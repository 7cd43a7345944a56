// Where things are in a vault's folder.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/str_format.h"

namespace pinhole::vault {

// DIR            0711, so that lanes can pass to view/
// ├ vault.toml   configuration
// ├ private/     0700: database, signing key, programs, evidence
// └ data/        0711: truth/ (0700) and view/ (0750, the lanes' group)
struct Layout {
  std::string directory;

  std::string config() const { return directory + "/vault.toml"; }
  std::string private_directory() const { return directory + "/private"; }
  std::string database() const { return private_directory() + "/vault.db"; }
  std::string lock() const { return private_directory() + "/lock"; }
  std::string signing_key() const { return private_directory() + "/signing-key"; }
  std::string data_key() const { return private_directory() + "/data-key"; }
  std::string import_facts() const { return private_directory() + "/import-facts"; }
  std::string programs() const { return private_directory() + "/programs"; }
  std::string evidence() const { return private_directory() + "/evidence"; }
  std::string data() const { return directory + "/data"; }
  std::string view() const { return data() + "/view"; }
  std::string labels() const { return data() + "/truth/labels.rows"; }
  std::string sheet(const std::string& contest) const {
    return data() + "/truth/" + contest + ".sheet";
  }
  // Predictions of the runs that one exchange admitted, by the index of its first ADMIT.
  std::string predictions(int64_t container) const {
    return absl::StrFormat("%s/%d.predictions", evidence(), container);
  }
};

}  // namespace pinhole::vault
