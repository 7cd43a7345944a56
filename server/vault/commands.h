// What `pinhole-vault` does for its operator, one function a command. Each prints to standard
// output and returns its error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "server/core/log/entries.h"
#include "server/vault/layout.h"
#include "server/vault/plan.h"

namespace pinhole::vault {

// Imports the CSV files that `spec_path` describes and proposes the DATASET entry, signed by the
// owner's key.
absl::Status ImportData(const Layout& layout, const std::string& spec_path,
                        const std::string& owner_key_path);

enum class OutputFormat { kText, kJson };

// Prints the plan. Errors: FAILED_PRECONDITION after printing when a condition fails.
absl::Status PlanContest(const Layout& layout, const std::string& contest_path,
                         Overbooking overbooking, OutputFormat format);

struct OpenOptions {
  std::string contest_path;
  std::string organizer_key_path;
  std::string owner_key_path;
  int64_t start_in_ms = 10'000;
  Overbooking overbooking = Overbooking::kRefused;
  std::optional<std::string> confirmed_bits;  // asked for on the terminal when missing
};
// Plans, asks for the number of bits, signs, writes the scoring sheet, proposes, and waits until
// the serving vault took it.
absl::Status OpenContest(const Layout& layout, const OpenOptions& options);

struct ActOptions {
  std::string contest;
  log::ActKind kind = log::ActKind::kCloseEarly;
  std::string team;          // of kDisqualify and kReinstate
  std::optional<int> value;  // the lower one, of a limit
  std::string organizer_key_path;
};
// Proposes an act of the organizer, signed, and waits until the serving vault took it. Errors: what
// the ledger's rules say of it, such as RESOURCE_EXHAUSTED when the bits for acts are used up.
absl::Status ActOnContest(const Layout& layout, const ActOptions& options);

// Copies the ledger's database and the programs of submissions that wait for their run to the new
// file `file`, while the vault serves or not. Neither the keys, nor the configuration, nor the data
// set are in it, nor what earlier runs predicted. Errors: ALREADY_EXISTS; RESOURCE_EXHAUSTED; what
// Ledger::Open says of a damaged source.
absl::Status Backup(const Layout& layout, const std::string& file);

// Puts a backup's ledger into a folder that has this vault's keys, configuration and data set. What
// was there is moved to private/replaced-<time>. Errors: FAILED_PRECONDITION while a vault serves
// the folder, or when its ledger is readable and the backup does not continue it; DATA_LOSS when
// the backup is damaged or another vault's.
absl::Status Restore(const Layout& layout, const std::string& file);

// What runs left, from a folder that a vault serves or not. Each command first appends an ACCESS
// record with the caller's user to the evidence, then reads and checks the whole chain. Errors of
// all: DATA_LOSS when ledger or chain is broken; NOT_FOUND for an entry without a finished run.
//
// Lists runs and accesses, in the order of the chain.
absl::Status ListEvidence(const Layout& layout, OutputFormat format);
// One run, by the index of its ADMIT entry.
absl::Status ShowEvidence(const Layout& layout, int64_t admit, OutputFormat format);
// Prints the root after the first `size` records, or after all.
absl::Status VerifyEvidence(const Layout& layout, std::optional<int64_t> size, OutputFormat format);
// Scores the stored predictions again. Errors: FAILED_PRECONDITION, after printing, when another
// level comes out; DATA_LOSS when the predictions are not those that the evidence names. May give
// up root, sockets and programs for the rest of the process.
absl::Status ReplayEvidence(const Layout& layout, int64_t admit, OutputFormat format);

// Prints what this machine offers for boxes and what follows from what is missing; then makes two
// boxes, compares them with the golden record and prints the hash of what they were. Errors:
// FAILED_PRECONDITION when no box can run here, or not as promised.
absl::Status Doctor();

}  // namespace pinhole::vault
