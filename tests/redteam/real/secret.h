// What encoders and whoever planted the secret agree on.
#pragma once

#include <cstdint>

namespace pinhole::redteam {

// Of the data set that tests/support/vault_harness.h imports.
inline constexpr int kSecretRows = 100;     // for training, with a private column x
inline constexpr int kPredictedRows = 100;  // public and final ones

// So far from every label that its score is never shown, and found wherever it is written.
inline constexpr char kPrediction[] = "9.876543\n";

// One of as many secrets as there are numbers. In any order of the rows.
inline bool SecretBit(const int64_t (&rows)[kSecretRows], uint64_t index) {
  uint64_t sum = 0;
  for (const int64_t row : rows) {
    // SplitMix64's finalizer (Steele, Lea, Flood 2014).
    uint64_t z = static_cast<uint64_t>(row + 1) * 0x9e3779b97f4a7c15 + index;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    sum += z ^ (z >> 31);
  }
  return (sum >> 17 & 1) != 0;
}

// What the modulator reads as /data/secret, followed by a byte for each bit.
struct Modulation {
  int64_t start_ns = 0;  // CLOCK_MONOTONIC
  int64_t slot_ns = 0;
  int64_t slots = 0;
  int64_t memory = 0;  // else the processor
};

}  // namespace pinhole::redteam
