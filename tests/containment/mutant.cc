// The launcher with one step of its confinement switched off, for mutants_test alone.
//
// The program consists of the very objects of pinhole-box; the linker (--wrap) puts these functions
// between them and the C library and libseccomp. Which steps are off is the name under which the
// program was executed, several joined by "+"; no name here, no mutation. Nothing of this is in
// pinhole-box.
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace {

bool in_box = false;     // in the child, between its clone and the program
long steps = 0;          // wrapped calls that the child has made
bool any_added = false;  // the rule of "any_N" stands in the filter that is being compiled

const char* Chosen() {
  const auto* path = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  const char* const slash = strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

// True when `name` is one of the chosen ones.
bool Off(const char* name) {
  const size_t length = strlen(name);
  for (const char* at = Chosen(); at != nullptr; at = strchr(at, '+')) {
    if (*at == '+') ++at;
    if (strncmp(at, name, length) == 0 && (at[length] == '\0' || at[length] == '+')) return true;
  }
  return false;
}

// The number after a name such as "fails_at_7"; -1: not chosen.
long NumberAfter(const char* prefix) {
  const char* const place = strstr(Chosen(), prefix);
  return place == nullptr ? -1 : strtol(place + strlen(prefix), nullptr, 10);
}

// Of the call that is to fail, or at which the child is to end. True: it fails.
bool Injected() {
  if (!in_box) return false;
  ++steps;
  if (steps == NumberAfter("ends_at_")) _exit(0);
  errno = ENOMEM;
  return steps == NumberAfter("fails_at_");
}

}  // namespace

extern "C" {

long __real_syscall(long, long, long, long, long, long, long);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
  if (number == SYS_clone3) {
    auto* arguments = reinterpret_cast<clone_args*>(a);
    const struct {
      const char* name;
      uint64_t flag;
    } spaces[] = {{"no_user_namespace", CLONE_NEWUSER},    {"no_mount_namespace", CLONE_NEWNS},
                  {"no_pid_namespace", CLONE_NEWPID},      {"no_net_namespace", CLONE_NEWNET},
                  {"no_ipc_namespace", CLONE_NEWIPC},      {"no_uts_namespace", CLONE_NEWUTS},
                  {"no_cgroup_namespace", CLONE_NEWCGROUP}};
    for (const auto& space : spaces) {
      if (Off(space.name)) arguments->flags &= ~space.flag;
    }
    const long child = __real_syscall(number, a, b, c, d, e, f);
    if (child == 0) in_box = true;
    return child;
  }
  if (Injected()) return -1;
  if (number == SYS_seccomp && in_box && Off("no_filter")) return 0;
  if (number == SYS_pivot_root && Off("no_pivot")) return 0;
  if (number == SYS_capset && Off("no_capset")) return 0;
  if (number == SYS_landlock_restrict_self && Off("no_landlock")) return 0;
  if (number == SYS_rt_sigaction && Off("signals_kept")) return 0;
  return __real_syscall(number, a, b, c, d, e, f);
}

int __real_prctl(int, long, long, long, long);
int __wrap_prctl(int option, long a, long b, long c, long d) {
  if (Injected()) return -1;
  if (option == PR_SET_NO_NEW_PRIVS && Off(in_box ? "no_nnp_in_box" : "no_nnp_in_launcher"))
    return 0;
  if (option == PR_SET_PDEATHSIG && Off("no_parent_death")) return 0;
  if (option == PR_SET_SECUREBITS && Off("no_securebits")) return 0;
  if (option == PR_CAPBSET_DROP && Off("bounding_set_kept")) {
    errno = EINVAL;
    return -1;
  }
  return __real_prctl(option, a, b, c, d);
}

int __real_setrlimit(int, const rlimit*);
int __wrap_setrlimit(int resource, const rlimit* limit) {
  if (Injected()) return -1;
  const struct {
    const char* name;
    int resource;
  } limits[] = {{"no_core_limit", RLIMIT_CORE},         {"no_cpu_rlimit", RLIMIT_CPU},
                {"no_descriptor_limit", RLIMIT_NOFILE}, {"no_stack_limit", RLIMIT_STACK},
                {"no_task_rlimit", RLIMIT_NPROC},       {"no_lock_limit", RLIMIT_MEMLOCK},
                {"no_queue_limit", RLIMIT_MSGQUEUE},    {"no_signal_limit", RLIMIT_SIGPENDING},
                {"no_nice_limit", RLIMIT_NICE},         {"no_realtime_limit", RLIMIT_RTPRIO}};
  for (const auto& entry : limits) {
    // In the launcher too: a box inherits what it was not given.
    if (entry.resource == resource && Off(entry.name)) return 0;
  }
  return __real_setrlimit(resource, limit);
}

int __real_close_range(unsigned, unsigned, int);
int __wrap_close_range(unsigned first, unsigned last, int flags) {
  if (Injected()) return -1;
  if (Off(in_box ? "descriptors_kept" : "inherited_kept")) return 0;
  return __real_close_range(first, last, flags);
}

int __real_mount_setattr(int, const char*, unsigned, mount_attr*, size_t);
int __wrap_mount_setattr(int tree, const char* path, unsigned flags, mount_attr* attributes,
                         size_t size) {
  static int calls = 0;
  if (Injected()) return -1;
  // The view first, the root last.
  if (Off(calls++ == 0 ? "writable_view" : "writable_root")) return 0;
  return __real_mount_setattr(tree, path, flags, attributes, size);
}

int __real_mount(const char*, const char*, const char*, unsigned long, const void*);
int __wrap_mount(const char* source, const char* target, const char* type, unsigned long flags,
                 const void* data) {
  if (Injected()) return -1;
  if (Off("mounts_shared")) return 0;
  return __real_mount(source, target, type, flags, data);
}

int __real_umount2(const char*, int);
int __wrap_umount2(const char* target, int flags) {
  if (Injected()) return -1;
  return Off("old_root_kept") ? 0 : __real_umount2(target, flags);
}

int __real_fsopen(const char*, unsigned);
int __wrap_fsopen(const char* type, unsigned flags) {
  return Injected() ? -1 : __real_fsopen(type, flags);
}

int __real_fsconfig(int, unsigned, const char*, const void*, int);
int __wrap_fsconfig(int context, unsigned command, const char* key, const void* value, int extra) {
  if (Injected()) return -1;
  if (key != nullptr && strcmp(key, "size") == 0 && Off("no_scratch_size")) return 0;
  if (key != nullptr && strcmp(key, "nr_inodes") == 0 && Off("no_scratch_inodes")) return 0;
  return __real_fsconfig(context, command, key, value, extra);
}

int __real_fsmount(int, unsigned, unsigned);
int __wrap_fsmount(int context, unsigned flags, unsigned attributes) {
  if (Injected()) return -1;
  return __real_fsmount(context, flags, Off("mounts_with_devices") ? 0 : attributes);
}

int __real_move_mount(int, const char*, int, const char*, unsigned);
int __wrap_move_mount(int from, const char* from_path, int to, const char* to_path,
                      unsigned flags) {
  return Injected() ? -1 : __real_move_mount(from, from_path, to, to_path, flags);
}

int __real_open_tree(int, const char*, unsigned);
int __wrap_open_tree(int directory, const char* path, unsigned flags) {
  return Injected() ? -1 : __real_open_tree(directory, path, flags);
}

int __real_sethostname(const char*, size_t);
int __wrap_sethostname(const char* name, size_t length) {
  if (Injected()) return -1;
  return Off("host_name_kept") ? 0 : __real_sethostname(name, length);
}

int __real_setdomainname(const char*, size_t);
int __wrap_setdomainname(const char* name, size_t length) {
  return Injected() ? -1 : __real_setdomainname(name, length);
}

pid_t __real_setsid();
pid_t __wrap_setsid() {
  if (Injected()) return -1;
  return Off("session_kept") ? 1 : __real_setsid();
}

int __real_personality(unsigned long);
int __wrap_personality(unsigned long persona) {
  if (Injected()) return -1;
  return Off("personality_kept") ? 0 : __real_personality(persona);
}

int __real_open(const char*, int, unsigned);
int __wrap_open(const char* path, int flags, unsigned mode) {
  return Injected() ? -1 : __real_open(path, flags, mode);
}

ssize_t __real_write(int, const void*, size_t);
ssize_t __wrap_write(int file, const void* bytes, size_t count) {
  const bool score = count == 4 && memcmp(bytes, "1000", 4) == 0;
  if (Injected()) return -1;
  if (score && Off("not_first_to_be_killed")) return static_cast<ssize_t>(count);
  if (count == 4 && memcmp(bytes, "deny", 4) == 0 && Off("groups_may_change")) return 4;
  return __real_write(file, bytes, count);
}

// The launcher writes the cgroups' limits through it.
int __real_openat(int, const char*, int, unsigned);
int __wrap_openat(int directory, const char* path, int flags, unsigned mode) {
  const bool memory = strncmp(path, "memory.", 7) == 0 && (flags & O_WRONLY) != 0;
  const bool tasks = strcmp(path, "pids.max") == 0;
  if ((memory && Off("no_memory_limit")) || (tasks && Off("no_task_limit"))) {
    return __real_openat(AT_FDCWD, "/dev/null", flags, mode);
  }
  return __real_openat(directory, path, flags, mode);
}

int __real_setresuid(uid_t, uid_t, uid_t);
int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved) {
  return Off("wrong_user") ? 0 : __real_setresuid(real, effective, saved);
}

