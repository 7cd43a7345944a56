// One run: start the child, watch it to its end, say how it ended.
#pragma once

#include "sandbox/launcher/accounting.h"
#include "sandbox/launcher/filter.h"
#include "sandbox/launcher/steps.h"
#include "sandbox/protocol/protocol.h"

namespace pinhole::sandbox::launcher {

// What a run borrows for its time. `plan.filter` matches the run's profile and diagnostics; the
// image is at `program`.
struct Job {
  Plan plan;
  Groups groups;
  int program;
  int control;  // the client's socket: a Stop, or its end, ends the run
  int record;   // of a probe: where its record is written; -1: no probe
  int lives;    // of a probe: the reading end of its output
};

enum class After { kGoOn, kClientGone };

// Runs the box to its end and fills in `report`. When it returns nothing of the box is alive; the
// job's descriptors are closed.
After RunBox(Job* job, protocol::Report* report);

}  // namespace pinhole::sandbox::launcher
