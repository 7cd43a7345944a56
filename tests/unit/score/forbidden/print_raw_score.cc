// An exact score can't be written to a stream.
#include <ostream>

#include "server/core/score/raw_score.h"

void Print(std::ostream& out, [[maybe_unused]] const pinhole::score::RawScore& score) {
#ifdef FORBIDDEN
  out << score;
#else
  out << "score";
#endif
}
