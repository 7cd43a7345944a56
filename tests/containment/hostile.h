// The attacks of the hostile program, by name.
//
// An attack returns 0 when it succeeded, else the errno that refused it; the program exits with
// that. One that the filter refuses never returns.
#pragma once

#include <span>

namespace pinhole::hostile {

struct Attack {
  const char* name;
  int (*run)();
};

std::span<const Attack> SystemCallAttacks();  // calls that the filter is there for
std::span<const Attack> FileAttacks();        // what can be seen and changed in the root
std::span<const Attack> ResourceAttacks();    // memory, time, threads, output, scratch
std::span<const Attack> WorldAttacks();       // what a program learns about where it is; ends

}  // namespace pinhole::hostile
