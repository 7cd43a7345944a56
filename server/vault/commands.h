// What `pinhole-vault` does for its operator, one function a command. Each prints to standard
// output and returns its error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "server/vault/layout.h"
#include "server/vault/plan.h"

namespace pinhole::vault {

// Imports the CSV files that `spec_path` describes and proposes the DATASET entry, signed by the
// owner's key.
absl::Status ImportData(const Layout& layout, const std::string& spec_path,
                        const std::string& owner_key_path);

enum class PlanFormat { kText, kJson };
// Prints the plan. Errors: FAILED_PRECONDITION after printing when a condition fails.
absl::Status PlanContest(const Layout& layout, const std::string& contest_path,
                         Overbooking overbooking, PlanFormat format);

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

// Proposes to close `contest` early, signed by its organizer, and waits until the serving vault
// took it.
absl::Status CloseContest(const Layout& layout, const std::string& contest,
                          const std::string& organizer_key_path);

// Prints what this machine offers for boxes and what follows from what is missing.
absl::Status Doctor();

}  // namespace pinhole::vault
