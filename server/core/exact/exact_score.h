// The one door by which the exact score of a private run may be read: as text, for the operator who
// looks at the evidence.
//
// tests/structure/includes_test.py lets a single file of the vault include this,
// server/vault/evidence_replay.cc, which scores stored predictions in a process of the operator's
// that never serves. Neither the scorer nor whatever makes entries can name these types.
#pragma once

#include <string>

#include "server/core/score/raw_score.h"

namespace pinhole::exact {

// The score of one set of rows.
struct ExactText {
  // In the metric's unit (server/core/contest/scoring.h), rounded to six digits; "none" for a set
  // that weighs nothing.
  std::string score;
  // The integers it follows from. `sum` is of weighted squared errors in millionths of the label's
  // unit squared, of weighted errors in millionths, or of the weights of the rows that are
  // predicted exactly (for mismatches: that are not).
  std::string sum;
  std::string weight;   // of the set: rows, or thousandths of rows where weights are a column
  std::string one_row;  // what a row that counts once weighs: 1 or 1000
  bool operator==(const ExactText&) const = default;
};

// The friend of RawScore.
class Reading {
 public:
  static ExactText Of(const score::RawScore& score);
};

}  // namespace pinhole::exact
