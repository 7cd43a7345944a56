// The calls a boxed program may make: one readable table. What it does not list kills the program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pinhole::sandbox::launcher {

enum class Verdict : uint8_t {
  kAllow,
  kAnswer,  // the call is not made; it returns -answer, or 0 when answer is 0
};

enum class For : uint8_t { kStatic = 1, kScorer = 2, kBoth = 3 };

// A test of one argument register. Conditions of one row must all hold.
struct Condition {
  enum class Test : uint8_t { kNone, kMasked, kEqual, kNotEqual, kAtMost, kMoreThan };
  Test test = Test::kNone;
  uint8_t argument = 0;
  uint64_t mask = 0;  // of kMasked: (argument & mask) == value
  uint64_t value = 0;
};

inline constexpr int kMostConditions = 3;

struct Row {
  int call;
  For who;
  Verdict verdict;
  int answer;
  Condition conditions[kMostConditions];
  const char* why;
};

// Rows of one call never overlap, so their order means nothing.
struct Table {
  const Row* rows;
  size_t count;
};
Table Calls();

// Of the program's image when it is executed: above every descriptor that a program can make for
// itself (the box's limit on descriptors is kBoxDescriptors), so the one execveat that the table
// allows cannot be repeated.
inline constexpr int kBoxDescriptors = 256;
inline constexpr int kProgramFd = 512;

}  // namespace pinhole::sandbox::launcher
