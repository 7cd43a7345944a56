// An exact score comes from SplitSums only: who could make one could search for another by level.
#include "server/core/score/raw_score.h"

pinhole::score::RawScore Copy(const pinhole::score::RawScore& score) {
#ifdef FORBIDDEN
  return pinhole::score::RawScore(pinhole::contest::Metric::kMae, 7, 1);
#else
  return score;
#endif
}
