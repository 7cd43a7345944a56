#include "tests/bench/call_cost.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "server/system/unique_fd.h"
#include "tests/bench/suite.h"

namespace pinhole::bench {
namespace {

double Seconds() {
  timespec now{};
  // Processor time: what others do to the batch meanwhile is not the filter's cost.
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double TimeOf(Call call, int count) {
  const double begin = Seconds();
  for (int i = 0; i < count; ++i) {
    if (call == Call::kNumber) {
      ::syscall(SYS_getpid);
    } else {
      ::syscall(SYS_fcntl, 0, F_GETFD, 0);
    }
  }
  return (Seconds() - begin) / count;
}

// Answers each byte with the time of one batch, until the other end closes.
[[noreturn]] void Answer(int socket, const sandbox::launcher::Filter* filter, Call call,
                         int count) {
  if (filter != nullptr) {
    const sock_fprog program{filter->count, const_cast<sock_filter*>(filter->instructions)};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
      ::_exit(1);
    }
  }
  for (char go = 0; ::read(socket, &go, 1) == 1;) {
    const double seconds = TimeOf(call, count);
    if (::write(socket, &seconds, sizeof seconds) != sizeof seconds) break;
  }
  ::_exit(0);
}

class Caller {
 public:
  Caller(const sandbox::launcher::Filter* filter, Call call, int count) {
    int ends[2];
    Check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    socket_ = UniqueFd(ends[0]);
    const UniqueFd theirs(ends[1]);
    process_ = ::fork();
    Check(process_ >= 0, "fork");
    if (process_ == 0) {
      socket_.Close();
      Answer(theirs.get(), filter, call, count);
    }
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  ~Caller() {
    socket_.Close();
    ::waitpid(process_, nullptr, 0);
  }

  double Batch() const {
    double seconds = 0;
    Check(::write(socket_.get(), "g", 1) == 1 &&
              ::read(socket_.get(), &seconds, sizeof seconds) == sizeof seconds,
          "the filter refused a call that the box allows");
    return seconds;
  }

 private:
  UniqueFd socket_;
  pid_t process_ = -1;
};

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

}  // namespace

sandbox::launcher::Filter LeastFilter() {
  constexpr uint32_t kFirstArgument = offsetof(seccomp_data, args);
  const sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFirstArgument + sizeof(uint64_t)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_GETFD, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sandbox::launcher::Filter filter;
  std::copy(std::begin(program), std::end(program), filter.instructions);
  filter.count = std::size(program);
  return filter;
}

CallTimes MeasureCalls(const sandbox::launcher::Filter& filter, Call call, int batches,
                       int calls_a_batch) {
  const Caller bare(nullptr, call, calls_a_batch);
  const Caller filtered(&filter, call, calls_a_batch);
  std::vector<double> without;
  std::vector<double> with;
  for (int i = 0; i < batches; ++i) {
    without.push_back(bare.Batch());
    with.push_back(filtered.Batch());
  }
  return {Median(without), Median(with)};
}

}  // namespace pinhole::bench
