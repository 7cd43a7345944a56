// The attacks of the hostile program, by name.
//
// An attack returns 0 when it succeeded, else the errno that refused it; the program exits with
// that. One that the filter refuses never returns. What follows a colon in the name is the attack's
// argument.
#pragma once

#include <span>
#include <string>

namespace pinhole::hostile {

struct Attack {
  const char* name;
  int (*run)(const char* argument);  // never null; empty when the name has no colon
};

// A number that the kernel's headers name, for attacks that take their argument by that name.
struct Named {
  const char* name;
  long value;
};

// The value that `argument` names; what no list knows is the test's mistake and ends the program.
long ValueOf(std::span<const Named> names, const char* argument);

// A path of /data or of /tmp; a control outside of a box names one place for both.
std::string View(const char* name);
std::string Scratch(const char* name);

inline constexpr int kNoSuchAttack = 255;  // no test expects this

std::span<const Attack> SystemCallAttacks();  // calls that the filter is there for
std::span<const Attack> ArgumentAttacks();    // calls that are allowed, with arguments that are not
std::span<const Attack> GateAttacks();        // other ways into the kernel than its plain gate
std::span<const Attack> FileAttacks();        // what can be seen and changed in the root
std::span<const Attack> ResourceAttacks();    // memory, time, threads, output, scratch
std::span<const Attack> WorldAttacks();       // what a program learns about where it is; ends
std::span<const Attack> MemoryAttacks();      // what others left in memory
std::span<const Attack> FuzzAttacks();        // random calls with random arguments

}  // namespace pinhole::hostile
