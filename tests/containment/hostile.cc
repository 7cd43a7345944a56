// A hostile program: runs the attack whose name was patched into it, or that its first argument
// names.
#include "tests/containment/hostile.h"

#include <unistd.h>

#include <cstdlib>
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
  const char* const chosen = count > 1 ? arguments[1] : name;
  const char* const colon = strchr(chosen, ':');
  const std::string_view wanted =
      colon == nullptr ? chosen : std::string_view(chosen, static_cast<size_t>(colon - chosen));
  for (const auto& attacks : {SystemCallAttacks(), ArgumentAttacks(), GateAttacks(), FileAttacks(),
                              ResourceAttacks(), WorldAttacks(), MemoryAttacks(), FuzzAttacks()}) {
    for (const Attack& attack : attacks) {
      if (wanted == attack.name) return attack.run(colon == nullptr ? "" : colon + 1);
    }
  }
  return kNoSuchAttack;
}

std::string Place(const char* in_box) {
  const char* const control = getenv("PINHOLE_CONTROL_VIEW");
  return control == nullptr ? in_box : control;
}

}  // namespace

std::string View(const char* name) { return Place("/data") + name; }
std::string Scratch(const char* name) { return Place("/tmp") + name; }

long ValueOf(std::span<const Named> names, const char* argument) {
  for (const Named& entry : names) {
    if (strcmp(entry.name, argument) == 0) return entry.value;
  }
  _exit(kNoSuchAttack);
}

}  // namespace pinhole::hostile

int main(int count, char** arguments) { return pinhole::hostile::Main(count, arguments); }
