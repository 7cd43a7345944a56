// The client's own folder: whom it trusts, what it has verified, which teams it is.
//
//   default                            HOST:PORT of the server that is meant when none is named
//   servers/HOST_PORT/pins             pins.h
//   servers/HOST_PORT/ledger/          mirror.h
//   servers/HOST_PORT/teams/CONTEST/   team (name), key, token; receipts/REQUEST_ID
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/pins.h"
#include "client/cli/receipt.h"
#include "server/core/base/ed25519.h"

namespace pinhole::cli {

// A team of one contest, as this person holds it.
struct Membership {
  std::string contest;
  std::string team;
  SigningKey key;
  std::string token;  // empty before the server has answered a join
};

// All folders are made with mode 0700, all files with 0600. Not thread-safe.
class Home {
 public:
  explicit Home(std::string path) : path_(std::move(path)) {}
  // $PINHOLE_HOME, else ~/.config/pinhole. Errors: FAILED_PRECONDITION when neither can be told.
  static absl::StatusOr<std::string> DefaultPath();

  // Saves the pins and makes this server the default. Errors: ALREADY_EXISTS when other pins are
  // saved for it: trust is not changed in passing.
  absl::Status SavePins(const Pins& pins);
  // Of `server`, or of the default server when it is empty. Errors: NOT_FOUND with the next step.
  absl::StatusOr<Pins> LoadPins(const std::string& server) const;

  // Makes it when it is not there.
  absl::StatusOr<std::string> LedgerFolder(const std::string& server) const;

  absl::Status SaveMembership(const std::string& server, const Membership& membership);
  absl::StatusOr<Membership> LoadMembership(const std::string& server,
                                            const std::string& contest) const;
  // Contests in which this person has a team, in order.
  absl::StatusOr<std::vector<std::string>> Contests(const std::string& server) const;

  absl::Status SaveReceipt(const std::string& server, const Receipt& receipt);
  absl::StatusOr<std::vector<Receipt>> Receipts(const std::string& server,
                                                const std::string& contest) const;
  std::string ReceiptPath(const std::string& server, const Receipt& receipt) const;

 private:
  std::string ServerFolder(const std::string& server) const;
  std::string TeamFolder(const std::string& server, const std::string& contest) const;

  std::string path_;
};

}  // namespace pinhole::cli
