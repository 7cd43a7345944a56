// Writes a long valid ledger as a bundle, and what a vault would have sent of it to a front, and
// prints the key it is judged by: busy_ledger FILE ENTRIES CONTESTS RECORDING
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "server/core/log/checkpoint.h"
#include "server/core/log/merkle.h"
#include "server/core/log/tiles.h"
#include "server/core/pipe/frames.h"
#include "server/core/replay/bundle.h"
#include "tests/support/busy_ledger.h"

namespace {

// An exchange for every hundred entries.
bool WriteRecording(const pinhole::testing::LedgerBuilder& ledger, const char* path) {
  constexpr ptrdiff_t kEntriesOfExchange = 100;
  const auto log = pinhole::NoteVerifier::FromVkey(ledger.Vkey());
  const auto signer = pinhole::NoteSigner::Create(log->name(), pinhole::testing::TestKey(3));
  std::ofstream file(path, std::ios::binary);
  pinhole::MerkleFrontier tree;
  const auto& entries = ledger.entries();
  for (auto begin = entries.begin(); begin != entries.end();) {
    const auto end = begin + std::min(kEntriesOfExchange, entries.end() - begin);
    const auto first = static_cast<int64_t>(tree.size());
    for (auto entry = begin; entry != end; ++entry) tree.Append(pinhole::LeafHash(*entry));
    const auto head = pinhole::SignCheckpoint({log->name(), tree.size(), tree.Root()}, *signer);
    for (const std::string& frame : pinhole::pipe::HandOver(0, first, {begin, end}, *head))
      file << frame;
    begin = end;
  }
  file.close();
  return static_cast<bool>(file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: busy_ledger FILE ENTRIES CONTESTS RECORDING\n");
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
  return file && WriteRecording(ledger, argv[4]) ? 0 : 1;
}
