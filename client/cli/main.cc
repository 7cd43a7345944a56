// The `pinhole` command: binds the commands to this machine.
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "client/cli/command_line.h"

int main(int argc, char** argv) {
  namespace cli = pinhole::cli;
  std::signal(SIGPIPE, SIG_IGN);  // a server that hangs up is an error to report, not an end
  const absl::StatusOr<std::string> home = cli::Home::DefaultPath();
  if (!home.ok()) {
    std::cerr << "pinhole: " << std::string(home.status().message()) << "\n";
    return static_cast<int>(cli::ExitCodeOf(home.status()));
  }
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const pinhole::SystemClock clock;
  return static_cast<int>(cli::RunCommandLine({.in = std::cin,
                                               .out = std::cout,
                                               .err = std::cerr,
                                               .clock = clock,
                                               .zone = absl::LocalTimeZone(),
                                               .home_path = *home,
                                               .program_folder = self.parent_path().string(),
                                               .connect = cli::Connect},
                                              argc, argv));
}
