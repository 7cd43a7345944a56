// The ledger's entries as values, and their one encoding (CHANNEL.md section 5.4).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "server/core/base/ed25519.h"
#include "server/core/base/sha256.h"
#include "server/core/contest/data_shape.h"
#include "server/core/contest/policy.h"
#include "server/core/counting/limits.h"
#include "server/core/counting/transcripts.h"

namespace pinhole::gate {
class Symbol;
class FinalBoard;
}  // namespace pinhole::gate

namespace pinhole::log {

using Nonce = std::array<uint8_t, 32>;
using RequestId = std::array<uint8_t, 16>;

// The vault began to serve: which build, a fresh nonce, and the size of the ledger it found.
struct StartEntry {
  Digest build{};
  Nonce nonce{};
  int64_t previous_size = 0;
  counting::Bits charge;  // to the open contest, once it has an ADMIT
  // With an open contest that has witnesses: the beginning of the chain that its coming ROUNDs show
  // (core/log/blinding.h).
  std::optional<Digest> blinding;
  bool operator==(const StartEntry&) const = default;
};

// The data set: declared shape, values the owner declassified, budget for its lifetime. Signed by
// the owner.
struct DatasetEntry {
  std::string dataset;  // an id
  int version = 1;
  contest::Deployment deployment = contest::Deployment::kOneMachine;
  contest::DataShape shape;
  int64_t train_rows = 0;
  int64_t public_rows = 0;
  int64_t final_rows = 0;
  counting::Bits declassified;  // charged for the row counts
  counting::Bits budget;
  Digest commitment{};  // SHA-256(secret salt ‖ data): opened to an auditor in person
  PublicKey owner;
  Signature signature{};
  bool operator==(const DatasetEntry&) const = default;
};

// A contest opens: its whole policy and what it may let out. Signed by the organizer and the owner.
struct PolicyEntry {
  contest::Policy policy;
  counting::BigCount team_count;  // N of one team
  counting::Bits team;
  counting::BigCount shared_count{1};  // N of what teams share (records)
  counting::Bits shared;
  counting::Bits final_board;
  counting::Bits contest;  // the reservation
  Signature organizer_signature{};
  Signature owner_signature{};
  bool operator==(const PolicyEntry&) const = default;
};

struct TeamEntry {
  std::string contest;
  int64_t round = 0;
  int number = 0;    // 1, 2, … in order of joining
  std::string name;  // an id
  PublicKey key;
  Digest invitation{};  // SHA-256 of the organizer's signature in the invitation: each serves once
  counting::Bits reserved;
  bool operator==(const TeamEntry&) const = default;
};

struct AdmitEntry {
  std::string contest;
  int64_t round = 0;
  int team = 0;
  int try_number = 0;      // 1, 2, …
  Digest program{};        // SHA-256(nonce ‖ program); the nonce is the team's
  int size_class = 0;      // bits of the program's size in bytes
  Digest request{};        // SHA-256 of the request's signature
  RequestId request_id{};  // chosen by the team: the same id is the same entry
  int64_t run_round = 0;
  int64_t result_round = 0;
  std::optional<int> show_below;  // a level: only better ones are shown
  bool operator==(const AdmitEntry&) const = default;
};

struct ResultEntry {
  std::string contest;
  int64_t round = 0;
  int64_t admit = 0;  // index of the ADMIT entry
  int team = 0;
  counting::SymbolValue symbol;
  std::string text;
  counting::Bits charge;
  counting::TeamState after;
  std::optional<Digest> blind;  // with witnesses (core/log/blinding.h)
  bool operator==(const ResultEntry&) const = default;
};

// The end of an exchange; a heartbeat too, since every round has one.
struct RoundEntry {
  std::string contest;
  int64_t round = 0;
  int64_t admitted = 0;
  int64_t released = 0;
  Digest root_before{};            // root of the tree of all entries before this one
  std::optional<Digest> blinding;  // of the exchange, with witnesses
  bool operator==(const RoundEntry&) const = default;
};

// The vault stood still: every unreleased round moves later.
struct ShiftEntry {
  std::string contest;
  int64_t round = 0;  // the first round that moves
  int64_t moved = 0;
  int count = 0;  // shifts of this contest so far, this one included
  counting::Bits charge;
  bool operator==(const ShiftEntry&) const = default;
};

// Acts of persons form a closed alphabet; kStop is the vault's own, when it stood still for longer
// than the bits for acts can say.
enum class ActKind {
  kCloseEarly,
  kDisqualify,
  kReinstate,
  kStop,
  kLowerTries,
  kLowerShownScores,
  kLowerShownFailures
};
// "close-early", "disqualify", "reinstate", "stop", "lower-tries", "lower-shown-scores",
// "lower-shown-failures"
std::string_view Name(ActKind kind);
// The limit that an act of this kind lowers, if it does.
std::optional<counting::Limit> LimitOf(ActKind kind);
struct ActEntry {
  std::string contest;
  int64_t round = 0;
  ActKind kind = ActKind::kCloseEarly;
  int team = 0;              // of kDisqualify and kReinstate; else 0
  std::optional<int> value;  // a limit's new value, when one is lowered
  counting::Bits charge;
  Signature signature{};  // the organizer's, over ActStatement; zeros for kStop
  bool operator==(const ActEntry&) const = default;
};

// A team says which of its submissions it will be judged by at the end. What it chooses tells
// nothing that was not shown, so it costs nothing.
struct ChoiceEntry {
  std::string contest;
  int64_t round = 0;
  int team = 0;
  // Index of the ADMIT; none: the team's best shown, as without a choice.
  std::optional<int64_t> admit;
  Signature signature{};  // the team's, over ChoiceStatement
  bool operator==(const ChoiceEntry&) const = default;
};

// One place of the final board (counting/final_board.h).
struct FinalEntry {
  std::string contest;
  int64_t round = 0;  // the last
  int place = 0;      // 1, 2, …; of every-team the teams' order
  int team = 0;
  int64_t admit = 0;  // the submission that the team is judged by
  // Of every-team the final level, or level_count for worse than worst; else none.
  std::optional<int> level;
  std::string text;  // the level's value, "WORSE", or "-"
  counting::Bits charge;
  std::optional<Digest> blind;
  bool operator==(const FinalEntry&) const = default;
};

struct CloseEntry {
  std::string contest;
  int64_t round = 0;
  counting::Bits used;  // what left; the rest of the reservation returns to the data set
  std::optional<Digest> blind;
  bool operator==(const CloseEntry&) const = default;
};

using Entry =
    std::variant<StartEntry, DatasetEntry, PolicyEntry, TeamEntry, AdmitEntry, ResultEntry,
                 RoundEntry, ShiftEntry, ActEntry, ChoiceEntry, FinalEntry, CloseEntry>;

// An entry's bytes as they may be appended. RESULT bytes come from the gate alone: see ResultSeal.
class EncodedEntry {
 public:
  const std::string& bytes() const { return bytes_; }

