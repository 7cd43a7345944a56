#include "server/core/pipe/recording.h"

#include <map>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/entries.h"
#include "server/core/log/merkle.h"
#include "server/core/pipe/frames.h"

namespace pinhole::pipe {
namespace {

// The rounds that a ledger has, and the one that comes next.
int64_t LastRound(std::span<const std::string> entries) {
  int64_t last = 0;
  for (const std::string& entry : entries) {
    if (log::EntryType(entry) != "ROUND") continue;
    const absl::StatusOr<log::Entry> parsed = log::ParseEntry(entry);
    if (parsed.ok()) last = std::max(last, std::get<log::RoundEntry>(*parsed).round);
  }
  return last;
}

// Follows one connection. Frames are judged as whole bytes: padding is a place to hide in, too.
class Checker {
 public:
  Checker(std::span<const std::string> entries, const NoteVerifier& log)
      : entries_(entries), log_(log), most_round_(LastRound(entries) + 1) {
    for (const std::string& entry : entries) tree_.Append(LeafHash(entry));
  }

  absl::Status Take(std::string_view bytes) {
    ASSIGN_OR_RETURN(const ToFrontFrame frame, DecodeToFront(bytes));
    if (EncodeToFront(frame) != bytes) return absl::DataLossError("has a second spelling");
    ++facts_.frames;
    switch (frame.type) {
      case ToFrontType::kOpen:
        return TakeOpen(frame.payload);
      case ToFrontType::kEntry:
        return TakeEntry(bytes, frame.payload);
      case ToFrontType::kCheckpoint:
        return TakeHead(frame.payload);
      case ToFrontType::kDone:
        return TakeDone(frame.payload);
    }
    return absl::DataLossError("has no known type");
  }
  const RecordingFacts& facts() const { return facts_; }

 private:
  enum class Stage { kClosed, kEntries, kHead };

  absl::Status TakeOpen(std::string_view payload) {
    // An exchange that ended in an error is followed by the next one's.
    if (stage_ != Stage::kClosed && (at_ >= 0 || stage_ == Stage::kHead))
      return absl::DataLossError("opens an exchange within a hand-over");
    ASSIGN_OR_RETURN(round_, DecodeRound(payload));
    if (round_ > most_round_) return absl::DataLossError("names a round that never was");
    stage_ = Stage::kEntries;
    at_ = -1;
    ++facts_.exchanges;
    return absl::OkStatus();
  }

  absl::Status TakeEntry(std::string_view bytes, std::string_view payload) {
    if (stage_ != Stage::kEntries) return absl::DataLossError("is an entry out of its turn");
    ASSIGN_OR_RETURN(const EntryPiece piece, DecodeEntryPiece(payload));
    if (expected_.empty()) {
      if (piece.index >= static_cast<int64_t>(entries_.size()) || (at_ >= 0 && piece.index != at_))
        return absl::DataLossError("is of another entry than the next");
      at_ = piece.index;
      expected_ = EntryFrames(at_, entries_[static_cast<size_t>(at_)]);
      next_ = 0;
    }
    if (expected_[next_] != bytes) return absl::DataLossError("holds other bytes than the entry");
    if (++next_ < expected_.size()) return absl::OkStatus();
    expected_.clear();
    ++at_;
    ++facts_.entries;
    return absl::OkStatus();
  }

  absl::Status TakeHead(const std::string& note) {
    if (stage_ != Stage::kEntries || !expected_.empty())
      return absl::DataLossError("is a head out of its turn");
    const absl::StatusOr<Checkpoint> head = OpenCheckpoint(note, log_);
    if (!head.ok()) return absl::DataLossError("is a head that the ledger's key did not sign");
    const absl::StatusOr<Digest> root = tree_.RootAt(head->size);
    if (!root.ok() || *root != head->root || (at_ >= 0 && head->size != static_cast<uint64_t>(at_)))
      return absl::DataLossError("is a head of other entries");
    ASSIGN_OR_RETURN(const NoteParts parts, ParseNote(note));
    // One signature, and for one text always the same: another is another bit.
    const auto [known, is_new] = notes_.emplace(parts.text, note);
    if (parts.signatures.size() != 1 || known->second != note)
      return absl::DataLossError("is a head with more to it than its signature");
    stage_ = Stage::kHead;
    ++facts_.heads;
    return absl::OkStatus();
  }

  absl::Status TakeDone(std::string_view payload) {
    ASSIGN_OR_RETURN(const int64_t round, DecodeRound(payload));
    if (stage_ != Stage::kHead || round != round_)
      return absl::DataLossError("ends another exchange than the one that was opened");
    stage_ = Stage::kClosed;
    return absl::OkStatus();
  }

  std::span<const std::string> entries_;
  const NoteVerifier& log_;
  const int64_t most_round_;
  MerkleTree tree_;
  RecordingFacts facts_;
  Stage stage_ = Stage::kClosed;
  int64_t round_ = 0;
  int64_t at_ = -1;                           // the entry that comes next; -1: any may begin
  std::vector<std::string> expected_;         // frames of the entry under way
  size_t next_ = 0;                           // of them
  std::map<std::string, std::string> notes_;  // text -> note
};

}  // namespace

absl::StatusOr<RecordingFacts> CheckRecording(std::string_view bytes,
                                              std::span<const std::string> entries,
                                              const NoteVerifier& log) {
  Checker checker(entries, log);
  while (bytes.size() >= kToFrontBytes) {
    const absl::Status taken = checker.Take(bytes.substr(0, kToFrontBytes));
    if (!taken.ok()) {
      return absl::DataLossError(absl::StrFormat("frame %d of the recording: %s",
                                                 checker.facts().frames, taken.message()));
    }
    bytes.remove_prefix(kToFrontBytes);
  }
  return checker.facts();
}

}  // namespace pinhole::pipe
