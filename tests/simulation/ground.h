// Where worlds are played, one after the other.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "server/system/temp_dir.h"
#include "server/vault/folder.h"
#include "tests/simulation/disk.h"

namespace pinhole::simulation {

// The one folder of this process, on a tmpfs, and the content of a database that was just made.
class Ground {
 public:
  static Ground& Get();
  const vault::Layout& layout() const { return layout_; }
  std::string socket() const { return folder_.path() + "/socket"; }

  // As a new vault has it.
  void Reset();

 private:
  Ground();

  TempDir folder_;
  vault::Layout layout_;
  std::map<std::string, std::shared_ptr<MemoryFile>> new_files_;
};

}  // namespace pinhole::simulation
