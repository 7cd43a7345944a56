// Heads that may not leave the vault before witnesses cosigned them, on their way to the witnesses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/core/base/sha256.h"
#include "server/front/front_log.h"

namespace pinhole::front {

// What the vault said of the entries that wait: their hashes, and the newest head over all entries.
struct WaitingHead {
  int64_t first = 0;  // index of the first that waits
  std::vector<Digest> hashes;
  std::string note;  // signed by the ledger's key alone
};

// Of one thread, but for what implementations say.
class WaitingHeads {
 public:
  virtual ~WaitingHeads() = default;

  // Shows it to the witnesses. Errors: DATA_LOSS when the vault cannot be believed any more.
  virtual absl::Status Show(const WaitingHead& head) = 0;

  // Signature lines by others than the ledger, each with its newline, on the newest head that was
  // shown; none when nothing of it waits any more.
  virtual std::vector<std::string> Cosignatures() = 0;

  // Readable when Cosignatures may have more to say; -1 when it never has.
  virtual int changes_fd() const = 0;
};

// Of a front that was given no folder for witnesses: tells the operator once.
class NoWitnesses final : public WaitingHeads {
 public:
  // The log outlives it.
  explicit NoWitnesses(const FrontLog& log) : log_(log) {}
  absl::Status Show(const WaitingHead& head) override;
  std::vector<std::string> Cosignatures() override { return {}; }
  int changes_fd() const override { return -1; }

 private:
  const FrontLog& log_;
  bool told_ = false;
};

}  // namespace pinhole::front
