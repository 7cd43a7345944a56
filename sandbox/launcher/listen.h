// How a launcher that a unit started comes to its client.
#pragma once

namespace pinhole::sandbox::launcher {

// Who started this launcher.
enum class Origin {
  kClient,  // its client, which gives it its identity and its groups
  kUnit,    // a service manager, which has given it both
};

// For the arguments `pinhole-box --client UID`: takes the listening socket that the service manager
// passed (LISTEN_PID, LISTEN_FDS), waits for a client of that user, and puts the connection at
// protocol::kControlFd in the socket's place. Clients of other users are closed. False: said on
// standard error.
bool AcceptClient(int count, char** arguments);

}  // namespace pinhole::sandbox::launcher
