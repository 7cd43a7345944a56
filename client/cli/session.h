// A server that is connected to, with the own copy of its ledger brought up to date and verified.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/context.h"
#include "client/cli/mirror.h"

namespace pinhole::cli {

class Session {
 public:
  // Connects, syncs, and says loudly on `context.err` when the ledger is late. An empty `server`
  // means the default one. Errors: as Home::LoadPins, Connect and Mirror::Sync.
  static absl::StatusOr<Session> Open(const CommandContext& context, const std::string& server,
                                      replay::Keep keep = replay::Keep::kEverything);

  const std::string& address() const { return address_; }
  Server& server() { return *server_; }
  const Mirror& mirror() const { return mirror_; }
  const replay::LedgerState& state() const { return mirror_.state(); }

  // The contest named, or without a name the open one, else the latest. Errors: NOT_FOUND.
  absl::StatusOr<const replay::Contest*> Find(const std::string& contest) const;

  // Follows the ledger. `on_growth` is called after each verified growth with the index of its
  // first new entry, until it says kStop. A round that is overdue is said loudly, once, and waiting
  // goes on. Errors: those of the stream and of verification.
  absl::Status Follow(const CommandContext& context,
                      const std::function<Watching(int64_t first_new)>& on_growth);

 private:
  Session(std::string address, std::unique_ptr<Server> server, Mirror mirror)
      : address_(std::move(address)), server_(std::move(server)), mirror_(std::move(mirror)) {}

  void WarnIfLate(const CommandContext& context) const;

  std::string address_;
  std::unique_ptr<Server> server_;
  Mirror mirror_;
};

}  // namespace pinhole::cli
