// The record of a box: /proc, line by line.
//
// Descriptors are read from fdinfo: fd is of mode 0500 and root's. What a descriptor is then
// follows from the mount that its file lies on.
#include "sandbox/launcher/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <initializer_list>

namespace pinhole::sandbox::launcher {
namespace {

using protocol::Accounting;

constexpr size_t kFileBytes = 32768;
constexpr size_t kPathBytes = 96;

__attribute__((format(printf, 2, 3))) void Add(Record* record, const char* format, ...) {
  va_list values;
  va_start(values, format);
  const size_t room = sizeof record->text - record->length;
  const int length = vsnprintf(record->text + record->length, room, format, values);
  va_end(values);
  if (length > 0 && static_cast<size_t>(length) < room) {
    record->length += static_cast<size_t>(length);
  }
}

// The words from `text` to the end of its line, with one space between two; then the line ends.
void AddWords(const char* text, Record* record) {
  const char* const end = strchrnul(text, '\n');
  bool first = true;
  while (text < end) {
    const size_t blank = strspn(text, " \t");
    const size_t word = strcspn(text + blank, " \t\n");
    if (word > 0) Add(record, first ? "%.*s" : " %.*s", static_cast<int>(word), text + blank);
    first = first && word == 0;
    text += blank + word;
    if (blank + word == 0) break;
  }
  Add(record, "\n");
}

// A file of the kernel's, whole, ended by a zero. False: errno says why.
bool ReadAt(int directory, const char* path, char* text, size_t size) {
  const int file = openat(directory, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  size_t length = 0;
  ssize_t got = 0;
  while (length < size - 1 && (got = read(file, text + length, size - 1 - length)) > 0) {
    length += static_cast<size_t>(got);
  }
  const int error = errno;
  close(file);
  text[length] = '\0';
  errno = error;
  return got >= 0;
}

bool ReadOf(pid_t process, const char* name, char* text, size_t size) {
  char path[kPathBytes + 32];
  snprintf(path, sizeof path, "/proc/%d/%s", process, name);
  return ReadAt(AT_FDCWD, path, text, size);
}

void AddUnreadable(const char* name, Record* record) {
  Add(record, "%s: cannot be read, %s\n", name, strerrorname_np(errno));
}

// The line that begins with `key`; null: there is none.
const char* LineOf(const char* text, const char* key) {
  const size_t length = strlen(key);
  for (const char* line = text; *line != '\0';) {
    if (strncmp(line, key, length) == 0) return line;
    const char* const end = strchr(line, '\n');
    if (end == nullptr) break;
    line = end + 1;
  }
  return nullptr;
}

// The number after `key` in `text`, -1: none.
long NumberAt(const char* text, const char* key, int base) {
  const char* const line = LineOf(text, key);
  if (line == nullptr) return -1;
  char* end = nullptr;
  const char* const begin = line + strlen(key);
  const long value = strtol(begin, &end, base);
  return end == begin ? -1 : value;
}

// The group that a process has anyhow is no other one, and some service managers name it again.
void AddGroups(const char* status, Record* record) {
  const long own = NumberAt(status, "Gid:", 10);
  const char* at = LineOf(status, "Groups:");
  if (at == nullptr) return;
  at += strlen("Groups:");
  Add(record, "Groups:");
  for (char* end = nullptr;; at = end) {
    while (*at == ' ' || *at == '\t') ++at;
    const long group = strtol(at, &end, 10);
    if (end == at) break;
    if (group != own) Add(record, " %ld", group);
  }
  Add(record, "\n");
}

void AddStatus(pid_t box, char* text, Record* record) {
  if (!ReadOf(box, "status", text, kFileBytes)) return AddUnreadable("status", record);
  // Not SigBlk: the C library blocks signals for the moment in which it makes a thread.
  for (const char* key : {"Uid:", "Gid:", "Groups:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:",
                          "CapAmb:", "SigIgn:", "SigCgt:", "Cpus_allowed_list:", "Threads:"}) {
    const char* const line = LineOf(text, key);
    if (line == nullptr) {
      Add(record, "%s missing\n", key);
    } else if (strcmp(key, "Groups:") == 0) {
      AddGroups(text, record);
    } else {
      AddWords(line, record);
    }
  }
}

void AddFile(pid_t box, const char* name, char* text, Record* record) {
  if (!ReadOf(box, name, text, kFileBytes)) return AddUnreadable(name, record);
  Add(record, "%s: ", name);
  AddWords(text, record);
}

// Those that the box sets; the others are the machine's.
void AddLimits(pid_t box, Accounting accounting, char* text, Record* record) {
  if (!ReadOf(box, "limits", text, kFileBytes)) return AddUnreadable("limits", record);
  for (const char* key :
       {"Max cpu time ", "Max stack size ", "Max core file size ", "Max processes ",
        "Max open files ", "Max locked memory ", "Max pending signals ", "Max msgqueue size ",
        "Max nice priority ", "Max realtime priority ", "Max address space "}) {
    if (strcmp(key, "Max address space ") == 0 && accounting != Accounting::kNone) continue;
    const char* const line = LineOf(text, key);
    Add(record, "limits: ");
    AddWords(line == nullptr ? key : line, record);
  }
}

bool HasOption(const char* options, const char* wanted) {
  const size_t length = strlen(wanted);
  for (const char* at = options; at != nullptr; at = strchr(at, ',')) {
    if (*at == ',') ++at;
    if (strncmp(at, wanted, length) == 0 && (at[length] == ',' || at[length] == '\0')) return true;
  }
  return false;
}

// Of a memory file system, the options that bound it.
void AddBounds(const char* options, Record* record) {
  for (const char* key : {"size=", "nr_inodes=", "mode="}) {
    const char* at = strstr(options, key);
    if (at != nullptr) Add(record, " %.*s", static_cast<int>(strcspn(at, ",")), at);
  }
}

// One line of mountinfo (proc_pid_mountinfo(5)):
// id parent device root point options [propagation]... - type source options
void AddMount(char* line, Record* record) {
  char* rest = line;
  char* point = nullptr;
  char* options = nullptr;
  for (int field = 0; field < 6; ++field) {
    char* const word = strsep(&rest, " ");
    if (field == 4) point = word;
    if (field == 5) options = word;
  }
  if (options == nullptr) return;
  Add(record, "mount: %s %s", point, HasOption(options, "ro") ? "ro" : "rw");
  for (const char* option : {"nosuid", "nodev", "noexec"}) {
    if (HasOption(options, option)) Add(record, ",%s", option);
  }
  char* word = nullptr;
  while ((word = strsep(&rest, " ")) != nullptr && strcmp(word, "-") != 0) {
    Add(record, " %.*s", static_cast<int>(strcspn(word, ":")), word);
  }
  const char* const type = strsep(&rest, " ");
  strsep(&rest, " ");
  // What the view lies on is the operator's.
  if (type != nullptr && rest != nullptr && strcmp(type, "tmpfs") == 0 &&
      strcmp(point, "/data") != 0) {
    AddBounds(rest, record);
  }
  Add(record, "\n");
}

void AddMounts(pid_t box, char* text, Record* record) {
  if (!ReadOf(box, "mountinfo", text, kFileBytes)) return AddUnreadable("mountinfo", record);
  for (char* line = nullptr; (line = strsep(&text, "\n")) != nullptr && *line != '\0';) {
    AddMount(line, record);
  }
}

void AddNamespaces(pid_t launcher, pid_t box, Record* record) {
  for (const char* space : {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    char path[kPathBytes];
    char its[kPathBytes] = {};
    char ours[kPathBytes] = {};
    snprintf(path, sizeof path, "/proc/%d/ns/%s", launcher, space);
    const bool known = readlink(path, ours, sizeof ours - 1) > 0;
    snprintf(path, sizeof path, "/proc/%d/ns/%s", box, space);
    if (!known || readlink(path, its, sizeof its - 1) < 0) {
      AddUnreadable(path, record);
      continue;
    }
    Add(record, "ns/%s: %s\n", space, strcmp(its, ours) == 0 ? "its launcher's" : "its own");
  }
}

// The number of the mount that a descriptor's file lies on; pipes and memory files have one of
// their own. 0: unknown.
uint64_t MountOf(int file, uint64_t* inode) {
  struct statx status {};
  if (file < 0 || statx(file, "", AT_EMPTY_PATH, STATX_MNT_ID | STATX_INO, &status) != 0) return 0;
  if (inode != nullptr) *inode = status.stx_ino;
  return status.stx_mnt_id;
}

struct Kinds {
  uint64_t pipe = 0;
  uint64_t memory = 0;
  uint64_t null = 0;
  uint64_t null_inode = 0;
};

Kinds KnownKinds() {
  Kinds kinds;
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) == 0) kinds.pipe = MountOf(ends[0], nullptr);
  const int memory = memfd_create("kind", MFD_CLOEXEC);
  kinds.memory = MountOf(memory, nullptr);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  kinds.null = MountOf(null, &kinds.null_inode);
  for (int file : {ends[0], ends[1], memory, null}) {
    if (file >= 0) close(file);
  }
  return kinds;
}

void AddDescriptor(pid_t box, long number, const Kinds& kinds, Record* record) {
  char path[kPathBytes];
  char text[512];
  snprintf(path, sizeof path, "fdinfo/%ld", number);
  if (!ReadOf(box, path, text, sizeof text)) return AddUnreadable(path, record);
  const auto mount = static_cast<uint64_t>(NumberAt(text, "mnt_id:", 10));
  const auto inode = static_cast<uint64_t>(NumberAt(text, "ino:", 10));
  const long flags = NumberAt(text, "flags:", 8);
  const char* kind = "another file";
  if (mount == kinds.pipe) kind = "pipe";
  if (mount == kinds.memory) kind = "memory file";
  if (mount == kinds.null && inode == kinds.null_inode) kind = "/dev/null";
  const char* const ways[] = {"reads", "writes", "reads and writes", "neither"};
  Add(record, "fd %ld: %s, %s\n", number, kind, flags < 0 ? "?" : ways[flags & O_ACCMODE]);
}

// Calls `each` with the number that names every entry of a folder of the box's.
template <typename Each>
void ForEach(pid_t box, const char* folder, Record* record, Each each) {
  char path[kPathBytes];
  snprintf(path, sizeof path, "/proc/%d/%s", box, folder);
  DIR* const directory = opendir(path);
  if (directory == nullptr) return AddUnreadable(folder, record);
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') each(strtol(entry->d_name, nullptr, 10));
  }
  closedir(directory);
}

void AddThread(pid_t box, long thread, int number, long filters, char* text, Record* record) {
  char path[kPathBytes];
  snprintf(path, sizeof path, "task/%ld/status", thread);
  if (!ReadOf(box, path, text, kFileBytes)) return AddUnreadable("task", record);
  Add(record, "thread %d: NoNewPrivs %ld, Seccomp %ld, filters of its own %ld\n", number,
      NumberAt(text, "NoNewPrivs:", 10), NumberAt(text, "Seccomp:", 10),
      NumberAt(text, "Seccomp_filters:", 10) - filters);
}

void AddThreads(pid_t launcher, pid_t box, char* text, Record* record) {
  const long filters =
      ReadOf(launcher, "status", text, kFileBytes) ? NumberAt(text, "Seccomp_filters:", 10) : 0;
  int number = 0;
  ForEach(box, "task", record,
          [&](long thread) { AddThread(box, thread, number++, filters, text, record); });
}

bool Holds(int group, pid_t box, char* text) {
  char line[32];
  snprintf(line, sizeof line, "%d\n", box);
  return ReadAt(group, "cgroup.procs", text, kFileBytes) && LineOf(text, line) != nullptr;
}

void AddGroup(const char* what, int group, const char* limit, pid_t box, char* text,
              Record* record) {
  Add(record, "%s group: %s", what, Holds(group, box, text) ? "holds it" : "does not hold it");
  if (!ReadAt(group, limit, text, kFileBytes)) text[0] = '\0';
  Add(record, ", at most ");
  AddWords(text, record);
}

void AddAccounting(const Groups& groups, pid_t box, char* text, Record* record) {
  if (groups.accounting != Accounting::kVersion1 && groups.accounting != Accounting::kVersion2) {
    return;
  }
  const bool first = groups.accounting == Accounting::kVersion1;
  AddGroup("memory", groups.memory, first ? "memory.limit_in_bytes" : "memory.max", box, text,
           record);
  AddGroup("task", groups.pids, "pids.max", box, text, record);
}

// Of a process that cannot be read, traced or dumped the files in /proc are root's.
void AddOwner(pid_t box, Record* record) {
  char path[kPathBytes];
  struct stat folder {};
  struct stat file {};
  snprintf(path, sizeof path, "/proc/%d", box);  // this one is its user's always
  const bool known = stat(path, &folder) == 0;
  snprintf(path, sizeof path, "/proc/%d/status", box);
  if (!known || stat(path, &file) != 0) return AddUnreadable("owner", record);
  Add(record, "its files in /proc: %s\n",
      file.st_uid == folder.st_uid ? "its user's" : "not its user's");
}

}  // namespace

void BeginRecord(pid_t box, Record* record) {
  static char text[kFileBytes];
  AddFile(box, "personality", text, record);
}

void FinishRecord(pid_t launcher, pid_t box, const Groups& groups, Record* record) {
  static char text[kFileBytes];
  AddStatus(box, text, record);
  for (const char* name : {"uid_map", "gid_map", "setgroups", "oom_score_adj"}) {
    AddFile(box, name, text, record);
  }
  AddLimits(box, groups.accounting, text, record);
  AddAccounting(groups, box, text, record);
  AddMounts(box, text, record);
  AddNamespaces(launcher, box, record);
  const Kinds kinds = KnownKinds();
  ForEach(box, "fdinfo", record, [&](long number) { AddDescriptor(box, number, kinds, record); });
  AddThreads(launcher, box, text, record);
  AddOwner(box, record);
  Add(record, "session: %s\n", getsid(box) == box ? "its own" : "another's");
}

}  // namespace pinhole::sandbox::launcher
