// Joins a target to libFuzzer.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/target.h"

namespace pinhole::fuzz {

void Broken(std::string_view what) {
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace pinhole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pinhole::fuzz::Try({data, size});
  return 0;
}
