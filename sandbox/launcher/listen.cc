// One client of one user, by the socket that a service manager listens on: sd_listen_fds(3) without
// the library.
#include "sandbox/launcher/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/protocol/protocol.h"

namespace pinhole::sandbox::launcher {
namespace {

bool Complain(const char* text) {
  fprintf(stderr, "pinhole-box: %s\n", text);
  return false;
}

// A whole number that is all of the text; -1: it is not.
long Number(const char* text) {
  if (text == nullptr || text[0] < '0' || text[0] > '9') return -1;
  char* end = nullptr;
  errno = 0;
  const long value = strtol(text, &end, 10);
  return errno == 0 && *end == '\0' ? value : -1;
}

bool IsListening(int socket) {
  int kind = 0;
  int listens = 0;
  socklen_t size = sizeof kind;
  if (getsockopt(socket, SOL_SOCKET, SO_TYPE, &kind, &size) != 0 || kind != SOCK_SEQPACKET) {
    return false;
  }
  size = sizeof listens;
  return getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens == 1;
}

// The next client of `user`; -1: accept failed for good.
int NextClient(int listener, uid_t user) {
  for (;;) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (client < 0) return -1;
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == user) {
      return client;
    }
    close(client);
  }
}

}  // namespace

bool AcceptClient(int count, char** arguments) {
  const long user = count == 3 && strcmp(arguments[1], "--client") == 0 ? Number(arguments[2]) : -1;
  if (user < 1 || user >= long{protocol::kNoId}) {
    return Complain("usage: pinhole-box --client UID, with a listening socket as descriptor 3");
  }
  if (Number(getenv("LISTEN_PID")) != getpid() || Number(getenv("LISTEN_FDS")) != 1 ||
      !IsListening(protocol::kControlFd)) {
    return Complain(
        "needs one listening SOCK_SEQPACKET socket from its service manager "
        "(pinhole-lane@.socket: ListenSequentialPacket=, Accept=no)");
  }
  const int client = NextClient(protocol::kControlFd, static_cast<uid_t>(user));
  // The manager keeps the listening socket: who comes next finds the next launcher.
  if (client < 0 || dup3(client, protocol::kControlFd, O_CLOEXEC) < 0) {
    return Complain("cannot take a client");
  }
  close(client);
  return true;
}

}  // namespace pinhole::sandbox::launcher
