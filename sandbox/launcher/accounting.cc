// The lane's cgroups, version 1 and 2, through directories that the client opened: no path is
// looked up here.
#include "sandbox/launcher/accounting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace pinhole::sandbox::launcher {
namespace {

using protocol::Accounting;

int WriteText(int directory, const char* name, const char* text) {
  const int file = openat(directory, name, O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const auto length = static_cast<ssize_t>(strlen(text));
  const int error = write(file, text, static_cast<size_t>(length)) == length ? 0 : errno;
  close(file);
  return error;
}

int WriteNumber(int directory, const char* name, int64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%lld", static_cast<long long>(value));
  return WriteText(directory, name, text);
}

// The number after `key`, or the file's first when `key` is empty; -1: none.
int64_t ReadNumber(int directory, const char* name, const char* key) {
  const int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  char text[1024];
  const ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return -1;
  text[length] = '\0';
  const char* place = key[0] == '\0' ? text : strstr(text, key);
  if (place == nullptr) return -1;
  char* end = nullptr;
  const long long value = strtoll(place + strlen(key), &end, 10);
  return end == place + strlen(key) ? -1 : value;
}

// Memory and swap together are limited, so swap buys nothing. The kernel wants memory <= memory and
// swap at every moment.
int LimitVersion1(int memory, int64_t bytes) {
  const bool swap_counted = faccessat(memory, "memory.memsw.limit_in_bytes", F_OK, 0) == 0;
  if (swap_counted) {
    if (int error = WriteText(memory, "memory.memsw.limit_in_bytes", "-1")) return error;
  }
  if (int error = WriteNumber(memory, "memory.limit_in_bytes", bytes)) return error;
  if (swap_counted) {
    if (int error = WriteNumber(memory, "memory.memsw.limit_in_bytes", bytes)) return error;
  }
  return WriteText(memory, "memory.max_usage_in_bytes", "0");
}

int LimitVersion2(int group, int64_t bytes) {
  if (int error = WriteNumber(group, "memory.max", bytes)) return error;
  // A kernel without swap accounting has no such file.
  const int error = WriteText(group, "memory.swap.max", "0");
  return error == ENOENT ? 0 : error;
}

}  // namespace

int BeginRun(const Groups& groups, const protocol::Run& run) {
  if (groups.accounting == Accounting::kNone) return 0;
  const int error = groups.accounting == Accounting::kVersion1
                        ? LimitVersion1(groups.memory, run.memory_bytes)
                        : LimitVersion2(groups.memory, run.memory_bytes);
  if (error != 0) return error;
  return WriteNumber(groups.pids, "pids.max", run.threads + 1);  // the launcher is one
}

int64_t MemoryKills(const Groups& groups) {
  switch (groups.accounting) {
    case Accounting::kVersion1:
      return ReadNumber(groups.memory, "memory.oom_control", "oom_kill ");
    case Accounting::kVersion2:
      return ReadNumber(groups.memory, "memory.events", "oom_kill ");
    case Accounting::kNone:
    case Accounting::kOwn:
      break;
  }
  return -1;
}

int64_t PeakMemory(const Groups& groups) {
  int64_t peak = 0;
  if (groups.accounting == Accounting::kVersion1) {
    peak = ReadNumber(groups.memory, "memory.max_usage_in_bytes", "");
  } else if (groups.accounting == Accounting::kVersion2) {
    peak = ReadNumber(groups.memory, "memory.peak", "");
  }
  return peak < 0 ? 0 : peak;
}

int64_t PeakOfRun(const Groups& groups, int64_t before, int64_t resident) {
  const int64_t peak = PeakMemory(groups);
  const bool of_an_earlier_run = groups.accounting == Accounting::kVersion2 && peak <= before;
  return of_an_earlier_run && resident < peak ? resident : peak;
}

}  // namespace pinhole::sandbox::launcher
