#include "server/core/counting/statement.h"

#include "absl/strings/str_format.h"

namespace pinhole::counting {
namespace {

std::string Assumptions(const contest::Policy& policy) {
  std::string text = "It assumes that the box and the release at fixed times work as tested.";
  if (policy.deployment == contest::Deployment::kOneMachine) {
    text += " It does not hold against somebody who times this machine while programs run.";
  }
  if (policy.degraded != contest::Degraded()) {
    text += absl::StrFormat(" The box lacks what the vault's owner named: %s.",
                            contest::Name(policy.degraded));
  }
  return text;
}

std::string Copies(int bits_per_row, Bits bits) {
  const int64_t rows = RowsCopied(bits, bits_per_row);
  const Bits short_of = Bits::Whole((rows + 1) * bits_per_row) - bits;
  return absl::StrFormat(
      "If each row holds at least %d bits that nobody outside knows, as the owner declares, that "
      "is "
      "as much as %d copied rows: to state %d rows right has a probability of at most 2^-%s.",
      bits_per_row, rows, rows + 1, short_of.ToString());
}

std::string AmountCopied(int64_t rows) {
  if (rows == 0) return "This is too little to copy one record.";
  return absl::StrFormat("This is as much as %d copied record(s).", rows);
}

}  // namespace

std::vector<Paragraph> SubjectsStatement(const contest::Policy& policy, Bits bits) {
  return {
      {"counted",
       absl::StrFormat(
           "Everything that can ever leave this server about the data set through contest %s is "
           "one "
           "of at most 2^B messages, B = %s bits (%d bytes). This holds for any programs that "
           "contestants write, and if all of them work together. %s",
           policy.contest, bits.ToString(), bits.CeilBytes(), Assumptions(policy))},
      {"guessing",
       "Whatever somebody wants to guess about the data, and whatever he knows before: after "
       "seeing "
       "all that left, his guess is right with at most 2^B times the probability that his best "
       "guess "
       "had before, and of course at most 1."},
      {"copies", Copies(policy.bits_per_row, bits)},
      {"one-fact",
       "A bit budget does NOT protect a single fact about a single person. If B is 1 or more, a "
       "hostile program that was written to find out one yes/no fact about you can publish it in "
       "one "
       "score."},
      {"consent",
       absl::StrFormat(
           "Programs written by contestants will be run on your record inside a locked system. In "
           "total no more than %d bytes can ever come out through this contest. %s It is not too "
           "little for a cheat to reveal one fact about one person; every character that left can "
           "be "
           "checked by the auditor.",
           bits.CeilBytes(), AmountCopied(RowsCopied(bits, policy.bits_per_row)))},
  };
}

}  // namespace pinhole::counting
