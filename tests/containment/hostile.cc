// A hostile program: runs the attack whose name was patched into it, or that its first argument
// names.
#include "tests/containment/hostile.h"

#include <cstdio>
#include <cstring>
#include <string_view>

namespace pinhole::hostile {
namespace {

// A box gives no arguments, so the test overwrites what follows the mark in a copy of the file.
// Volatile: the bytes are read when the program runs.
constexpr size_t kMarkLength = 16;
volatile const char kChosen[96] = "PINHOLE-ATTACK: none";

int Main(int count, char** arguments) {
  char name[sizeof kChosen] = {};
  for (size_t i = kMarkLength; i < sizeof kChosen; ++i) name[i - kMarkLength] = kChosen[i];
  const std::string_view wanted = count > 1 ? arguments[1] : name;
  for (const auto& attacks :
       {SystemCallAttacks(), FileAttacks(), ResourceAttacks(), WorldAttacks()}) {
    for (const Attack& attack : attacks) {
      if (wanted == attack.name) return attack.run();
    }
  }
  return 255;  // no such attack: no test expects this
}

}  // namespace
}  // namespace pinhole::hostile

int main(int count, char** arguments) { return pinhole::hostile::Main(count, arguments); }
