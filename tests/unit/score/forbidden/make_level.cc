// A level comes from the leveller or from the scorer's answer only.
#include "server/core/score/level.h"

pinhole::score::Level Copy(const pinhole::score::Level& level) {
#ifdef FORBIDDEN
  return pinhole::score::Level(0);
#else
  return level;
#endif
}
