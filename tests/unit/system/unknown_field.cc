// An event with a field of another's, and a text as a field: neither compiles. Without FORBIDDEN
// the file does.
#include "server/system/event_log.h"

namespace pinhole {

Event Forge() {
#if FORBIDDEN == 1
  return event::ExchangeDone{.wall_micros = 1};
#elif FORBIDDEN == 2
  return event::Serving{.ledger = "a row"};
#elif FORBIDDEN == 3
  return event::Stopped{.why = static_cast<const char*>("a row")};
#else
  return event::ExchangeDone{.round = 1};
#endif
}

}  // namespace pinhole
