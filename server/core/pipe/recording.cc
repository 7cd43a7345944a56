#include "server/core/pipe/recording.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/entries.h"
#include "server/core/log/merkle.h"
#include "server/core/note/cosignature.h"
#include "server/core/pipe/frames.h"

namespace pinhole::pipe {
namespace {

// A failure of what is read, which is no verdict on it.
absl::Status Unreadable(const absl::Status& status) {
  return absl::InternalError(std::string(status.message()));
}

// What of a whole ledger decides which frames it gives, beside entries and hashes.
struct Terms {
  int64_t most_round = 1;                          // the rounds there are, and the one to come
  std::map<int64_t, contest::Witnesses> policies;  // by index of their POLICY
};

absl::StatusOr<Terms> TermsOf(RecordedLedger& ledger) {
  Terms terms;
  for (int64_t index = 0; index < ledger.size(); ++index) {
    ASSIGN_OR_RETURN(const std::string_view bytes, ledger.Entry(index));
    const std::string_view type = log::EntryType(bytes);
    if (type != "POLICY" && type != "ROUND") continue;
    const absl::StatusOr<log::Entry> entry = log::ParseEntry(bytes);
    if (!entry.ok()) continue;
    if (const auto* round = std::get_if<log::RoundEntry>(&*entry))
      terms.most_round = std::max(terms.most_round, round->round + 1);
    if (const auto* policy = std::get_if<log::PolicyEntry>(&*entry))
      terms.policies.emplace(index, policy->policy.witnesses);
  }
  return terms;
}

// Follows one connection. Frames are judged as whole bytes: padding is a place to hide in, too.
class Checker {
 public:
  Checker(RecordedLedger& ledger, Terms terms, const NoteVerifier& log)
      : ledger_(ledger),
        log_(log),
        most_round_(terms.most_round),
        policies_(std::move(terms.policies)) {}

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
      case ToFrontType::kPending:
        return TakePending(frame.payload);
      case ToFrontType::kHead:
        return TakeWaitingHead(frame.payload);
    }
    return absl::DataLossError("has no known type");
  }
  const RecordingFacts& facts() const { return facts_; }

 private:
  enum class Stage { kClosed, kEntries, kHead };

  // Witnesses are asked once in an exchange, before anything is handed over.
  bool MayAskWitnesses() const { return stage_ == Stage::kEntries && at_ < 0 && !asked_; }

  absl::Status TakePending(std::string_view payload) {
    if (!MayAskWitnesses()) return absl::DataLossError("asks witnesses out of its turn");
    ASSIGN_OR_RETURN(const PendingHashes pending, DecodePendingHashes(payload));
    if (pending_ >= 0 && pending.first != pending_)
      return absl::DataLossError("leaves out hashes of entries that wait");
    pending_ = pending.first;
    for (const Digest& hash : pending.hashes) {
      if (pending_ >= ledger_.size()) return absl::DataLossError("holds a hash that is no entry's");
      const absl::StatusOr<Digest> leaf = ledger_.Node(0, static_cast<uint64_t>(pending_));
      if (!leaf.ok()) return Unreadable(leaf.status());
      if (*leaf != hash) return absl::DataLossError("holds a hash that is no entry's");
      ++pending_;
    }
    return absl::OkStatus();
  }

  absl::Status TakeWaitingHead(const std::string& note) {
    if (!MayAskWitnesses()) return absl::DataLossError("asks witnesses out of its turn");
    ASSIGN_OR_RETURN(const HeadParts head, CheckHead(note));
    if (pending_ >= 0 && head.size != static_cast<uint64_t>(pending_))
      return absl::DataLossError("is a head of other entries than those that wait");
    if (head.cosignatures != 0)
      return absl::DataLossError("is a head with more than its signature");
    asked_ = true;
    ++facts_.heads;
    return absl::OkStatus();
  }

  struct HeadParts {
    uint64_t size = 0;
    size_t cosignatures = 0;
  };
  // A head of this ledger, by its key; whoever else signed is counted, not verified.
  absl::StatusOr<HeadParts> CheckHead(const std::string& note) {
    const absl::StatusOr<Checkpoint> head = OpenCheckpoint(note, log_);
    if (!head.ok()) return absl::DataLossError("is a head that the ledger's key did not sign");
    if (head->size > static_cast<uint64_t>(ledger_.size()))
      return absl::DataLossError("is a head of other entries");
    const absl::StatusOr<Digest> root = ReadRoot(
        head->size, [this](int level, uint64_t index) { return ledger_.Node(level, index); });
    if (!root.ok()) return Unreadable(root.status());
    if (*root != head->root) return absl::DataLossError("is a head of other entries");
    ASSIGN_OR_RETURN(const NoteParts parts, ParseNote(note));
    return HeadParts{.size = head->size, .cosignatures = parts.signatures.size() - 1};
  }

  // The witnesses of the newest POLICY under a head of `size` entries.
  const contest::Witnesses& WitnessesAt(uint64_t size) const {
    static const contest::Witnesses nobody;
    const auto after = policies_.lower_bound(static_cast<int64_t>(size));
    return after == policies_.begin() ? nobody : std::prev(after)->second;
  }

