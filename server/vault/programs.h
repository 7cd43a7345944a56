// Where the vault finds the other programs of its build.
#pragma once

#include <unistd.h>

#include <array>
#include <string>

#include "server/system/files.h"

namespace pinhole::vault {

// `configured`, or the program `name` beside this one.
inline std::string ProgramPath(const std::string& configured, const std::string& name) {
  if (!configured.empty()) return configured;
  std::array<char, 4096> path;
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  return DirectoryOf(std::string(path.data(), length > 0 ? static_cast<size_t>(length) : 0)) + "/" +
         name;
}

}  // namespace pinhole::vault
