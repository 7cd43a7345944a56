// The groups that a unit gave to its launcher.
#pragma once

#include "sandbox/launcher/accounting.h"

namespace pinhole::sandbox::launcher {

// Looks for the groups of this process whose memory and task limits it may set, and moves to where
// they hold for it. Accounting::kNone when there are none; the client decides whether that will do.
// The directories stay open as long as the launcher. 0, or the errno of a group that was given and
// could not be used.
int EnterOwnGroups(Groups* groups);

// The same for the tree at `root` and a process that `text`, of /proc/self/cgroup, is about.
//
// Version 2: below the group, which has to hold the memory and pids controllers and belong to the
// launcher (Delegate=yes), a group "lane" is made and entered; a unit's own limits lie above it.
// Version 1: the two groups themselves, when their limits belong to the launcher.
int EnterGroupsOf(const char* root, const char* text, Groups* groups);

}  // namespace pinhole::sandbox::launcher
