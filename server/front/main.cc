// pinholed: the network side of Pinhole.
#include <grpc/support/log.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/front/folder.h"
#include "server/front/server.h"
#include "server/system/event_log.h"
#include "server/system/service_manager.h"

namespace pinhole::front {
namespace {

absl::Status Init(const std::string& folder, const Config& config) {
  ASSIGN_OR_RETURN(const std::string pin, InitFolder(folder, config));
  std::printf("made %s; start it with: pinholed serve %s\n", folder.c_str(), folder.c_str());
  std::printf("give contestants this pin of the server's key (also in %s/pin):\n%s\n",
              folder.c_str(), pin.c_str());
  return absl::OkStatus();
}

// Descriptors beside those of connections: the database, uploads, the pipe, gRPC's own.
constexpr int64_t kOtherFiles = 512;

// A connection takes two descriptors; whoever opens the most there may be must leave some for
// files.
absl::Status AllowFiles(const Limits& limits) {
  const auto wanted = static_cast<rlim_t>(2 * limits.connections + limits.uploads + kOtherFiles);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return absl::ErrnoToStatus(errno, "getrlimit");
  if (files.rlim_cur >= wanted) return absl::OkStatus();
  if (files.rlim_max < wanted) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "limits.connections = %d needs %d open files, but the system allows %d: lower it in "
        "pinholed.toml, or raise the limit (LimitNOFILE of a systemd unit)",
        limits.connections, wanted, files.rlim_max));
  }
  files.rlim_cur = wanted;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return absl::ErrnoToStatus(errno, "setrlimit");
  return absl::OkStatus();
}

// A core would hold the TLS key and what contestants have sent; and nobody of the same user can
// look into a process that is not dumpable.
absl::Status LeaveNoCore() {
  const rlimit none = {0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) return absl::ErrnoToStatus(errno, "setrlimit core");
  if (::prctl(PR_SET_DUMPABLE, 0) != 0) return absl::ErrnoToStatus(errno, "prctl dumpable");
  return absl::OkStatus();
}

// gRPC's own lines name addresses and what peers sent; the log is of a closed set. Who debugs asks
// for them in the environment.
void HushGrpc() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

absl::Status Serve(const std::string& folder) {
  RETURN_IF_ERROR(LeaveNoCore());
  // Blocked before any thread starts, so that all threads leave them to the wait below.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  ASSIGN_OR_RETURN(const ServeFiles files, ReadFolder(folder));
  RETURN_IF_ERROR(AllowFiles(files.config.limits));
  const SystemClock clock;
  const EventLog events = EventLog::ToStandardError();
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server,
                   Server::Start(folder, files, clock, events));
  HushGrpc();
  std::printf("listening on %s\n", server->address().c_str());
  std::fflush(stdout);
  const ServiceManager manager = ServiceManager::FromEnvironment();
  manager.Tell(ServiceState::kReady);

  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);
  events.Write(event::StopAsked{});
  manager.Tell(ServiceState::kStopping);
  server->Stop(absl::Seconds(files.config.limits.stop_seconds));
  events.Write(event::Stopped{.why = StopReason::kAsked});
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  CLI::App app("pinholed, the network side of Pinhole: it holds no private data");
  app.require_subcommand(1);
  std::string folder;
  Config config{.listen = std::string(kDefaultListen)};

  CLI::App* const init = app.add_subcommand("init", "make the front's folder: settings, key, pin");
  init->add_option("folder", folder, "a folder that is not there yet")->required();
  init->add_option("--vault-socket", config.vault_socket, "path of the vault's Unix socket")
      ->required();
  init->add_option("--log-vkey", config.log_vkey,
                   "the ledger's public key, as the vault printed it")
      ->required();
  init->add_option("--listen", config.listen, "host:port to serve on")->capture_default_str();

  CLI::App* const serve = app.add_subcommand("serve", "serve until SIGTERM");
  serve->add_option("folder", folder, "the folder that init made")->required();

  CLI11_PARSE(app, argc, argv);
  const absl::Status status = *init ? Init(folder, config) : Serve(folder);
  if (status.ok()) return EXIT_SUCCESS;
  std::fprintf(stderr, "pinholed: %s\n", std::string(status.message()).c_str());
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace pinhole::front

int main(int argc, char** argv) { return pinhole::front::Main(argc, argv); }
