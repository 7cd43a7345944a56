// What a fuzz target is: bytes in, and an abort when what was read breaks a promise.
//
// Each target is linked twice: with mutate.cc, whose changes are the same in every run (ctest), and
// with libFuzzer (deploy/fuzz), which searches by coverage.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pinhole::fuzz {

// Defined by each target. Any bytes may come.
void Try(std::span<const uint8_t> bytes);
// Good inputs to begin with, and words that mutations put in.
std::vector<std::string> Seeds();
std::vector<std::string> Words();

// Ends the process, saying `what`: the promise that was broken.
[[noreturn]] void Broken(std::string_view what);
inline void Expect(bool holds, std::string_view what) {
  if (!holds) Broken(what);
}

}  // namespace pinhole::fuzz
