// The records of the evidence: how a run ended, and who looked. Each is one line of constant length
// in the ledger's own text (server/core/log/entry_text.h), so that one record has one spelling.
//
//   RUN 1 contest=demo round=7 admit=41 answer=<hex> outcome=exited exit=0 signal=0 wall_us=…
//   cpu_us=… memory=… output=… sha256=<hex> box=<hex> build=<hex> at_ms=…
//   ACCESS 1 contest=- round=0 command=show user=0 admit=41 at_ms=…
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "sandbox/box.h"
#include "server/core/base/sha256.h"
#include "server/core/score/answer.h"

namespace pinhole::vault {

using Answer = std::array<uint8_t, score::kAnswerSize>;

// What a run leaves beside its answer; nobody outside the vault sees it. Numbers that are below 0,
// or above 10^15 - 1, are recorded as these.
struct RunEvidence {
  sandbox::Outcome outcome = sandbox::Outcome::kSetupFailed;
  int64_t exit_code = 0;
  int64_t signal = 0;
  int64_t wall_micros = 0;
  int64_t cpu_micros = 0;
  int64_t peak_memory_bytes = 0;
  int64_t output_bytes = 0;
  Digest output{};       // SHA-256 of what the run wrote
  Digest box{};          // of the record of the lane's boxes (sandbox::LaneFacts)
  Digest build{};        // of pinhole-vault, as in START
  int64_t ended_ms = 0;  // Unix time at which its level was committed
  bool operator==(const RunEvidence&) const = default;
};

// A run that ended. Its exact score is not kept: it follows from the predictions, whose hash is
// here, and the scoring sheet, and would have to come from a scorer that worked beside hostile
// bytes (evidence_replay.h has it).
struct RunRecord {
  std::string contest;
  int64_t round = 0;  // in which it ran
  int64_t admit = 0;  // index of its ADMIT entry
  Answer answer{};    // as the scorer gave it, its check included
  RunEvidence evidence;
  bool operator==(const RunRecord&) const = default;
};

enum class AccessCommand { kList, kShow, kVerify, kReplay };

// Somebody looked at the evidence.
struct AccessRecord {
  AccessCommand command{};
  uid_t user = 0;                // who called, by the kernel
  std::optional<int64_t> admit;  // the run; none for all
  int64_t at_ms = 0;             // Unix time
  bool operator==(const AccessRecord&) const = default;
};

using EvidenceRecord = std::variant<RunRecord, AccessRecord>;

inline constexpr size_t kEvidenceBytes = 512;

// Errors: INVALID_ARGUMENT for a contest that is no id. Every other record fits.
absl::StatusOr<std::string> Encode(const EvidenceRecord& record);

// Reads exactly what Encode writes. Errors: INVALID_ARGUMENT.
absl::StatusOr<EvidenceRecord> ParseEvidence(std::string_view bytes);

// The outcome's name as one word: "wall-limit".
std::string OutcomeWord(sandbox::Outcome outcome);

// "list", "show", "verify", "replay".
std::string_view Name(AccessCommand command);

}  // namespace pinhole::vault
