// What the host's kernel says of a living box, as text: read from /proc, from outside.
//
// One fact a line, in one order. Only what a box is made of is in it: of what differs between two
// machines or two moments, nothing. Two boxes of one lane and one profile have one record.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "sandbox/launcher/accounting.h"

namespace pinhole::sandbox::launcher {

struct Record {
  char text[8192];
  size_t length = 0;  // what does not fit is left out
};

// What can be read only until the program is executed, with the box's mounts and rights already
// made: afterwards its user may not open the file (mode 0400, of root).
void BeginRecord(pid_t box, Record* record);

// All the rest, of a box that runs its program. `launcher` is the process that made it, and what it
// is compared with. The reader is root, or owns the box's user namespace and made its image
// (probe.h). A file that cannot be read is a line that says so.
void FinishRecord(pid_t launcher, pid_t box, const Groups& groups, Record* record);

}  // namespace pinhole::sandbox::launcher
