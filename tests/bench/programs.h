// Other programs that a benchmark starts: floors that are programs, and servers.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinhole::bench {

// A built program, or one built for tests: PINHOLE_BIN and PINHOLE_TEST_BIN say where. Ends the
// benchmark when they are not set.
std::string Bin(std::string_view name);
std::string TestBin(std::string_view name);

// Where a started program's descriptors go; -1: /dev/null.
struct Streams {
  int input = -1;
  int output = -1;
  int third = -1;  // descriptor 3, when it is to have one
};

// Starts `command` (a path, or a name looked up in PATH) and waits for its end; ends the benchmark
// unless it exits with 0. No polling: it can be timed.
void RunProgram(const std::vector<std::string>& command, const Streams& streams = {});

// Runs it and returns its standard output.
std::string OutputOf(const std::vector<std::string>& command);

// A program that goes on: ended, with SIGTERM, with the object.
class Server {
 public:
  // Starts it and waits for a line of its standard output that begins with `mark`.
  Server(const std::vector<std::string>& command, std::string_view mark);
  Server(Server&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), said_(std::move(other.said_)) {}
  Server& operator=(Server&&) = delete;
  ~Server();
  // What followed the mark.
  const std::string& said() const { return said_; }

 private:
  pid_t pid_ = -1;
  std::string said_;
};

}  // namespace pinhole::bench
