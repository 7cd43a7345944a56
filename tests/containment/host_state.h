// What a box must leave as it was: the counts and lists of the host that a run touches.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

namespace pinhole::sandbox {

// Facts by name, each expected to be the same before and after any number of runs: descriptors of
// the client and the launcher, the launcher's children, processes and keys of the lane's user,
// mounts, the lane's cgroups, host name, the view's files with mode, times and bytes, and the
// launcher's own bytes.
std::map<std::string, std::string> HostState(pid_t launcher, uid_t user, const std::string& view,
                                             const std::string& launcher_path);

// Objects of one of the kernel's caches that are in use, such as "net_namespace"; -1: the kernel
// does not tell. All of the machine's, so others' count as well.
long KernelObjects(const std::string& cache);

}  // namespace pinhole::sandbox
