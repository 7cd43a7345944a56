// One run: a child in new namespaces, watched by one poll loop over its progress, its end, its
// refused calls and the client.
#include "sandbox/launcher/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/launcher/record.h"
#include "sandbox/launcher/wire.h"

namespace pinhole::sandbox::launcher {
namespace {

using protocol::End;
using protocol::Stage;

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kShortestNapNanos = 1'000'000;

int64_t Read(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return 0;
  return time.tv_sec * kNanosPerSecond + time.tv_nsec;
}

int64_t Now() { return Read(CLOCK_MONOTONIC); }

// Processor time of all threads of a process; 0 when it is gone. The kernel's encoding of its clock
// (CPUCLOCK_SCHED).
int64_t CpuNanos(pid_t process) { return Read(static_cast<clockid_t>(~process << 3 | 2)); }

int64_t Micros(const timeval& time) { return int64_t{time.tv_sec} * 1'000'000 + time.tv_usec; }

void CloseAndForget(int* fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

// The state of one run between its clone and its wait.
struct Watch {
  const Job* job;
  pid_t child = -1;
  int pidfd = -1;
  int status = -1;  // child's Progress
  int go = -1;
  int listener = -1;     // refused calls of a rehearsal
  Progress failure;      // stage kNone: none told
  bool started = false;  // the child was told to go
  bool wall = false;
  bool cpu = false;
  bool stopped = false;
  bool client_gone = false;
  bool refused = false;
  int call = -1;
  Record record;  // of a probe
};

void Kill(const Watch& watch) { kill(watch.child, SIGKILL); }

void NoteFailure(Watch* watch, Stage stage, int error) {
  if (watch->failure.stage == Stage::kNone) watch->failure = Progress{stage, error, -1};
}

pid_t CloneBox(int* pidfd) {
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                    CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(pidfd);
  arguments.exit_signal = SIGCHLD;
  return static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
}

// The child's ends of the two pipes go where EnterBox expects them; the launcher has nothing else
// there.
bool MakePipes(int program, int* status, int* go) {
  int told[2];
  int said[2];
  if (pipe2(told, O_CLOEXEC) != 0) return false;
  if (pipe2(said, O_CLOEXEC) != 0) return false;
  const bool placed = dup3(program, kProgramFd, O_CLOEXEC) >= 0 &&
                      dup3(told[1], kStatusFd, O_CLOEXEC) >= 0 &&
                      dup3(said[0], kGoFd, O_CLOEXEC) >= 0;
  close(told[1]);
  close(said[0]);
  *status = told[0];
  *go = said[1];
  return placed;
}

// Gives the ready child its go; in a rehearsal takes the filter's listener from it first.
void LetGo(Watch* watch, int listener) {
  if (watch->job->record >= 0) BeginRecord(watch->child, &watch->record);
  if (listener >= 0) {
    watch->listener = static_cast<int>(syscall(SYS_pidfd_getfd, watch->pidfd, listener, 0));
    if (watch->listener < 0) {
      NoteFailure(watch, Stage::kFilterListener, errno);
      Kill(*watch);
      return;
    }
  }
  watch->started = write(watch->go, "g", 1) == 1;
}

// The pipe ends when the program is executed, or the child is dead.
void HearProgress(Watch* watch) {
  Progress progress;
  const ssize_t length = read(watch->status, &progress, sizeof progress);
  if (length != sizeof progress) {
    CloseAndForget(&watch->status);
  } else if (progress.stage != Stage::kNone) {
    NoteFailure(watch, progress.stage, progress.error);
  } else if (!watch->started) {
    LetGo(watch, progress.listener);
  }
}

void HearRefusedCall(Watch* watch, short events) {
  if ((events & POLLIN) == 0) {
    CloseAndForget(&watch->listener);
    return;
  }
  seccomp_notif call{};
  if (ioctl(watch->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
    if (errno != EINTR && errno != ENOENT) CloseAndForget(&watch->listener);
    return;
  }
  // Never answered: the caller stays where it is until it dies.
  watch->refused = true;
  watch->call = call.data.nr;
  Kill(*watch);
}

// The first byte of a probe: it lives, so what is to be seen of a box can be seen.
void HearProbe(Watch* watch) {
  Record* const record = &watch->record;
  FinishRecord(getpid(), watch->child, watch->job->groups, record);
  const ssize_t length = write(watch->job->record, record->text, record->length);
  if (length != static_cast<ssize_t>(record->length)) NoteFailure(watch, Stage::kRecord, errno);
  watch->stopped = true;
  Kill(*watch);
}

void HearClient(Watch* watch) {
  protocol::Stop stop{};
  size_t length = 0;
  Descriptors descriptors;
  const Received received = Receive(watch->job->control, &stop, sizeof stop, &length, &descriptors);
  for (int i = 0; i < descriptors.count; ++i) close(descriptors.fd[i]);
  const bool understood = received == Received::kMessage && length == sizeof stop &&
                          stop.header.kind == protocol::Kind::kStop && descriptors.count == 0;
  if (!understood) {
    watch->client_gone = true;
    Kill(*watch);
  } else if (stop.run_number == watch->job->plan.run->run_number) {
    watch->stopped = true;
    Kill(*watch);
  }
}

// Ends a run that is out of time; says how long it can be left alone, 0 when it has been ended.
int64_t CheckTime(Watch* watch) {
  if (watch->wall || watch->cpu) return 0;
  const protocol::Run& run = *watch->job->plan.run;
  const int64_t wall_left = run.deadline_nanos - Now();
  const int64_t cpu_left = run.cpu_seconds * kNanosPerSecond - CpuNanos(watch->child);
  watch->wall = wall_left <= 0;
  watch->cpu = !watch->wall && cpu_left <= 0;
  if (watch->wall || watch->cpu) {
    Kill(*watch);
    return 0;
  }
  // All threads at full speed need at least this long for what is left.
  int64_t nap = cpu_left / run.threads;
  if (nap < kShortestNapNanos) nap = kShortestNapNanos;
  return nap < wall_left ? nap : wall_left;
}

void WatchToTheEnd(Watch* watch) {
  for (;;) {
    pollfd events[] = {{watch->pidfd, POLLIN, 0},
                       {watch->status, POLLIN, 0},
                       {watch->listener, POLLIN, 0},
                       {watch->client_gone ? -1 : watch->job->control, POLLIN, 0},
                       {watch->stopped ? -1 : watch->job->lives, POLLIN, 0}};
    const int64_t nap = CheckTime(watch);
    const timespec patience{nap / kNanosPerSecond, nap % kNanosPerSecond};
    // A child that has been ended is waited for as long as its death takes.
    const int ready = ppoll(events, 5, nap == 0 ? nullptr : &patience, nullptr);
    if (ready < 0 && errno != EINTR) {
      NoteFailure(watch, Stage::kWait, errno);
      Kill(*watch);
      return;
    }
    if (events[1].revents != 0) HearProgress(watch);
    if (events[2].revents != 0) HearRefusedCall(watch, events[2].revents);
    if (events[0].revents != 0) return;
    if (events[3].revents != 0) HearClient(watch);
    if ((events[4].revents & POLLIN) != 0) HearProbe(watch);
  }
}

// Errors of execveat that are the file's fault: not an ELF program for this machine, or one that
// names a loader, which can be any path of the box. The image itself was found executable before.
bool BlamesTheFile(int error) {
  switch (error) {
    case ENOEXEC:
    case ENOENT:
    case EACCES:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case EINVAL:
    case ELIBBAD:
    case ENOMEM:
    case EIO:
      return true;
    default:
      return false;
  }
}

constexpr int64_t kBytesOfMaxRss = 1024;

// The first cause that holds, in the order of what the launcher knows for certain.
void Judge(const Watch& watch, int status, const rusage& usage, bool memory_kill,
           protocol::Report* report) {
  report->cpu_micros = Micros(usage.ru_utime) + Micros(usage.ru_stime);
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (watch.failure.stage != Stage::kNone) {
    const bool file = watch.failure.stage == Stage::kExec && BlamesTheFile(watch.failure.error);
    report->end = file ? End::kNotExecutable : End::kSetupFailed;
    report->stage = watch.failure.stage;
    report->error = watch.failure.error;
  } else if (watch.refused || (watch.started && signal == SIGSYS)) {
    report->end = End::kForbiddenCall;
    report->call = watch.call;
  } else if (signal == SIGKILL && watch.stopped) {
    report->end = End::kStopped;
  } else if (signal == SIGKILL && watch.wall) {
    report->end = End::kWallLimit;
  } else if (signal == SIGKILL && watch.cpu) {
    report->end = End::kCpuLimit;
  } else if (signal == SIGKILL && memory_kill) {
    report->end = End::kMemoryLimit;
  } else if (!watch.started) {
    report->end = End::kSetupFailed;
    report->stage = Stage::kWait;
  } else if (signal != 0) {
    report->end = End::kSignaled;
    report->signal = signal;
  } else {
    report->end = End::kExited;
    report->exit_code = WEXITSTATUS(status);
  }
}

void CloseJob(Job* job) {
  CloseAndForget(&job->program);
  CloseAndForget(&job->plan.output);
  CloseAndForget(&job->plan.diagnostics);
  CloseAndForget(&job->plan.input);
  CloseAndForget(&job->plan.labels);
}

void CloseProbe(Job* job) {
  CloseAndForget(&job->record);
  CloseAndForget(&job->lives);
}

After Refuse(Job* job, Stage stage, int error, protocol::Report* report) {
  CloseJob(job);
  CloseProbe(job);
  report->end = End::kSetupFailed;
  report->stage = stage;
  report->error = error;
  return After::kGoOn;
}

// 0, or errno: the image can still change, or cannot be executed whatever it holds.
int CheckImage(int program) {
  const int wanted = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  const int seals = fcntl(program, F_GET_SEALS);
  if (seals < 0 || (seals & wanted) != wanted) return EPERM;
  struct stat status {};
  if (fstat(program, &status) != 0) return errno;
  return (status.st_mode & S_IXOTH) != 0 ? 0 : EACCES;
}

}  // namespace

After RunBox(Job* job, protocol::Report* report) {
  const int64_t begin = Now();
  report->run_number = job->plan.run->run_number;
  if (int error = CheckImage(job->program)) {
    return Refuse(job, Stage::kProgramSeals, error, report);
  }
  if (int error = BeginRun(job->groups, *job->plan.run)) {
    return Refuse(job, Stage::kAccounting, error, report);
  }
  const int64_t kills_before = MemoryKills(job->groups);
  const int64_t peak_before = PeakMemory(job->groups);

  Watch watch{};
  watch.job = job;
  const bool piped = MakePipes(job->program, &watch.status, &watch.go);
  int error = errno;
  if (piped) {
    watch.child = CloneBox(&watch.pidfd);
    error = errno;
    if (watch.child == 0) EnterBox(job->plan);
  }
  close(kProgramFd);
  close(kStatusFd);
  close(kGoFd);
  CloseJob(job);
  rusage usage{};
  if (watch.child > 0) {
    WatchToTheEnd(&watch);
    int status = 0;
    while (wait4(watch.child, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    if (watch.status >= 0) HearProgress(&watch);  // the last word of a child that ended at once
    Judge(watch, status, usage, MemoryKills(job->groups) > kills_before, report);
  } else {
    Refuse(job, Stage::kClone, error, report);
  }
  CloseAndForget(&watch.pidfd);
  CloseAndForget(&watch.status);
  CloseAndForget(&watch.go);
  CloseAndForget(&watch.listener);
  CloseProbe(job);
  report->peak_memory_bytes = PeakOfRun(job->groups, peak_before, usage.ru_maxrss * kBytesOfMaxRss);
  report->wall_micros = (Now() - begin) / 1000;
  return watch.client_gone ? After::kClientGone : After::kGoOn;
}

}  // namespace pinhole::sandbox::launcher
