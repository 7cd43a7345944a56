// What a command is given from outside: where it prints, what time it is, where it keeps things.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cli/home.h"
#include "client/cli/server.h"
#include "server/system/clock.h"

namespace pinhole::cli {

enum class OutputFormat { kText, kJson };

using Connector = std::function<absl::StatusOr<std::unique_ptr<Server>>(
    const std::string& address, const Digest& certificate_key)>;

// References are borrowed and outlive the command.
struct CommandContext {
  std::istream& in;
  std::ostream& out;  // the answer, and nothing else
  std::ostream& err;  // warnings and progress
  const WallClock& clock;
  absl::TimeZone zone;
  std::string home_path;
  std::string program_folder;  // of this executable: its launcher stands beside it
  Connector connect;
  OutputFormat format = OutputFormat::kText;

  Home OpenHome() const { return Home(home_path); }
};

}  // namespace pinhole::cli