  absl::Status TakeOpen(std::string_view payload) {
    // An exchange that ended in an error is followed by the next one's.
    if (stage_ != Stage::kClosed && (at_ >= 0 || stage_ == Stage::kHead))
      return absl::DataLossError("opens an exchange within a hand-over");
    ASSIGN_OR_RETURN(round_, DecodeRound(payload));
    if (round_ > most_round_) return absl::DataLossError("names a round that never was");
    stage_ = Stage::kEntries;
    at_ = -1;
    pending_ = -1;
    asked_ = false;
    checkpoint_.clear();
    ++facts_.exchanges;
    return absl::OkStatus();
  }

  absl::Status TakeEntry(std::string_view bytes, std::string_view payload) {
    if (stage_ != Stage::kEntries) return absl::DataLossError("is an entry out of its turn");
    ASSIGN_OR_RETURN(const EntryPiece piece, DecodeEntryPiece(payload));
    if (expected_.empty()) {
      if (piece.index >= ledger_.size() || (at_ >= 0 && piece.index != at_))
        return absl::DataLossError("is of another entry than the next");
      at_ = piece.index;
      const absl::StatusOr<std::string_view> entry = ledger_.Entry(at_);
      if (!entry.ok()) return Unreadable(entry.status());
      expected_ = EntryFrames(at_, *entry);
      next_ = 0;
    }
    if (expected_[next_] != bytes) return absl::DataLossError("holds other bytes than the entry");
    if (++next_ < expected_.size()) return absl::OkStatus();
    expected_.clear();
    ++at_;
    ++facts_.entries;
    return absl::OkStatus();
  }

  // A long head comes in several frames; all but the last are full.
  absl::Status TakeHead(const std::string& piece) {
    if (stage_ == Stage::kClosed || !expected_.empty() ||
        (stage_ == Stage::kHead && checkpoint_.size() % kToFrontPayload != 0))
      return absl::DataLossError("is a head out of its turn");
    checkpoint_ += piece;
    stage_ = Stage::kHead;
    return piece.size() < kToFrontPayload ? CheckHandedOver() : absl::OkStatus();
  }

  absl::Status CheckHandedOver() {
    ASSIGN_OR_RETURN(const HeadParts head, CheckHead(checkpoint_));
    if (at_ >= 0 && head.size != static_cast<uint64_t>(at_))
      return absl::DataLossError("ends a head of other entries");
    const contest::Witnesses& witnesses = WitnessesAt(head.size);
    const absl::StatusOr<std::vector<Cosignature>> given =
        VerifyCosignatures(checkpoint_, witnesses.verifiers);
    const auto quorum = static_cast<size_t>(witnesses.quorum);
    if (!given.ok() || given->size() != quorum || head.cosignatures != quorum)
      return absl::DataLossError(
          "ends a head with other signatures than its ledger's and a quorum");
    // For one text always the same: another is another bit.
    ASSIGN_OR_RETURN(const NoteParts parts, ParseNote(checkpoint_));
    const Digest note = Sha256(checkpoint_);
    const auto [known, is_new] = notes_.emplace(Sha256(parts.text), note);
    if (known->second != note)
      return absl::DataLossError("ends a head that was handed over with other signatures");
    ++facts_.heads;
    return absl::OkStatus();
  }

  absl::Status TakeDone(std::string_view payload) {
    ASSIGN_OR_RETURN(const int64_t round, DecodeRound(payload));
    if (stage_ != Stage::kHead || round != round_)
      return absl::DataLossError("ends another exchange than the one that was opened");
    if (checkpoint_.size() % kToFrontPayload == 0) RETURN_IF_ERROR(CheckHandedOver());
    stage_ = Stage::kClosed;
    return absl::OkStatus();
  }

  RecordedLedger& ledger_;
  const NoteVerifier& log_;
  const int64_t most_round_;
  RecordingFacts facts_;
  Stage stage_ = Stage::kClosed;
  int64_t round_ = 0;
  int64_t at_ = -1;                                 // the entry that comes next; -1: any may begin
  int64_t pending_ = -1;                            // the hash that comes next; -1: any may begin
  bool asked_ = false;                              // witnesses, in this exchange
  std::string checkpoint_;                          // as far as it came
  std::map<int64_t, contest::Witnesses> policies_;  // by index of their POLICY
  std::vector<std::string> expected_;               // frames of the entry under way
  size_t next_ = 0;                                 // of them
  std::map<Digest, Digest> notes_;                  // hash of a text -> of its note
};

}  // namespace

absl::StatusOr<RecordingFacts> CheckRecording(const RecordingSource& next, RecordedLedger& ledger,
                                              const NoteVerifier& log) {
  absl::StatusOr<Terms> terms = TermsOf(ledger);
  if (!terms.ok()) return Unreadable(terms.status());
  Checker checker(ledger, *std::move(terms), log);
  std::string frame;
  while (true) {
    const absl::StatusOr<std::string_view> read = next();
    if (!read.ok()) return Unreadable(read.status());
    if (read->empty()) return checker.facts();
    for (std::string_view bytes = *read; !bytes.empty();) {
      const size_t taken = std::min(bytes.size(), kToFrontBytes - frame.size());
      frame.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (frame.size() < kToFrontBytes) break;
      const absl::Status judged = checker.Take(frame);
      if (absl::IsInternal(judged)) return judged;
      if (!judged.ok()) {
        return absl::DataLossError(absl::StrFormat("frame %d of the recording: %s",
                                                   checker.facts().frames, judged.message()));
      }
      frame.clear();
    }
  }
}

}  // namespace pinhole::pipe
