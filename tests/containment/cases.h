// The box's proof as a table: attack | what must happen | the layer that stops it | what the same
// attack does outside of a box.
//
// docs/THREATS.md prints it, containment_test runs every row.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sandbox/box.h"

namespace pinhole::sandbox {

enum class Layer {
  kFilter,     // the system call table
  kRoot,       // there is no such file in the box's root
  kReadOnly,   // the mounts: read-only, no programs, no devices
  kNamespace,  // another process, user or host cannot be named
  kCgroup,
  kRlimit,
  kScratch,  // the size of /tmp
  kClock,    // the launcher's limits of time
  kPipe,     // what the client takes from the box's output
  kKernel,   // the kernel refuses everybody, or the end is the program's own
};

// The negative control: if an attack failed outside too, its failure in a box would prove nothing.
enum class Outside {
  kSucceeds,       // exit code 0
  kReachesKernel,  // the kernel takes the call and answers for itself: not killed, not ENOSYS
  kIfKernelHas,    // kernels can be built or set without it; run and recorded
  kGate,           // where the kernel has closed the gate it dies of SIGSEGV, and so does the box
  kHarms,          // not run: it would harm the machine or never end
  kNoAttack,       // not run: nothing to refuse outside; the row says that the box bears it
};

struct Case {
  const char* numbers;  // of the list in catalogue.cc
  const char* attack;
  Outcome outcome;
  int detail;  // exit code (the errno that refused), signal, or the refused call (-1: not told)
  Layer layer;
  Outside outside;
};

std::span<const Case> CallCases();   // the gate of system calls
std::span<const Case> FileCases();   // files, mounts, identity, descriptors
std::span<const Case> WorldCases();  // resources, ends, information

// A box small enough that every limit can be reached.
BoxSpec SmallBox();

std::string_view LayerName(Layer layer);
std::string_view OutsideName(Outside outside);
// What must happen, in words: "killed at ptrace", "exits, EROFS".
std::string VerdictText(const Case& row);

}  // namespace pinhole::sandbox
