// The frames on the one socket between front and vault: fixed sizes, so that any stream tunnel can
// carry them and no length can tell anything. Front to vault 4,096 bytes, vault to front 1,024.
//
// Layout of both: type u8, version u8 (1), payload length u16 big-endian, payload, zeros to the
// end.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/base/sha256.h"

namespace pinhole::pipe {

inline constexpr size_t kToVaultBytes = 4096;
inline constexpr size_t kToFrontBytes = 1024;
inline constexpr size_t kFrameHeaderBytes = 4;
inline constexpr size_t kToVaultPayload = kToVaultBytes - kFrameHeaderBytes;
inline constexpr size_t kToFrontPayload = kToFrontBytes - kFrameHeaderBytes;

// A batch is: one kHello, then requests, each submission followed by its program in full kProgram
// frames but the last, then kEnd. A kCosignature may stand before, between and after all these, but
// not within a program: its payload is a witness's signature line for the newest head.
enum class ToVaultType : uint8_t {
  kHello = 1,
  kRequest = 2,
  kProgram = 3,
  kEnd = 4,
  kCosignature = 5
};
struct ToVaultFrame {
  ToVaultType type = ToVaultType::kEnd;
  std::string payload;
  bool operator==(const ToVaultFrame&) const = default;
};
std::string EncodeToVault(const ToVaultFrame& frame);
// Errors: INVALID_ARGUMENT: other size, type or version, or anything but zeros behind the payload.
absl::StatusOr<ToVaultFrame> DecodeToVault(std::string_view bytes);

// kHello's payload: how many entries the front's mirror has. The vault hands over from there.
std::string EncodeHello(int64_t mirror_size);
absl::StatusOr<int64_t> DecodeHello(std::string_view payload);

// An exchange hands over: kOpen, then the entries in pieces, then kCheckpoint, then kDone. A
// checkpoint that is too long for one frame goes on in the next. While entries wait for witnesses,
// behind kOpen: kPending, the hashes of all entries that may not leave yet, and then kHead, the
// newest head, for the witnesses.
enum class ToFrontType : uint8_t {
  kOpen = 1,
  kEntry = 2,
  kCheckpoint = 3,
  kDone = 4,
  kPending = 5,
  kHead = 6
};
struct ToFrontFrame {
  ToFrontType type = ToFrontType::kDone;
  std::string payload;
  bool operator==(const ToFrontFrame&) const = default;
};
std::string EncodeToFront(const ToFrontFrame& frame);
absl::StatusOr<ToFrontFrame> DecodeToFront(std::string_view bytes);

// kOpen's and kDone's payload: the round of the exchange, 0 when no contest is open.
std::string EncodeRound(int64_t round);
absl::StatusOr<int64_t> DecodeRound(std::string_view payload);

// A piece of an entry: index u64, length of the whole u16, offset u16, bytes.
struct EntryPiece {
  int64_t index = 0;
  size_t total = 0;
  size_t offset = 0;
  std::string bytes;
};
absl::StatusOr<EntryPiece> DecodeEntryPiece(std::string_view payload);

// Hashes of entries that wait: index of the first u64, hashes of 32 bytes, at most
// kHashesOfFrame.
inline constexpr size_t kHashesOfFrame = (kToFrontPayload - 8) / 32;
struct PendingHashes {
  int64_t first = 0;
  std::vector<Digest> hashes;
};
absl::StatusOr<PendingHashes> DecodePendingHashes(std::string_view payload);

// What witnesses are asked with: kPending and kHead.
std::vector<std::string> PendingFrames(int64_t first, std::span<const Digest> hashes,
                                       std::string_view head);

// A signed head, handed over.
std::vector<std::string> CheckpointFrames(std::string_view checkpoint);

// The frames of one entry.
std::vector<std::string> EntryFrames(int64_t index, std::string_view entry);

// All frames that hand over `entries` (the first has index `first`) and `checkpoint`: a function of
// the ledger, whatever ran.
std::vector<std::string> HandOver(int64_t round, int64_t first,
                                  const std::vector<std::string>& entries,
                                  std::string_view checkpoint);

}  // namespace pinhole::pipe
