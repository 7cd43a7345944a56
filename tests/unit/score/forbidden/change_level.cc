// A level stays what it is.
#include "server/core/score/level.h"

int Change([[maybe_unused]] pinhole::score::Level& level) {
#ifdef FORBIDDEN
  level.index_ = 0;
#endif
  return level.index();
}
