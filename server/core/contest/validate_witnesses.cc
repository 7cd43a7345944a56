// What contradicts itself in [witnesses].
#include <algorithm>
#include <string>

#include "server/core/base/status.h"
#include "server/core/contest/refuse.h"
#include "server/core/contest/validate.h"

namespace pinhole::contest {
namespace {

constexpr size_t kLongestName = 64;
// Each round's blinding value is computed from the last one's: a bound on that work.
constexpr int64_t kMostRounds = 100'000;

absl::Status CheckApart(const std::vector<WitnessVerifier>& witnesses) {
  for (size_t i = 0; i < witnesses.size(); ++i) {
    const std::string& name = witnesses[i].name();
    const bool plain = std::all_of(name.begin(), name.end(),
                                   [](char c) { return c > ' ' && c <= '~' && c != ','; });
    if (name.size() > kLongestName || !plain) {
      return Refuse("witnesses.keys: a name has at most %d characters of ASCII, and no comma: %s",
                    kLongestName, name);
    }
    for (size_t j = 0; j < i; ++j) {
      if (witnesses[j].name() != name && witnesses[j].public_key() != witnesses[i].public_key())
        continue;
      return Refuse("witnesses.keys: %s and %s have one name or one key: they would be one witness",
                    witnesses[j].name(), name);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Validate(const Witnesses& witnesses, const Rounds& rounds) {
  const auto count = static_cast<int>(witnesses.verifiers.size());
  if (count == 0) {
    if (witnesses.quorum == 0 && witnesses.blinding == Digest{}) return absl::OkStatus();
    return Refuse("witnesses.quorum is %d and witnesses.keys names nobody", witnesses.quorum);
  }
  RETURN_IF_ERROR(CheckIn("witnesses.keys", count, 1, kMostWitnesses));
  RETURN_IF_ERROR(CheckApart(witnesses.verifiers));
  if (witnesses.quorum > count || 2 * witnesses.quorum <= count) {
    return Refuse(
        "witnesses.quorum is %d of the %d in witnesses.keys; it must be more than half of them, or "
        "two ledgers could each have one",
        witnesses.quorum, count);
  }
  return CheckIn("rounds.duration in rounds, with witnesses", rounds.count, 2, kMostRounds);
}

}  // namespace pinhole::contest
