// Writes a valid ledger as static files, for readers that are not ours:
// sample_ledger FOLDER ROUNDS [RULE FINAL [WITNESSES]]: of three witnesses the last two cosign.
#include <cstdio>
#include <cstdlib>

#include "tests/integration/ledger/sample.h"

namespace pinhole {
namespace {

int Main(const std::string& folder, int rounds, const std::string& rule,
         const std::string& final_rule, int witnesses) {
  const auto release = contest::ParseReleaseRule(rule);
  const auto board = contest::ParseFinalRule(final_rule);
  if (!release.ok() || !board.ok()) return 2;
  const testing::LedgerBuilder ledger = testing::SampleLedger(*release, *board, rounds, witnesses);
  std::vector<int> cosigners;
  for (int n = witnesses; n > witnesses - (witnesses / 2 + 1) && n > 0; --n) cosigners.push_back(n);
  if (const absl::Status done = testing::WriteStaticFiles(ledger.entries(), folder, cosigners);
      !done.ok()) {
    std::fprintf(stderr, "sample_ledger: %s\n", std::string(done.message()).c_str());
    return 1;
  }
  std::printf("%d entries\n", static_cast<int>(ledger.entries().size()));
  return 0;
}

}  // namespace
}  // namespace pinhole

int main(int argc, char** argv) {
  if (argc != 3 && argc != 5 && argc != 6) {
    std::fprintf(stderr, "usage: sample_ledger FOLDER ROUNDS [RULE FINAL [WITNESSES]]\n");
    return 2;
  }
  return pinhole::Main(argv[1], std::atoi(argv[2]), argc >= 5 ? argv[3] : "improvements",
                       argc >= 5 ? argv[4] : "top3", argc == 6 ? std::atoi(argv[5]) : 0);
}