int __real_setresgid(gid_t, gid_t, gid_t);
int __wrap_setresgid(gid_t real, gid_t effective, gid_t saved) {
  return Off("wrong_group") ? 0 : __real_setresgid(real, effective, saved);
}

int __real_setgroups(size_t, const gid_t*);
int __wrap_setgroups(size_t count, const gid_t* groups) {
  const gid_t other[] = {4, 64100};
  return Off("more_groups") ? __real_setgroups(2, other) : __real_setgroups(count, groups);
}

int __real_clock_gettime(clockid_t, timespec*);
int __wrap_clock_gettime(clockid_t clock, timespec* time) {
  const bool wall = clock == CLOCK_MONOTONIC;
  if (Off(wall ? "no_wall_limit" : "no_cpu_limit")) {
    *time = {wall ? 1 : 0, 0};
    return 0;
  }
  return __real_clock_gettime(clock, time);
}

scmp_filter_ctx __real_seccomp_init(uint32_t);
scmp_filter_ctx __wrap_seccomp_init(uint32_t action) {
  any_added = false;
  return __real_seccomp_init(Off("default_allows") ? SCMP_ACT_LOG : action);
}

int __real_seccomp_attr_set(scmp_filter_ctx, scmp_filter_attr, uint32_t);
int __wrap_seccomp_attr_set(scmp_filter_ctx context, scmp_filter_attr attribute, uint32_t value) {
  if (attribute == SCMP_FLTATR_ACT_BADARCH) {
    if (Off("other_architectures")) value = SCMP_ACT_ALLOW;
    if (Off("thread_alone_is_killed")) value = SCMP_ACT_KILL_THREAD;
  }
  return __real_seccomp_attr_set(context, attribute, value);
}

// "any_N": call N is allowed whatever its arguments.
int __real_seccomp_rule_add_exact_array(scmp_filter_ctx, uint32_t, int, unsigned,
                                        const scmp_arg_cmp*);
int __wrap_seccomp_rule_add_exact_array(scmp_filter_ctx context, uint32_t action, int call,
                                        unsigned count, const scmp_arg_cmp* arguments) {
  if (call != NumberAfter("any_")) {
    return __real_seccomp_rule_add_exact_array(context, action, call, count, arguments);
  }
  if (any_added) return 0;
  any_added = true;
  return __real_seccomp_rule_add_exact_array(context, SCMP_ACT_ALLOW, call, 0, nullptr);
}

}  // extern "C"
