// A disk that can lose its current at any step. What was written and not synced is known apart from
// what was, so that a crash can leave any of it or none; single calls can fail.
//
// Two fronts: SQLite's files live in memory behind an SQLite VFS (crash_vfs.cc); programs and
// predictions are real files of a tmpfs, whose calls are wrapped by the linker
// (wrapped_calls.cc). Both ask `Disk` before each step that changes anything.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/random.h"

namespace pinhole::simulation {

// The steps that are counted, one place for a crash or a fault each.
enum class Step { kWrite, kSync, kTruncate, kCreate, kDelete, kRename, kReserve, kSend };

// What a step is to do.
enum class Verdict {
  kGo,
  kFull,    // ENOSPC
  kBroken,  // EIO
  kShort,   // a write: half of it, then ENOSPC
  kDead,    // there is no process any more, or no current: nothing changes
};

// How a vault ends that is not asked to.
enum class Death {
  kOutage,  // the machine has no current: what was not synced is as luck has it
  kKill,    // its process is gone: whoever comes next reads what it wrote, synced or not
};

// What becomes of what a sync that failed should have made durable.
enum class Dirty {
  kKept,  // it waits for the next sync
  kLost,  // it counts as written (Linux marks the pages clean), is read for a while, and no sync
          // makes it durable: only writing it again does
};

// What goes wrong, at which step from now on; 0 never.
struct Fault {
  int64_t at = 0;
  Verdict verdict = Verdict::kGo;
  // Only steps of this kind count; nothing: all do.
  std::optional<Step> only;
  Death death = Death::kOutage;  // of kDead, and of `dies_after`
  Dirty dirty = Dirty::kKept;    // of a sync that is kBroken
  // So many steps after a step that is kBroken; 0 at once.
  std::optional<int64_t> dies_after;
};

// Content of one file of SQLite's.
class MemoryFile {
 public:
  std::vector<uint8_t> content;  // as a living process sees it

  void Write(int64_t offset, std::string_view bytes);
  void Truncate(int64_t size);
  void Sync();
  // A sync failed: what was written stays to be read, and no later sync makes it durable.
  void LosePending();
  // The process is gone and its pages with it, or some: what was lost is read no more.
  void Evict(Random& random);
  // Leaves what is durable and, by `random`, none, all, a beginning or any of the rest, one write
  // perhaps torn between sectors.
  void Crash(Random& random);
  bool durable_name = false;  // the file is found after a crash

 private:
  struct Change {
    int64_t offset = 0;
    std::string bytes;  // empty: the file ends at `offset`
  };
  static void Apply(const Change& change, std::vector<uint8_t>& to);
  std::vector<uint8_t> durable_;
  std::vector<Change> pending_;
  bool lost_ = false;  // `content` has what is neither durable nor pending
};

// The one disk of this process; a world at a time.
class Disk {
 public:
  static Disk& Get();

  // A new disk. Real files below `folder` belong to it.
  void Reset(const std::string& folder);
  // Forgets all faults, counts from 0.
  void Arm(const Fault& fault);
  int64_t steps() const { return steps_; }
  bool failed() const { return failed_; }  // the fault came to be
  const Fault& fault() const { return fault_; }

  // Whether the vault's process lives, and the machine has current.
  bool alive() const { return alive_; }
  Death death() const { return death_; }  // of one that does not
  // Called once at the moment of its death.
  void OnDeath(std::function<void()> hook) { on_death_ = std::move(hook); }
  void Die(Death death);
  // The next process starts, on a machine that lost its current or did not. `random` says what
  // becomes of all that was not synced.
  void Restart(Random& random);

  // To be asked before each step.
  Verdict Ask(Step step);
  // Of a sync that is kBroken.
  bool loses() const { return fault_.dirty == Dirty::kLost; }

  // Mutants: a disk that says "synced" and is not; one that keeps nothing apart is harmless.
  void ForgetSyncs(bool forget) { forget_syncs_ = forget; }
  bool forgets_syncs() const { return forget_syncs_; }
  // A mutant: code that does not look whether a sync failed.
  void HideSyncErrors(bool hide) { hide_sync_errors_ = hide; }
  bool hides_sync_errors() const { return hide_sync_errors_; }
  // A mutant: code that takes a log for durable because it can read it, and does not write it
  // again.
  void TrustLogs(bool trust) { trust_logs_ = trust; }
  bool trusts_logs() const { return trust_logs_; }

  // SQLite's files by path.
  std::map<std::string, std::shared_ptr<MemoryFile>> files;

  // Real files: what was done since the folder's last sync, newest last, each with its undoing.
  bool Watches(std::string_view path) const;
  void Created(const std::string& path);
  void Renamed(const std::string& from, const std::string& to, std::optional<std::string> replaced);
  void Removed(const std::string& path, std::string content);
  void FolderSynced(const std::string& folder);
  void Wrote(const std::string& path, int64_t size_before);
  void FileSynced(const std::string& path);
  // A sync of it failed, and what was written is lost.
  void FileLost(const std::string& path);

  int64_t free_bytes = int64_t{1} << 40;

 private:
  struct NameChange {
    std::string folder;
    std::function<void()> undo;
  };
  void CrashRealFiles(Random& random);
  void EvictRealFiles(Random& random);

  std::string folder_;
  Fault fault_;
  int64_t steps_ = 0;
  int64_t counted_ = 0;
  bool failed_ = false;
  bool alive_ = true;
  std::optional<int64_t> dies_in_;  // steps
  Death death_ = Death::kOutage;
  bool forget_syncs_ = false;
  bool hide_sync_errors_ = false;
  bool trust_logs_ = false;
  std::function<void()> on_death_;
  std::vector<NameChange> names_;
  std::map<std::string, int64_t> synced_sizes_;  // of files with unsynced bytes
  std::map<std::string, int64_t> lost_from_;     // where what was lost begins
};

// Registers the VFS as SQLite's default, once.
void UseCrashVfs();

}  // namespace pinhole::simulation
