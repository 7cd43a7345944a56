#include "server/core/pipe/frames.h"

#include <algorithm>

#include "server/core/base/status.h"

namespace pinhole::pipe {
namespace {

constexpr char kVersion = 1;
constexpr size_t kPieceHeaderBytes = 12;

void PutBigEndian(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
}

uint64_t GetBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

std::string EncodeFrame(uint8_t type, std::string_view payload, size_t size) {
  std::string out;
  out.reserve(size);
  out.push_back(static_cast<char>(type));
  out.push_back(kVersion);
  PutBigEndian(out, payload.size(), 2);
  out.append(payload);
  out.resize(size, '\0');
  return out;
}

struct RawFrame {
  uint8_t type;
  std::string payload;
};

absl::StatusOr<RawFrame> DecodeFrame(std::string_view bytes, size_t size, uint8_t last_type) {
  if (bytes.size() != size) return absl::InvalidArgumentError("frame: wrong size");
  const auto type = static_cast<uint8_t>(bytes[0]);
  if (type < 1 || type > last_type) return absl::InvalidArgumentError("frame: unknown type");
  if (bytes[1] != kVersion) return absl::InvalidArgumentError("frame: unknown version");
  const size_t length = GetBigEndian(bytes.substr(2, 2));
  if (length > size - kFrameHeaderBytes)
    return absl::InvalidArgumentError("frame: payload too long");
  const std::string_view rest = bytes.substr(kFrameHeaderBytes + length);
  if (std::any_of(rest.begin(), rest.end(), [](char c) { return c != '\0'; })) {
    return absl::InvalidArgumentError("frame: bytes behind the payload");
  }
  return RawFrame{type, std::string(bytes.substr(kFrameHeaderBytes, length))};
}

std::string EncodeNumber(int64_t value) {
  std::string payload;
  PutBigEndian(payload, static_cast<uint64_t>(value), 8);
  return payload;
}

absl::StatusOr<int64_t> DecodeNumber(std::string_view payload) {
  if (payload.size() != 8) return absl::InvalidArgumentError("frame: a number has eight bytes");
  const uint64_t value = GetBigEndian(payload);
  if (value > INT64_MAX) return absl::InvalidArgumentError("frame: the number is too large");
  return static_cast<int64_t>(value);
}

}  // namespace

std::string EncodeToVault(const ToVaultFrame& frame) {
  return EncodeFrame(static_cast<uint8_t>(frame.type), frame.payload, kToVaultBytes);
}

absl::StatusOr<ToVaultFrame> DecodeToVault(std::string_view bytes) {
  ASSIGN_OR_RETURN(RawFrame raw, DecodeFrame(bytes, kToVaultBytes,
                                             static_cast<uint8_t>(ToVaultType::kCosignature)));
  return ToVaultFrame{static_cast<ToVaultType>(raw.type), std::move(raw.payload)};
}

std::string EncodeToFront(const ToFrontFrame& frame) {
  return EncodeFrame(static_cast<uint8_t>(frame.type), frame.payload, kToFrontBytes);
}

absl::StatusOr<ToFrontFrame> DecodeToFront(std::string_view bytes) {
  ASSIGN_OR_RETURN(RawFrame raw,
                   DecodeFrame(bytes, kToFrontBytes, static_cast<uint8_t>(ToFrontType::kHead)));
  return ToFrontFrame{static_cast<ToFrontType>(raw.type), std::move(raw.payload)};
}

std::string EncodeHello(int64_t mirror_size) { return EncodeNumber(mirror_size); }
absl::StatusOr<int64_t> DecodeHello(std::string_view payload) { return DecodeNumber(payload); }
std::string EncodeRound(int64_t round) { return EncodeNumber(round); }
absl::StatusOr<int64_t> DecodeRound(std::string_view payload) { return DecodeNumber(payload); }

absl::StatusOr<EntryPiece> DecodeEntryPiece(std::string_view payload) {
  if (payload.size() <= kPieceHeaderBytes)
    return absl::InvalidArgumentError("frame: an entry's piece is too short");
  EntryPiece piece;
  ASSIGN_OR_RETURN(piece.index, DecodeNumber(payload.substr(0, 8)));
  piece.total = GetBigEndian(payload.substr(8, 2));
  piece.offset = GetBigEndian(payload.substr(10, 2));
  piece.bytes = std::string(payload.substr(kPieceHeaderBytes));
  if (piece.offset + piece.bytes.size() > piece.total)
    return absl::InvalidArgumentError("frame: an entry's piece overlaps its end");
  return piece;
}

absl::StatusOr<PendingHashes> DecodePendingHashes(std::string_view payload) {
  constexpr size_t kHashBytes = std::tuple_size_v<Digest>;
  if (payload.size() <= 8 || (payload.size() - 8) % kHashBytes != 0)
    return absl::InvalidArgumentError("frame: no whole number of hashes");
  PendingHashes pending;
  ASSIGN_OR_RETURN(pending.first, DecodeNumber(payload.substr(0, 8)));
  for (payload.remove_prefix(8); !payload.empty(); payload.remove_prefix(kHashBytes)) {
    Digest& hash = pending.hashes.emplace_back();
    std::copy_n(AsBytes(payload).begin(), kHashBytes, hash.begin());
  }
  return pending;
}

std::vector<std::string> PendingFrames(int64_t first, std::span<const Digest> hashes,
                                       std::string_view head) {
  std::vector<std::string> frames;
  while (!hashes.empty()) {
    const size_t count = std::min(hashes.size(), kHashesOfFrame);
    std::string payload = EncodeNumber(first);
    for (const Digest& hash : hashes.first(count)) payload.append(AsText(hash));
    frames.push_back(EncodeToFront({ToFrontType::kPending, std::move(payload)}));
    hashes = hashes.subspan(count);
    first += static_cast<int64_t>(count);
  }
  frames.push_back(EncodeToFront({ToFrontType::kHead, std::string(head)}));
  return frames;
}

std::vector<std::string> CheckpointFrames(std::string_view checkpoint) {
  std::vector<std::string> frames;
  do {
    frames.push_back(EncodeToFront(
        {ToFrontType::kCheckpoint, std::string(checkpoint.substr(0, kToFrontPayload))}));
    checkpoint.remove_prefix(std::min(checkpoint.size(), kToFrontPayload));
  } while (!checkpoint.empty());
  return frames;
}

std::vector<std::string> EntryFrames(int64_t index, std::string_view entry) {
  constexpr size_t kPieceBytes = kToFrontPayload - kPieceHeaderBytes;
  std::vector<std::string> frames;
  for (size_t offset = 0; offset < entry.size(); offset += kPieceBytes) {
    std::string payload;
    PutBigEndian(payload, static_cast<uint64_t>(index), 8);
    PutBigEndian(payload, entry.size(), 2);
    PutBigEndian(payload, offset, 2);
    payload.append(entry.substr(offset, kPieceBytes));
    frames.push_back(EncodeToFront({ToFrontType::kEntry, std::move(payload)}));
  }
  return frames;
}

std::vector<std::string> HandOver(int64_t round, int64_t first,
                                  const std::vector<std::string>& entries,
                                  std::string_view checkpoint) {
  std::vector<std::string> frames;
  frames.push_back(EncodeToFront({ToFrontType::kOpen, EncodeRound(round)}));
  for (const std::string& entry : entries) {
    for (std::string& frame : EntryFrames(first++, entry)) frames.push_back(std::move(frame));
  }
  for (std::string& frame : CheckpointFrames(checkpoint)) frames.push_back(std::move(frame));
  frames.push_back(EncodeToFront({ToFrontType::kDone, EncodeRound(round)}));
  return frames;
}

}  // namespace pinhole::pipe
