// Named places where a test build may die, to prove that a crash there loses nothing. In every
// other build they are nothing: a program with hooks is another program, and its hash stands in
// START as another build.
#pragma once

#ifdef PINHOLE_FAULT_HOOKS

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace pinhole::vault {

// Dies by SIGKILL at the nth passing of the place that PINHOLE_FAULT="place:n" names.
inline void FaultPoint(std::string_view place) {
  static const char* const wanted = std::getenv("PINHOLE_FAULT");
  static int passed = 0;
  if (wanted == nullptr) return;
  const std::string_view text(wanted);
  const size_t colon = text.find(':');
  if (text.substr(0, colon) != place) return;
  const int nth =
      colon == std::string_view::npos ? 1 : std::atoi(std::string(text.substr(colon + 1)).c_str());
  if (++passed == nth) ::kill(::getpid(), SIGKILL);
}

}  // namespace pinhole::vault

#define PINHOLE_FAULT_POINT(place) ::pinhole::vault::FaultPoint(place)
#else
#define PINHOLE_FAULT_POINT(place) static_cast<void>(0)
#endif
