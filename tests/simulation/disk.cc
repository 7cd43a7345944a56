#include "tests/simulation/disk.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

namespace pinhole::simulation {
namespace {

constexpr int64_t kSector = 512;

// By the standard library, whose calls are not wrapped.
void PutFile(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

}  // namespace

void MemoryFile::Apply(const Change& change, std::vector<uint8_t>& to) {
  const auto offset = static_cast<size_t>(change.offset);
  if (change.bytes.empty()) {
    to.resize(offset);
    return;
  }
  if (to.size() < offset + change.bytes.size()) to.resize(offset + change.bytes.size());
  std::memcpy(to.data() + offset, change.bytes.data(), change.bytes.size());
}

void MemoryFile::Write(int64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  pending_.push_back({.offset = offset, .bytes = std::string(bytes)});
  Apply(pending_.back(), content);
}

void MemoryFile::Truncate(int64_t size) {
  pending_.push_back({.offset = size, .bytes = {}});
  Apply(pending_.back(), content);
}

void MemoryFile::Sync() {
  for (const Change& change : pending_) Apply(change, durable_);
  pending_.clear();
  durable_name = true;
}

void MemoryFile::Crash(Random& random) {
  const int64_t way = random.Below(4);  // none, all, a beginning, any
  const auto count = static_cast<int64_t>(pending_.size());
  const int64_t begin = way == 0 ? 0 : way == 2 ? random.Between(0, count) : count;
  for (int64_t i = 0; i < begin; ++i) {
    Change change = pending_[static_cast<size_t>(i)];
    if (way == 3 && random.OneIn(2)) continue;
    const auto size = static_cast<int64_t>(change.bytes.size());
    const bool torn = way >= 2 && size > kSector && (i + 1 == begin || random.OneIn(8));
    if (torn) change.bytes.resize(static_cast<size_t>(kSector * random.Between(1, size / kSector)));
    Apply(change, durable_);
  }
  pending_.clear();
  content = durable_;
}

Disk& Disk::Get() {
  static Disk disk;
  return disk;
}

void Disk::Reset(const std::string& folder) {
  folder_ = folder;
  files.clear();
  names_.clear();
  synced_sizes_.clear();
  power_off_ = nullptr;
  alive_ = true;
  forget_syncs_ = false;
  Arm({});
}

void Disk::Arm(const Fault& fault) {
  fault_ = fault;
  steps_ = 0;
  counted_ = 0;
  failed_ = false;
}

Verdict Disk::Ask(Step step) {
  if (!alive_) return Verdict::kDead;
  ++steps_;
  if (fault_.only.has_value() && *fault_.only != step) return Verdict::kGo;
  if (++counted_ != fault_.at) return Verdict::kGo;
  failed_ = true;
  if (fault_.verdict == Verdict::kDead) PowerOff();
  return fault_.verdict;
}

void Disk::PowerOff() {
  if (!alive_) return;
  if (power_off_) power_off_();  // what was sent before is on its way
  alive_ = false;
}

void Disk::PowerOn(Random& random) {
  for (auto file = files.begin(); file != files.end();) {
    file->second->Crash(random);
    const bool lost = !file->second->durable_name && random.OneIn(2);
    file = lost ? files.erase(file) : std::next(file);
  }
  CrashRealFiles(random);
  alive_ = true;
  Arm({});
}

bool Disk::Watches(std::string_view path) const {
  return !folder_.empty() && path.starts_with(folder_);
}

void Disk::Created(const std::string& path) {
  synced_sizes_[path] = 0;
  names_.push_back({path.substr(0, path.rfind('/')), [path] { std::remove(path.c_str()); }});
}

void Disk::Renamed(const std::string& from, const std::string& to,
                   std::optional<std::string> replaced) {
  const auto unsynced = synced_sizes_.find(from);
  synced_sizes_.erase(to);
  if (unsynced != synced_sizes_.end()) {
    synced_sizes_[to] = unsynced->second;
    synced_sizes_.erase(from);
  }
  names_.push_back({to.substr(0, to.rfind('/')), [from, to, replaced = std::move(replaced)] {
                      std::rename(to.c_str(), from.c_str());
                      if (replaced.has_value()) PutFile(to, *replaced);
                    }});
}

void Disk::Removed(const std::string& path, std::string content) {
  synced_sizes_.erase(path);
  names_.push_back({path.substr(0, path.rfind('/')),
                    [path, content = std::move(content)] { PutFile(path, content); }});
}

void Disk::FolderSynced(const std::string& folder) {
  if (forget_syncs_) return;
  std::erase_if(names_, [&](const NameChange& change) { return change.folder == folder; });
}

void Disk::Wrote(const std::string& path, int64_t size_before) {
  synced_sizes_.try_emplace(path, size_before);
}

void Disk::FileSynced(const std::string& path) {
  if (!forget_syncs_) synced_sizes_.erase(path);
}

void Disk::CrashRealFiles(Random& random) {
  const std::string folder = std::exchange(folder_, {});  // these calls are the disk's own
  // A journal keeps the order of names: the newest are lost first.
  std::map<std::string, int64_t> sizes = std::exchange(synced_sizes_, {});
  for (const auto& [path, synced] : sizes) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) continue;
    const int64_t keep = random.Between(std::min<int64_t>(synced, found.st_size), found.st_size);
    [[maybe_unused]] const int cut = ::truncate(path.c_str(), keep);
  }
  const int64_t lost = random.Between(0, static_cast<int64_t>(names_.size()));
  for (int64_t i = 0; i < lost; ++i) {
    names_.back().undo();
    names_.pop_back();
  }
  names_.clear();
  folder_ = folder;
}

}  // namespace pinhole::simulation
