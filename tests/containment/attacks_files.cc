// Attacks on files: what is in the root, what can be written, and how shared files could carry a
// signal.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/containment/hostile.h"

namespace pinhole::hostile {
namespace {

// In a box the view is at /data; a control outside names another place.
std::string View(const char* name) {
  const char* place = getenv("PINHOLE_CONTROL_VIEW");
  return std::string(place == nullptr ? "/data" : place) + name;
}

std::string SharedPath() { return View("/contest.db"); }

int Result(long value) { return value < 0 ? errno : 0; }

int Open(const char* path, int flags) {
  const int file = open(path, flags, 0600);
  const int error = file < 0 ? errno : 0;
  if (file >= 0) close(file);
  return error;
}

int ReadHostFile() { return Open("/etc/passwd", O_RDONLY); }
int ReadProc() { return Open("/proc/self/status", O_RDONLY); }
int ReadSys() { return Open("/sys/kernel", O_RDONLY); }
int OpenDevice() { return Open("/dev/null", O_RDWR); }
int OpenSharedMemory() { return Open("/dev/shm", O_RDONLY); }
int Climb() { return Open("../../../../../../../../etc/passwd", O_RDONLY); }
int OpenSelf() { return Open("/proc/self/exe", O_RDONLY); }

int ListRoot() {
  DIR* root = opendir("/");
  if (root == nullptr) return errno;
  while (const dirent* entry = readdir(root)) {
    if (entry->d_name[0] != '.') puts(entry->d_name);
  }
  closedir(root);
  return 0;
}

int ReadView() {
  char text[64];
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  const ssize_t length = read(file, text, sizeof text);
  return length < 0 || write(1, text, static_cast<size_t>(length)) != length ? errno : 0;
}

int WriteView() { return Open(SharedPath().c_str(), O_WRONLY); }
int CreateInView() { return Open(View("/new").c_str(), O_WRONLY | O_CREAT); }
int RemoveFromView() { return Result(unlink(SharedPath().c_str())); }
int TouchView() { return Result(utimensat(AT_FDCWD, SharedPath().c_str(), nullptr, 0)); }
int ModeOfView() { return Result(chmod(SharedPath().c_str(), 0777)); }
int CreateInRoot() { return Open("/new", O_WRONLY | O_CREAT); }
int MakeDirectoryInRoot() { return Result(mkdir("/new", 0700)); }
int WriteScratch() { return Open("/tmp/new", O_WRONLY | O_CREAT); }

int MapViewWritable() {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  return page == MAP_FAILED ? errno : 0;
}

template <int command, int type>
int Lock() {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return Result(fcntl(file, command, &lock));
}

int Flock() {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  return file < 0 ? errno : Result(flock(file, LOCK_EX | LOCK_NB));
}

int Lease() {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  return file < 0 ? errno : Result(fcntl(file, 1024, F_RDLCK));  // F_SETLEASE
}

int Notify() {
  const int directory = open(View("").c_str(), O_RDONLY);
  return directory < 0 ? errno : Result(fcntl(directory, 1026, 1));  // F_NOTIFY, DN_ACCESS
}

int DirectOpen() { return Open(SharedPath().c_str(), O_RDONLY | 040000); }
int DirectLater() {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  return file < 0 ? errno : Result(fcntl(file, F_SETFL, 040000));
}
int Nameless() { return Open("/tmp", O_TMPFILE | O_RDWR); }

int Statfs() {
  struct statfs status {};
  return Result(statfs(View("").c_str(), &status));
}
int Fstatfs() {
  struct statfs status {};
  const int directory = open(View("").c_str(), O_RDONLY);
  return directory < 0 ? errno : Result(fstatfs(directory, &status));
}

int NoWaitRead() {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  char byte;
  iovec place{&byte, 1};
  return Result(syscall(SYS_preadv2, file, &place, 1L, 0L, 0L, 8L));  // RWF_NOWAIT
}

int Residency() {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  void* page = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0);
  unsigned char resident = 0;
  return page == MAP_FAILED ? errno : Result(mincore(page, 4096, &resident));
}

int Evict() {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  void* page = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0);
  return page == MAP_FAILED ? errno : Result(madvise(page, 4096, 21));  // MADV_PAGEOUT
}

int Symlink() { return Result(symlink("/data", "/tmp/link")); }
int Hardlink() { return Result(link(SharedPath().c_str(), "/tmp/link")); }

constexpr Attack kAttacks[] = {
    {"read_host_file", ReadHostFile},
    {"read_proc", ReadProc},
    {"read_sys", ReadSys},
    {"open_device", OpenDevice},
    {"open_shared_memory", OpenSharedMemory},
    {"climb", Climb},
    {"open_self", OpenSelf},
    {"list_root", ListRoot},
    {"read_view", ReadView},
    {"write_view", WriteView},
    {"create_in_view", CreateInView},
    {"remove_from_view", RemoveFromView},
    {"touch_view", TouchView},
    {"mode_of_view", ModeOfView},
    {"create_in_root", CreateInRoot},
    {"make_directory_in_root", MakeDirectoryInRoot},
    {"write_scratch", WriteScratch},
    {"map_view_writable", MapViewWritable},
    {"lock_view", Lock<F_SETLK, F_RDLCK>},
    {"lock_view_wait", Lock<F_SETLKW, F_RDLCK>},
    {"lock_view_ofd", Lock<F_OFD_SETLK, F_RDLCK>},
    {"ask_lock", Lock<F_GETLK, F_RDLCK>},
    {"ask_lock_ofd", Lock<F_OFD_GETLK, F_RDLCK>},
    {"flock_view", Flock},
    {"lease", Lease},
    {"notify", Notify},
    {"direct_open", DirectOpen},
    {"direct_later", DirectLater},
    {"nameless", Nameless},
    {"statfs", Statfs},
    {"fstatfs", Fstatfs},
    {"no_wait_read", NoWaitRead},
    {"residency", Residency},
    {"evict", Evict},
    {"symlink", Symlink},
    {"hardlink", Hardlink},
};

}  // namespace

std::span<const Attack> FileAttacks() { return kAttacks; }

}  // namespace pinhole::hostile
