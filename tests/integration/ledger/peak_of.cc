// Runs a program and prints behind its output the most memory that it had, in KiB: peak_of WORD…
//
// A process inherits the peak of the one that starts it, so that an interpreter cannot measure what
// is smaller than itself; this one is small.
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdio>

extern char** environ;

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: peak_of WORD…\n");
    return 2;
  }
  pid_t child = 0;
  if (::posix_spawnp(&child, argv[1], nullptr, nullptr, argv + 1, environ) != 0) return 2;
  int status = 0;
  rusage used{};
  if (::wait4(child, &status, 0, &used) != child || !WIFEXITED(status)) return 2;
  std::printf("peak %ld\n", used.ru_maxrss);
  return WEXITSTATUS(status);
}