 private:
  friend class EntryEncoder;
  explicit EncodedEntry(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

// Only the gate can make one, so only the gate can turn levels into RESULTs and FINALs that the
// ledger takes.
class ResultSeal {
 private:
  friend class ::pinhole::gate::Symbol;
  friend class ::pinhole::gate::FinalBoard;
  ResultSeal() = default;
};

// Errors: INVALID_ARGUMENT or RESOURCE_EXHAUSTED when a value does not fit the format.
absl::StatusOr<EncodedEntry> Encode(const StartEntry& entry);
absl::StatusOr<EncodedEntry> Encode(const DatasetEntry& entry);
absl::StatusOr<EncodedEntry> Encode(const PolicyEntry& entry);
absl::StatusOr<EncodedEntry> Encode(const TeamEntry& entry);
absl::StatusOr<EncodedEntry> Encode(const AdmitEntry& entry);
absl::StatusOr<EncodedEntry> Encode(const RoundEntry& entry);
absl::StatusOr<EncodedEntry> Encode(const ShiftEntry& entry);
absl::StatusOr<EncodedEntry> Encode(const ActEntry& entry);
absl::StatusOr<EncodedEntry> Encode(const ChoiceEntry& entry);
absl::StatusOr<EncodedEntry> Encode(const CloseEntry& entry);
absl::StatusOr<EncodedEntry> Encode(const ResultEntry& entry, const ResultSeal& seal);
absl::StatusOr<EncodedEntry> Encode(const FinalEntry& entry, const ResultSeal& seal);

// Errors: INVALID_ARGUMENT unless `bytes` is exactly what encoding the returned value gives.
absl::StatusOr<Entry> ParseEntry(std::string_view bytes);

// The type of an entry's bytes, such as "ADMIT"; empty when there is none.
std::string_view EntryType(std::string_view bytes);

// The length an entry that begins with `bytes` (at least 8) must have, or 0 when its type is
// unknown.
size_t EntryLength(std::string_view bytes);

// What owner and organizer sign: every field but the signatures, without padding.
std::string DatasetStatement(const DatasetEntry& entry);
std::string PolicyStatement(const PolicyEntry& entry);
// What the organizer signs for an act. It names no round: it counts whenever the vault takes it.
// `number` is how many acts the contest had before, so that no signature serves twice.
std::string ActStatement(const ActEntry& act, int number);
// What a team signs for a choice; `number` is how many choices it made before, for the same reason.
std::string ChoiceStatement(std::string_view contest, int team, const std::optional<int64_t>& admit,
                            int64_t number);

// Size class of a program: the number of bits of its size.
int SizeClass(int64_t program_bytes);

}  // namespace pinhole::log
