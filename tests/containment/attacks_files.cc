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

std::string SharedPath() { return View("/contest.db"); }

int Result(long value) { return value < 0 ? errno : 0; }

int Open(const char* path, int flags) {
  const int file = open(path, flags, 0600);
  const int error = file < 0 ? errno : 0;
  if (file >= 0) close(file);
  return error;
}

int OpenPath(const char* path) { return Open(path, O_RDONLY); }
int OpenBeside(const char* suffix) { return Open((SharedPath() + suffix).c_str(), O_RDONLY); }
int Climb(const char*) { return Open("../../../../../../../../etc/passwd", O_RDONLY); }

// By steps, and by a descriptor of the root.
int ClimbByDescriptor(const char*) {
  const int root = open("/", O_RDONLY | O_DIRECTORY);
  if (root < 0) return errno;
  for (int i = 0; i < 8; ++i) {
    if (fchdir(root) != 0 || chdir("..") != 0) return errno;
  }
  return Open("etc/passwd", O_RDONLY);
}

int ListRoot(const char*) {
  DIR* root = opendir("/");
  if (root == nullptr) return errno;
  while (const dirent* entry = readdir(root)) {
    if (entry->d_name[0] != '.') puts(entry->d_name);
  }
  closedir(root);
  return 0;
}

int ReadView(const char*) {
  char text[64];
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  const ssize_t length = read(file, text, sizeof text);
  return length < 0 || write(1, text, static_cast<size_t>(length)) != length ? errno : 0;
}

int WriteView(const char*) { return Open(SharedPath().c_str(), O_WRONLY); }
int CreateInView(const char*) { return Open(View("/new").c_str(), O_WRONLY | O_CREAT); }
int RemoveFromView(const char*) { return Result(unlink(SharedPath().c_str())); }
int TouchView(const char*) { return Result(utimensat(AT_FDCWD, SharedPath().c_str(), nullptr, 0)); }
int ModeOfView(const char*) { return Result(chmod(SharedPath().c_str(), 0777)); }
int CreateInRoot(const char*) { return Open("/new", O_WRONLY | O_CREAT); }
int MakeDirectoryInRoot(const char*) { return Result(mkdir("/new", 0700)); }
int WriteScratch(const char*) { return Open("/tmp/new", O_WRONLY | O_CREAT); }

int MapViewWritable(const char*) {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  return page == MAP_FAILED ? errno : 0;
}

template <int command, int type>
int Lock(const char*) {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return Result(fcntl(file, command, &lock));
}

int Flock(const char*) {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  return file < 0 ? errno : Result(flock(file, LOCK_EX | LOCK_NB));
}

int Lease(const char*) {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  return file < 0 ? errno : Result(fcntl(file, 1024, F_RDLCK));  // F_SETLEASE
}

int Notify(const char*) {
  const int directory = open(View("").c_str(), O_RDONLY);
  return directory < 0 ? errno : Result(fcntl(directory, 1026, 1));  // F_NOTIFY, DN_ACCESS
}

int DirectOpen(const char*) { return Open(SharedPath().c_str(), O_RDONLY | 040000); }
int DirectLater(const char*) {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  return file < 0 ? errno : Result(fcntl(file, F_SETFL, 040000));
}
int Nameless(const char*) { return Open(Scratch("").c_str(), O_TMPFILE | O_RDWR); }

int NamelessByOldCall(const char*) {
  return Result(syscall(SYS_open, Scratch("").c_str(), O_TMPFILE | O_RDWR, 0600));
}

int Statfs(const char*) {
  struct statfs status {};
  return Result(statfs(View("").c_str(), &status));
}
int Fstatfs(const char*) {
  struct statfs status {};
  const int directory = open(View("").c_str(), O_RDONLY);
  return directory < 0 ? errno : Result(fstatfs(directory, &status));
}

int NoWaitRead(const char*) {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  char byte;
  iovec place{&byte, 1};
  return Result(syscall(SYS_preadv2, file, &place, 1L, 0L, 0L, 8L));  // RWF_NOWAIT
}

int Residency(const char*) {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  void* page = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0);
  unsigned char resident = 0;
  return page == MAP_FAILED ? errno : Result(mincore(page, 4096, &resident));
}

int Evict(const char*) {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  if (file < 0) return errno;
  void* page = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0);
  return page == MAP_FAILED ? errno : Result(madvise(page, 4096, 21));  // MADV_PAGEOUT
}

int Symlink(const char*) { return Result(symlink("/data", Scratch("/link").c_str())); }
int Hardlink(const char*) { return Result(link(SharedPath().c_str(), Scratch("/link").c_str())); }

// A file of which no byte is there yet costs nothing, here as anywhere.
int SparseFile(const char*) {
  const int file = open("/tmp/sparse", O_RDWR | O_CREAT, 0600);
  return file < 0 ? errno : Result(ftruncate(file, off_t{1} << 40));
}
int ReserveFile(const char*) {
  const int file = open("/tmp/reserved", O_RDWR | O_CREAT, 0600);
  return file < 0 ? errno : Result(fallocate(file, 0, 0, off_t{1} << 40));
}

int DeepFolders(const char*) {
  if (chdir("/tmp") != 0) return errno;
  for (int depth = 0; depth < 100'000; ++depth) {
    if (mkdir("d", 0700) != 0 || chdir("d") != 0) return errno;
  }
  return 0;
}

int LongNames(const char*) {
  const std::string name = "/tmp/" + std::string(254, 'x') + "\n";
  return Open(name.c_str(), O_WRONLY | O_CREAT);
}

// Takes a lock of the file that all boxes share, says so, and stays.
int LockAndStay(const char*) {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  if (file < 0 || fcntl(file, F_SETLK, &lock) != 0 || flock(file, LOCK_EX | LOCK_NB) != 0) {
    return errno;
  }
  if (write(1, "locked", 6) != 6) return errno;
  for (;;) pause();
}

// What an earlier run could have left in /tmp.
int LeaveTrace(const char*) { return Open("/tmp/trace", O_WRONLY | O_CREAT); }
int FindTrace(const char*) { return Open("/tmp/trace", O_RDONLY); }

// Fills /tmp, bytes and names, and stays.
int FillAndStay(const char*) {
  const int file = open("/tmp/trace", O_WRONLY | O_CREAT, 0600);
  static char block[1 << 20];
  if (file < 0) return errno;
  while (write(file, block, sizeof block) > 0) {
  }
  if (write(1, "full", 4) != 4) return errno;
  for (;;) pause();
}

// Moves its own offset of a file that all boxes have open, and reads the first byte by it.
int OwnOffset(const char*) {
  const int file = open(SharedPath().c_str(), O_RDONLY);
  char byte = 0;
  if (file < 0 || read(file, &byte, 1) != 1) return errno;
  if (write(1, &byte, 1) != 1) return errno;
  return Result(lseek(file, 5, SEEK_SET));
}

constexpr Attack kAttacks[] = {
    {"open", OpenPath},
    {"open_beside", OpenBeside},
    {"climb_by_descriptor", ClimbByDescriptor},
    {"sparse_file", SparseFile},
    {"reserve_file", ReserveFile},
    {"deep_folders", DeepFolders},
    {"long_names", LongNames},
    {"lock_and_stay", LockAndStay},
    {"fill_and_stay", FillAndStay},
    {"leave_trace", LeaveTrace},
    {"find_trace", FindTrace},
    {"own_offset", OwnOffset},
    {"climb", Climb},
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
    {"nameless_by_old_call", NamelessByOldCall},
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
