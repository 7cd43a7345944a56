// What may honestly be told to the people in the rows (CHANNEL.md section 6), with a contest's
// numbers in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/core/contest/policy.h"
#include "server/core/counting/bits.h"

namespace pinhole::counting {

// Rows of `bits_per_row` bits each that `bits` can copy whole.
inline int64_t RowsCopied(Bits bits, int bits_per_row) {
  return bits.thousandths / (int64_t{1000} * bits_per_row);
}

struct Paragraph {
  std::string key;  // "counted", "guessing", "copies", "one-fact", "consent"
  std::string text;
};

// S1 to S4 and a text to ask for consent with, in this order. `bits` is all that the contest can
// let out. "one-fact" (S4) says what is not protected: the others must never be shown without it.
std::vector<Paragraph> SubjectsStatement(const contest::Policy& policy, Bits bits);

}  // namespace pinhole::counting
