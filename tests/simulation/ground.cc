#include "tests/simulation/ground.h"

#include <filesystem>
#include <fstream>

namespace pinhole::simulation {

Ground& Ground::Get() {
  static Ground ground;
  return ground;
}

Ground::Ground() : folder_(*TempDir::Make("/dev/shm")), layout_{folder_.path() + "/vault"} {
  UseCrashVfs();
  Disk::Get().Reset("");
  for (const std::string& folder :
       {layout_.directory, layout_.private_directory(), layout_.programs(), layout_.evidence()}) {
    std::filesystem::create_directory(folder);
  }
  std::ofstream(layout_.database()).flush();  // the vault looks whether there is one
  { const auto database = vault::OpenDatabase(layout_); }
  for (const auto& [path, file] : Disk::Get().files) {
    file->Sync();
    new_files_[path] = std::make_shared<MemoryFile>(*file);
  }
}

void Ground::Reset() {
  Disk::Get().Reset("");
  for (const std::string& folder : {layout_.programs(), layout_.evidence()}) {
    for (const auto& file : std::filesystem::directory_iterator(folder))
      std::filesystem::remove(file);
  }
  Disk::Get().Reset(layout_.directory);
  for (const auto& [path, file] : new_files_)
    Disk::Get().files[path] = std::make_shared<MemoryFile>(*file);
}

}  // namespace pinhole::simulation
