// Runs a target on mutated seeds: no coverage is looked at, and the same arguments give the same
// inputs.
//
//   fuzz_NAME [--runs=N] [--seed=S]     default: 100000 runs of seed 1
//   fuzz_NAME --write-seeds=FOLDER      the seeds as files, for libFuzzer
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

#include "tests/fuzz/target.h"

namespace pinhole::fuzz {
namespace {

// Of the input that is being tried, for Broken.
struct Attempt {
  uint64_t seed = 0;
  uint64_t run = 0;
};
Attempt& Current() {
  static Attempt attempt;
  return attempt;
}

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : generator_(seed), seeds_(Seeds()), words_(Words()) {}

  std::string Next() {
    std::string input = Pick(seeds_);
    for (size_t changes = Below(6); changes > 0; --changes) Change(input);
    return input;
  }

 private:
  size_t Below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(generator_); }
  const std::string& Pick(const std::vector<std::string>& from) { return from[Below(from.size())]; }

  void Change(std::string& input) {
    const size_t at = Below(input.size() + 1);
    const size_t length = Below(9);
    switch (Below(6)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(Below(256));
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << Below(8)));
        break;
      case 2:
        input.insert(at, Pick(words_));
        break;
      case 3:
        input.erase(at, length);
        break;
      case 4:
        input.insert(at, std::string(input, at, length));
        break;
      default:
        input = input.substr(0, at) + Pick(seeds_).substr(0, Below(64));
    }
  }

  std::mt19937_64 generator_;
  std::vector<std::string> seeds_;
  std::vector<std::string> words_;
};

int WriteSeeds(const std::string& folder) {
  int number = 0;
  for (const std::string& seed : Seeds()) {
    std::ofstream file(folder + "/seed-" + std::to_string(number++), std::ios::binary);
    file << seed;
    if (!file.good()) return 1;
  }
  return 0;
}

int Main(int argc, char** argv) {
  uint64_t runs = 100'000;
  uint64_t seed = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.starts_with("--write-seeds=")) return WriteSeeds(argument.substr(14));
    if (argument.starts_with("--runs=")) {
      runs = std::strtoull(argument.c_str() + 7, nullptr, 10);
    } else if (argument.starts_with("--seed=")) {
      seed = std::strtoull(argument.c_str() + 7, nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: [--runs=N] [--seed=S] | --write-seeds=FOLDER\n");
      return 2;
    }
  }
  Mutator mutator(seed);
  for (uint64_t run = 0; run < runs; ++run) {
    Current() = {seed, run};
    const std::string input = mutator.Next();
    Try({reinterpret_cast<const uint8_t*>(input.data()), input.size()});
  }
  std::printf("%llu inputs of seed %llu\n", static_cast<unsigned long long>(runs),
              static_cast<unsigned long long>(seed));
  return 0;
}

}  // namespace

void Broken(std::string_view what) {
  std::fprintf(stderr, "broken: %.*s, by input %llu of seed %llu\n", static_cast<int>(what.size()),
               what.data(), static_cast<unsigned long long>(Current().run),
               static_cast<unsigned long long>(Current().seed));
  std::abort();
}

}  // namespace pinhole::fuzz

int main(int argc, char** argv) { return pinhole::fuzz::Main(argc, argv); }
