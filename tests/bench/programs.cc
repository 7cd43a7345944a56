#include "tests/bench/programs.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_format.h"
#include "server/system/unique_fd.h"
#include "tests/bench/suite.h"

extern char** environ;

namespace pinhole::bench {
namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) {
    Fail(absl::StrFormat("%s is not set: start benchmarks by deploy/bench or ctest", name));
  }
  return value;
}

pid_t Spawn(const std::vector<std::string>& command, const Streams& streams) {
  const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, streams.input < 0 ? nothing.get() : streams.input, 0);
  posix_spawn_file_actions_adddup2(&actions, streams.output < 0 ? nothing.get() : streams.output,
                                   1);
  if (streams.third >= 0) posix_spawn_file_actions_adddup2(&actions, streams.third, 3);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) Fail("cannot start " + command[0]);
  return pid;
}

void AwaitSuccess(pid_t pid, const std::string& name) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    Fail(absl::StrFormat("%s ended with wait status %d", name, status));
  }
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) Fail("pipe");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

std::string Bin(std::string_view name) {
  return FromEnvironment("PINHOLE_BIN") + "/" + std::string(name);
}
std::string TestBin(std::string_view name) {
  return FromEnvironment("PINHOLE_TEST_BIN") + "/" + std::string(name);
}

void RunProgram(const std::vector<std::string>& command, const Streams& streams) {
  AwaitSuccess(Spawn(command, streams), command[0]);
}

std::string OutputOf(const std::vector<std::string>& command) {
  Pipe pipe = MakePipe();
  const pid_t pid = Spawn(command, {.output = pipe.write.get()});
  pipe.write.Close();
  std::string output;
  char chunk[4096];
  for (ssize_t got; (got = ::read(pipe.read.get(), chunk, sizeof(chunk))) > 0;) {
    output.append(chunk, static_cast<size_t>(got));
  }
  AwaitSuccess(pid, command[0]);
  return output;
}

Server::Server(const std::vector<std::string>& command, std::string_view mark) {
  Pipe pipe = MakePipe();
  pid_ = Spawn(command, {.output = pipe.write.get()});
  pipe.write.Close();
  std::string line;
  for (char byte; ::read(pipe.read.get(), &byte, 1) == 1;) {
    if (byte != '\n') {
      line.push_back(byte);
    } else if (line.starts_with(mark)) {
      said_ = line.substr(mark.size());
      return;
    } else {
      line.clear();
    }
  }
  Fail(command[0] + " ended before it served");
}

Server::~Server() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace pinhole::bench
