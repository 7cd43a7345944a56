// Writes a long valid ledger as a bundle and prints the key it is judged by:
// busy_ledger FILE ENTRIES CONTESTS
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "server/core/log/tiles.h"
#include "server/core/replay/bundle.h"
#include "tests/support/busy_ledger.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: busy_ledger FILE ENTRIES CONTESTS\n");
    return 2;
  }
  const pinhole::testing::LedgerBuilder ledger =
      pinhole::testing::BusyLedger(std::atoll(argv[2]), std::atoll(argv[3]));
  std::ofstream file(argv[1], std::ios::binary);
  file << pinhole::replay::EncodeBundleHead(ledger.Checkpoint());
  std::string frame;
  for (const std::string& entry : ledger.entries()) {
    frame.clear();
    pinhole::AppendEntryFrame(frame, entry);
    file << frame;
  }
  file.close();
  std::printf("%s\n", ledger.Vkey().c_str());
  return file ? 0 : 1;
}
