#include "client/cli/quorum.h"

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "server/core/base/status.h"

namespace pinhole::cli {

absl::StatusOr<QuorumRule> QuorumRuleOf(const std::vector<std::string>& vkeys,
                                        std::optional<int64_t> needed) {
  QuorumRule rule;
  for (const std::string& vkey : vkeys) {
    ASSIGN_OR_RETURN(WitnessVerifier witness, WitnessVerifier::FromVkey(vkey));
    // One key under two names is one witness.
    for (const WitnessVerifier& other : rule.witnesses) {
      if (other.public_key() == witness.public_key()) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "%s and %s have one key: it counts once, name it once", other.name(), witness.name()));
      }
    }
    rule.witnesses.push_back(std::move(witness));
  }
  if (rule.witnesses.empty()) {
    return absl::InvalidArgumentError("a quorum is of witnesses: name each with --witness VKEY");
  }
  const auto count = static_cast<int64_t>(rule.witnesses.size());
  const int64_t wanted = needed.value_or(count / 2 + 1);
  if (wanted < 1 || wanted > count) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a quorum of %d cannot be had of the %d witnesses that are named", wanted, count));
  }
  rule.needed = static_cast<size_t>(wanted);
  return rule;
}

QuorumRule QuorumRuleOf(const contest::Witnesses& witnesses) {
  return {.witnesses = witnesses.verifiers, .needed = static_cast<size_t>(witnesses.quorum)};
}

Quorum CountCosignatures(std::string_view note, const QuorumRule& rule) {
  Quorum quorum{
      .needed = rule.needed, .witnesses = rule.witnesses.size(), .given = {}, .problem = {}};
  absl::StatusOr<std::vector<Cosignature>> found = VerifyCosignatures(note, rule.witnesses);
  if (!found.ok()) {
    quorum.problem = std::string(found.status().message());
    return quorum;
  }
  quorum.given = *std::move(found);
  if (quorum.given.size() < quorum.needed) {
    quorum.problem = absl::StrFormat(
        "%d of %d witnesses cosigned this head, %d are needed: others may see "
        "another ledger",
        quorum.given.size(), quorum.witnesses, quorum.needed);
  }
  return quorum;
}

std::string QuorumText(const Quorum& quorum) {
  std::string names;
  for (const Cosignature& cosignature : quorum.given) {
    const absl::Time time = absl::FromUnixSeconds(cosignature.unix_seconds);
    names += absl::StrFormat("%s%s %s", names.empty() ? "" : ", ", cosignature.witness,
                             absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone()));
  }
  return absl::StrFormat("cosigned %d of %d%s", quorum.given.size(), quorum.witnesses,
                         names.empty() ? "" : " (" + names + ")");
}

}  // namespace pinhole::cli
