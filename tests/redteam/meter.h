// The leak meter's arithmetic (CHANNEL.md section 2.1): how many bits a decoder's guesses prove,
// and when guesses against a silent gate are no chance.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

namespace pinhole::redteam {

// A level of confidence of 99.9 %, one-sided.
inline constexpr double kAlpha = 0.001;

// The regularized incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1, by its continued
// fraction (NIST Digital Library of Mathematical Functions, 8.17.22) and Lentz's way of summing it.
double IncompleteBeta(double a, double b, double x);

// The Clopper-Pearson lower end: with a success rate below it, `successes` or more of `trials`
// would come up with a probability below `alpha`. 0 when nothing succeeded. Needs trials > 0 and
// 0 <= successes <= trials.
double LowestRate(int64_t successes, int64_t trials, double alpha = kAlpha);

// log2(M · LowestRate) of M = 2^secret_bits equally likely secrets, each guessed once: a bound on
// the bits that left, from below. Not below 0.
double ExtractedBits(double secret_bits, int64_t successes, int64_t trials);

// How far from one half the rate of right guesses may be by chance (two-sided, 99.9 %).
double AlarmDistance(int64_t trials);

// Two secrets, and a gate that is silent or is told nothing of them: true when the guesses were
// right, or wrong, too often for chance.
bool Alarm(int64_t successes, int64_t trials);

// Mutual information in bits of what was counted, (x, y) -> times, less the plug-in's bias after
// Miller and Madow; for small alphabets. May be a little below 0.
double MutualInformation(const std::map<std::pair<int, int>, int64_t>& counts);

// A decoder that learns as it goes: it guesses the secret bit that came more often with this view,
// then is told the truth. The guess is made from earlier trials alone, so that without a leak it is
// right half the time, whatever it learned.
class LearningDecoder {
 public:
  // Whether the guess was right.
  bool Try(const std::string& view, bool secret);

  int64_t trials() const { return trials_; }
  int64_t successes() const { return successes_; }
  double rate() const { return static_cast<double>(successes_) / static_cast<double>(trials_); }
  size_t views() const { return seen_.size(); }
  // Of the view's number in order of appearance, and the secret.
  double information() const;

 private:
  struct Counts {
    int number = 0;
    int64_t zeros = 0;
    int64_t ones = 0;
  };
  std::map<std::string, Counts> seen_;
  int64_t trials_ = 0;
  int64_t successes_ = 0;
};

}  // namespace pinhole::redteam
