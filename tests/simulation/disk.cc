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
constexpr size_t kPage = 4096;

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

void MemoryFile::LosePending() {
  lost_ |= !pending_.empty();
  pending_.clear();
}

void MemoryFile::Evict(Random& random) {
  if (!lost_) return;
  std::vector<uint8_t> stored = durable_;
  for (const Change& change : pending_) Apply(change, stored);
  stored.resize(content.size());
  const int64_t way = random.Below(3);  // none, all, any
  for (size_t at = 0; at < content.size(); at += kPage) {
    if (way == 0 || (way == 2 && random.OneIn(2))) continue;
    std::memcpy(&content[at], &stored[at], std::min(kPage, content.size() - at));
  }
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
  lost_ = false;
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
  lost_from_.clear();
  on_death_ = nullptr;
  alive_ = true;
  forget_syncs_ = false;
  hide_sync_errors_ = false;
  trust_logs_ = false;
  Arm({});
}

void Disk::Arm(const Fault& fault) {
  fault_ = fault;
  steps_ = 0;
  counted_ = 0;
  failed_ = false;
  dies_in_.reset();
}

Verdict Disk::Ask(Step step) {
  if (!alive_) return Verdict::kDead;
  ++steps_;
  if (dies_in_.has_value() && --*dies_in_ == 0) {
    Die(fault_.death);
    return Verdict::kDead;
  }
  if (fault_.only.has_value() && *fault_.only != step) return Verdict::kGo;
  if (++counted_ != fault_.at) return Verdict::kGo;
  failed_ = true;
  if (fault_.verdict == Verdict::kBroken) dies_in_ = fault_.dies_after;
  if (fault_.verdict == Verdict::kDead || dies_in_ == 0) Die(fault_.death);
  return fault_.verdict;
}

void Disk::Die(Death death) {
  if (!alive_) return;
  if (on_death_) on_death_();  // what was sent before is on its way
  alive_ = false;
  death_ = death;
}

void Disk::Restart(Random& random) {
  alive_ = true;
  Arm({});
  if (death_ == Death::kKill) {
    for (const auto& [path, file] : files) file->Evict(random);
    EvictRealFiles(random);
    return;
  }
  for (auto file = files.begin(); file != files.end();) {
    file->second->Crash(random);
    const bool lost = !file->second->durable_name && random.OneIn(2);
    file = lost ? files.erase(file) : std::next(file);
  }
  CrashRealFiles(random);
}

bool Disk::Watches(std::string_view path) const {
  return !folder_.empty() && path.starts_with(folder_);
}

void Disk::Created(const std::string& path) {
  synced_sizes_[path] = 0;
  lost_from_.erase(path);
  names_.push_back({path.substr(0, path.rfind('/')), [path] { std::remove(path.c_str()); }});
}

void Disk::Renamed(const std::string& from, const std::string& to,
                   std::optional<std::string> replaced) {
  for (auto* sizes : {&synced_sizes_, &lost_from_}) {
    sizes->erase(to);
    if (auto moved = sizes->extract(from); !moved.empty()) {
      moved.key() = to;
      sizes->insert(std::move(moved));
    }
  }
  names_.push_back({to.substr(0, to.rfind('/')), [from, to, replaced = std::move(replaced)] {
                      std::rename(to.c_str(), from.c_str());
                      if (replaced.has_value()) PutFile(to, *replaced);
                    }});
}

void Disk::Removed(const std::string& path, std::string content) {
  synced_sizes_.erase(path);
  lost_from_.erase(path);
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

void Disk::FileLost(const std::string& path) {
  const auto unsynced = synced_sizes_.extract(path);
  if (!unsynced.empty()) lost_from_.try_emplace(path, unsynced.mapped());
}

void Disk::EvictRealFiles(Random& random) {
  const std::string folder = std::exchange(folder_, {});  // these calls are the disk's own
  for (const auto& [path, begin] : lost_from_) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0 || found.st_size <= begin || random.OneIn(2)) continue;
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(begin) << std::string(static_cast<size_t>(found.st_size - begin), '\0');
  }
  folder_ = folder;
}

void Disk::CrashRealFiles(Random& random) {
  const std::string folder = std::exchange(folder_, {});  // these calls are the disk's own
  // A journal keeps the order of names: the newest are lost first.
  std::map<std::string, int64_t> sizes = std::exchange(synced_sizes_, {});
  for (const auto& [path, begin] : std::exchange(lost_from_, {})) {
    const int64_t other = sizes.try_emplace(path, begin).first->second;
    sizes[path] = std::min(begin, other);
  }
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
