// SQLite's files in memory, through the crashing disk. Format of the interface:
// https://www.sqlite.org/c3ref/vfs.html and io_methods.html. One connection at a time, as the
// serving vault has it, so locks are always granted and shared memory is plain memory.
#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "tests/simulation/disk.h"

namespace pinhole::simulation {
namespace {

struct OpenFile {
  sqlite3_file base;  // first: SQLite sees this
  std::shared_ptr<MemoryFile>* file;
  std::vector<std::unique_ptr<uint8_t[]>>* shared_memory;
  bool is_log;
};

MemoryFile& FileOf(sqlite3_file* file) { return **reinterpret_cast<OpenFile*>(file)->file; }

// SQLITE_OK, or the code for what the disk says.
int Ask(Step step, int broken) {
  switch (Disk::Get().Ask(step)) {
    case Verdict::kGo:
      return SQLITE_OK;
    case Verdict::kFull:
    case Verdict::kShort:
      return SQLITE_FULL;
    case Verdict::kBroken:
    case Verdict::kDead:
      return broken;
  }
  return broken;
}

int Close(sqlite3_file* file) {
  auto* open = reinterpret_cast<OpenFile*>(file);
  delete open->file;
  delete open->shared_memory;
  open->base.pMethods = nullptr;
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  if (!Disk::Get().alive()) return SQLITE_IOERR_READ;
  const std::vector<uint8_t>& content = FileOf(file).content;
  const auto have =
      std::clamp<sqlite3_int64>(static_cast<sqlite3_int64>(content.size()) - offset, 0, size);
  if (have > 0) std::memcpy(to, content.data() + offset, static_cast<size_t>(have));
  if (have == size) return SQLITE_OK;
  std::memset(static_cast<char*>(to) + have, 0, static_cast<size_t>(size - have));
  return SQLITE_IOERR_SHORT_READ;
}

// Whether these bytes stand there already.
bool Holds(const MemoryFile& file, sqlite3_int64 offset, std::string_view bytes) {
  const auto begin = static_cast<size_t>(offset);
  return begin + bytes.size() <= file.content.size() &&
         std::equal(bytes.begin(), bytes.end(), file.content.begin() + offset,
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

int Write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  const std::string_view bytes(static_cast<const char*>(from), static_cast<size_t>(size));
  const Verdict verdict = Disk::Get().Ask(Step::kWrite);
  if (Disk::Get().trusts_logs() && reinterpret_cast<OpenFile*>(file)->is_log &&
      Holds(FileOf(file), offset, bytes)) {
    return SQLITE_OK;
  }
  if (verdict == Verdict::kShort) FileOf(file).Write(offset, bytes.substr(0, bytes.size() / 2));
  if (verdict == Verdict::kGo) FileOf(file).Write(offset, bytes);
  if (verdict == Verdict::kGo) return SQLITE_OK;
  return verdict == Verdict::kBroken || verdict == Verdict::kDead ? SQLITE_IOERR_WRITE
                                                                  : SQLITE_FULL;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int code = Ask(Step::kTruncate, SQLITE_IOERR_TRUNCATE);
  if (code == SQLITE_OK) FileOf(file).Truncate(size);
  return code;
}

int Sync(sqlite3_file* file, int /*flags*/) {
  Disk& disk = Disk::Get();
  const Verdict verdict = disk.Ask(Step::kSync);
  if (verdict == Verdict::kDead) return SQLITE_IOERR_FSYNC;
  if (verdict != Verdict::kGo) {
    if (disk.loses()) FileOf(file).LosePending();
    return disk.hides_sync_errors() ? SQLITE_OK : SQLITE_IOERR_FSYNC;
  }
  if (!disk.forgets_syncs()) FileOf(file).Sync();
  return SQLITE_OK;
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(FileOf(file).content.size());
  return SQLITE_OK;
}

int Lock(sqlite3_file* /*file*/, int /*lock*/) { return SQLITE_OK; }
int CheckReservedLock(sqlite3_file* /*file*/, int* held) {
  *held = 0;
  return SQLITE_OK;
}
int FileControl(sqlite3_file* /*file*/, int /*what*/, void* /*argument*/) {
  return SQLITE_NOTFOUND;
}
int SectorSize(sqlite3_file* /*file*/) { return 4096; }
// As SQLite's own for Unix: a write in one sector does not touch the next.
int DeviceCharacteristics(sqlite3_file* /*file*/) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int SharedMemory(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
  auto& regions = *reinterpret_cast<OpenFile*>(file)->shared_memory;
  *memory = nullptr;
  if (static_cast<size_t>(region) >= regions.size()) {
    if (extend == 0) return SQLITE_OK;
    while (regions.size() <= static_cast<size_t>(region))
      regions.push_back(std::make_unique<uint8_t[]>(static_cast<size_t>(size)));
  }
  *memory = regions[static_cast<size_t>(region)].get();
  return SQLITE_OK;
}
int SharedLock(sqlite3_file* /*file*/, int /*offset*/, int /*count*/, int /*flags*/) {
  return SQLITE_OK;
}
void SharedBarrier(sqlite3_file* /*file*/) {}
int SharedUnmap(sqlite3_file* /*file*/, int /*remove*/) { return SQLITE_OK; }

constexpr sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose = Close,
    .xRead = Read,
    .xWrite = Write,
    .xTruncate = Truncate,
    .xSync = Sync,
    .xFileSize = FileSize,
    .xLock = Lock,
    .xUnlock = Lock,
    .xCheckReservedLock = CheckReservedLock,
    .xFileControl = FileControl,
    .xSectorSize = SectorSize,
    .xDeviceCharacteristics = DeviceCharacteristics,
    .xShmMap = SharedMemory,
    .xShmLock = SharedLock,
    .xShmBarrier = SharedBarrier,
    .xShmUnmap = SharedUnmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int Open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* open = reinterpret_cast<OpenFile*>(file);
  open->base.pMethods = nullptr;
  Disk& disk = Disk::Get();
  if (!disk.alive() || name == nullptr) return SQLITE_CANTOPEN;
  auto found = disk.files.find(name);
  if (found == disk.files.end()) {
    const int code = Ask(Step::kCreate, SQLITE_CANTOPEN);
    if (code != SQLITE_OK) return code;
    found = disk.files.emplace(name, std::make_shared<MemoryFile>()).first;
    // The vault makes the database's own file durable when it is made (init).
    found->second->durable_name = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  }
  open->file = new std::shared_ptr<MemoryFile>(found->second);
  open->shared_memory = new std::vector<std::unique_ptr<uint8_t[]>>();
  open->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  open->base.pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* /*vfs*/, const char* name, int /*sync*/) {
  const int code = Ask(Step::kDelete, SQLITE_IOERR_DELETE);
  if (code == SQLITE_OK) Disk::Get().files.erase(name);
  return code;
}

int Access(sqlite3_vfs* /*vfs*/, const char* name, int /*flags*/, int* result) {
  const auto& files = Disk::Get().files;
  const auto found = files.find(name);
  *result = found != files.end() && !found->second->content.empty() ? 1 : 0;
  return SQLITE_OK;
}

int FullPathname(sqlite3_vfs* /*vfs*/, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

int Randomness(sqlite3_vfs* /*vfs*/, int size, char* out) {
  static Random random(20261130);
  for (int i = 0; i < size; ++i) out[i] = static_cast<char>(random.Next());
  return size;
}

int Sleep(sqlite3_vfs* /*vfs*/, int micros) { return micros; }
int CurrentTime(sqlite3_vfs* /*vfs*/, double* days) {
  *days = 2461000.5;
  return SQLITE_OK;
}
int LastError(sqlite3_vfs* /*vfs*/, int /*size*/, char* /*text*/) { return 0; }

}  // namespace

void UseCrashVfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made{};
    made.iVersion = 1;
    made.szOsFile = sizeof(OpenFile);
    made.mxPathname = 1024;
    made.zName = "crash";
    made.xOpen = Open;
    made.xDelete = Delete;
    made.xAccess = Access;
    made.xFullPathname = FullPathname;
    made.xRandomness = Randomness;
    made.xSleep = Sleep;
    made.xCurrentTime = CurrentTime;
    made.xGetLastError = LastError;
    return made;
  }();
  sqlite3_vfs_register(&vfs, 1);
}

}  // namespace pinhole::simulation
