// pinhole-box: the resident launcher of one lane. Takes its identity once, then runs one box at a
// time until its client goes.
//
// Without arguments its client started it, and its socket is descriptor 3. As `pinhole-box --client
// UID` a unit did: descriptor 3 listens, and one client of that user is served.
//
// It is executed with nothing of the data in its address space, has one thread, and its own faults
// end it: the client sees the socket close, and nothing goes on half done.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox/launcher/listen.h"
#include "sandbox/launcher/own_groups.h"
#include "sandbox/launcher/probe.h"
#include "sandbox/launcher/supervise.h"
#include "sandbox/launcher/wire.h"

namespace pinhole::sandbox::launcher {
namespace {

using protocol::Kind;
using protocol::Stage;

// What lives as long as the launcher.
struct Resident {
  Origin origin;
  protocol::Hello hello;
  Groups groups;
  Filter filters[2][2];  // by profile and diagnostics, compiled when first used
};

// A box's limit is counted against the one who made its user namespace, so the lane's own is low as
// well.
constexpr rlim_t kPendingSignals = 256;
constexpr rlim_t kLauncherDescriptors = 1024;

int LowerOwnLimits() {
  const rlimit signals{kPendingSignals, kPendingSignals};
  if (setrlimit(RLIMIT_SIGPENDING, &signals) != 0) return errno;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return errno;
  if (files.rlim_max < kLauncherDescriptors) return EMFILE;
  files.rlim_cur = kLauncherDescriptors;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) return errno;
  const rlimit core{0, 0};
  return setrlimit(RLIMIT_CORE, &core) == 0 ? 0 : errno;
}

int TakeIdentity(Origin origin, const protocol::Hello& hello) {
  // A unit's launcher is who its unit says, and never root.
  if (origin == Origin::kUnit && (hello.uid != protocol::kNoId || geteuid() == 0)) return EPERM;
  if (hello.uid != protocol::kNoId) {
    const gid_t view = hello.view_gid;
    if (setgroups(hello.view_gid == protocol::kNoId ? 0 : 1, &view) != 0) return errno;
    if (setresgid(hello.gid, hello.gid, hello.gid) != 0) return errno;
    if (setresuid(hello.uid, hello.uid, hello.uid) != 0) return errno;
    // The change made this process unreadable to itself; its children have to write their own id
    // maps.
    if (prctl(PR_SET_DUMPABLE, 1) != 0) return errno;
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  if (hello.core >= 0) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(static_cast<unsigned>(hello.core), &cores);
    if (sched_setaffinity(0, sizeof cores, &cores) != 0) return errno;
  }
  return 0;
}

// 0, or errno.
int TakeGroups(Origin origin, const protocol::Hello& hello, const Descriptors& descriptors,
               Groups* groups) {
  const bool own = hello.accounting == protocol::Accounting::kOwn;
  const bool brought = !own && hello.accounting != protocol::Accounting::kNone;
  if (own != (origin == Origin::kUnit) || descriptors.count != (brought ? 2 : 0)) return EINVAL;
  if (own) return EnterOwnGroups(groups);
  *groups = {hello.accounting, descriptors.fd[0], descriptors.fd[1]};
  return 0;
}

// Says hello back. Any failure is told, and is the end.
bool Settle(Resident* resident, const Descriptors& descriptors) {
  protocol::HelloReply reply;
  protocol::Hello& hello = resident->hello;
  hello.view_path[protocol::kPathBytes - 1] = '\0';
  if ((reply.error = TakeGroups(resident->origin, hello, descriptors, &resident->groups)) != 0) {
    reply.stage = Stage::kAccounting;
  } else if ((reply.error = LowerOwnLimits()) != 0) {
    reply.stage = Stage::kLimits;
  } else if ((reply.error = TakeIdentity(resident->origin, hello)) != 0) {
    reply.stage = Stage::kIdentity;
  } else if ((reply.error =
                  CompileFilter(protocol::Profile::kStatic, protocol::Diagnostics::kSealed,
                                &resident->filters[0][0])) != 0) {
    reply.stage = Stage::kFilterBuild;
  }
  reply.accounting = resident->groups.accounting;
  return Send(protocol::kControlFd, &reply, sizeof reply) && reply.error == 0;
}

// The descriptors of a run, moved above those that the child's own have fixed places for.
bool SortDescriptors(const protocol::Run& run, const Descriptors& received,
                     int (&slots)[protocol::kSlotCount]) {
  int next = 0;
  bool moved = true;
  for (int slot = 0; slot < protocol::kSlotCount; ++slot) {
    slots[slot] = -1;
    if ((run.slots & (1U << slot)) == 0) continue;
    if (next == received.count) return false;
    slots[slot] = fcntl(received.fd[next++], F_DUPFD_CLOEXEC, kFirstSlotFd);
    moved = moved && slots[slot] >= 0;
  }
  for (int i = 0; i < received.count; ++i) close(received.fd[i]);
  return moved && next == received.count;
}

bool Plausible(const protocol::Run& run) {
  return run.profile <= protocol::Profile::kScorer &&
         run.diagnostics <= protocol::Diagnostics::kRehearsal && run.cpu_seconds > 0 &&
         run.memory_bytes > 0 && run.threads > 0 && run.scratch_bytes > 0 && run.scratch_inodes > 0;
}

int Slot(const int (&slots)[protocol::kSlotCount], protocol::Slot slot) {
  return slots[static_cast<size_t>(slot)];
}

// Standard error of a private run: an opening of its own each time.
int Discard() {
  const int low = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (low < 0) return -1;
  const int high = fcntl(low, F_DUPFD_CLOEXEC, kFirstSlotFd);
  close(low);
  return high;
}

// Puts the launcher's own program and its output where a client's would be.
void FillProbe(Job* job) {
  int ends[2];
  if (job->program >= 0 || job->plan.output >= 0 || pipe2(ends, O_CLOEXEC) != 0) return;
  job->program = MakeProbe();
  job->lives = ends[0];
  job->plan.output = ends[1];
}

// False: the client is gone or does not keep to the protocol; the launcher ends.
bool ServeRun(Resident* resident, const protocol::Run& run, const Descriptors& received) {
  int slots[protocol::kSlotCount];
  if (!SortDescriptors(run, received, slots) || !Plausible(run)) return false;
  Job job{};
  job.program = Slot(slots, protocol::Slot::kProgram);
  job.control = protocol::kControlFd;
  job.groups = resident->groups;
  job.plan.run = &run;
  job.plan.view_path = resident->hello.view_path;
  job.plan.uid = geteuid();
  job.plan.gid = getegid();
  job.plan.accounting = resident->groups.accounting;
  job.plan.output = Slot(slots, protocol::Slot::kOutput);
  job.plan.input = Slot(slots, protocol::Slot::kInput);
  job.plan.labels = Slot(slots, protocol::Slot::kLabels);
  job.plan.diagnostics = Slot(slots, protocol::Slot::kDiagnostics);
  if (job.plan.diagnostics < 0) job.plan.diagnostics = Discard();
  job.record = Slot(slots, protocol::Slot::kRecord);
  job.lives = -1;
  if (job.record >= 0) FillProbe(&job);
  if (job.program < 0 || job.plan.output < 0 || job.plan.diagnostics < 0) return false;

  protocol::Report report;
  After after = After::kGoOn;
  Filter& filter =
      resident->filters[static_cast<size_t>(run.profile)][static_cast<size_t>(run.diagnostics)];
  const int error = filter.count == 0 ? CompileFilter(run.profile, run.diagnostics, &filter) : 0;
  if (error != 0) return false;
  job.plan.filter = &filter;
  after = RunBox(&job, &report);
  return after == After::kGoOn && Send(protocol::kControlFd, &report, sizeof report);
}

int Serve(Resident* resident) {
  for (;;) {
    protocol::Run run;
    size_t length = 0;
    Descriptors received;
    if (Receive(protocol::kControlFd, &run, sizeof run, &length, &received) != Received::kMessage) {
      return 0;
    }
    // A Stop that crossed the report of the run it meant.
    if (run.header.kind == Kind::kStop && length == sizeof(protocol::Stop)) continue;
    if (run.header.kind != Kind::kRun || length != sizeof run) return 1;
    if (!ServeRun(resident, run, received)) return 1;
  }
}

int Main(int count, char** arguments) {
  if (close_range(protocol::kControlFd + 1, ~0U, 0) != 0) return 1;
  static Resident resident;
  resident.origin = count == 1 ? Origin::kClient : Origin::kUnit;
  if (resident.origin == Origin::kUnit && !AcceptClient(count, arguments)) return 1;
  size_t length = 0;
  Descriptors descriptors;
  if (Receive(protocol::kControlFd, &resident.hello, sizeof resident.hello, &length,
              &descriptors) != Received::kMessage ||
      length != sizeof resident.hello || resident.hello.header.kind != Kind::kHello) {
    return 1;
  }
  if (!Settle(&resident, descriptors)) return 1;
  return Serve(&resident);
}

}  // namespace
}  // namespace pinhole::sandbox::launcher

int main(int count, char** arguments) { return pinhole::sandbox::launcher::Main(count, arguments); }
