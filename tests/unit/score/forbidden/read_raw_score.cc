// An exact score has no reader.
#include "server/core/score/raw_score.h"

uint64_t Read([[maybe_unused]] const pinhole::score::RawScore& score) {
#ifdef FORBIDDEN
  return static_cast<uint64_t>(score.sum_);
#else
  return 0;
#endif
}
