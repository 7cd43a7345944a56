// witness ask: gathers witnesses' cosignatures on the head of a folder of static files.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "client/cli/answer.h"
#include "client/cli/commands.h"
#include "client/cli/cosigned_note.h"
#include "client/cli/http.h"
#include "client/cli/material.h"
#include "client/cli/quorum.h"
#include "client/cli/witness_request.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/log/witness.h"
#include "server/publish/static_ledger.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

// From 0, from the size that is named then, and once more when others asked in between.
constexpr int kMostTries = 3;
constexpr size_t kReasonCharacters = 200;

bool IsUrl(const std::string& source) {
  return source.starts_with("http://") || source.starts_with("https://");
}

// A stranger's text on one line of a terminal.
std::string Shown(std::string_view text) {
  std::string shown(text.substr(0, kReasonCharacters));
  while (shown.ends_with('\n')) shown.pop_back();
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

// The size that a 409 names.
absl::StatusOr<uint64_t> NamedSize(const HttpAnswer& answer, const ProvableHead& head) {
  if (!answer.content_type.starts_with("text/x.tlog.size") || !answer.body.ends_with('\n')) {
    return absl::DataLossError(absl::StrFormat("REFUSED (409): %s", Shown(answer.body)));
  }
  ASSIGN_OR_RETURN(const int64_t size,
                   ParseIntegerIn(std::string_view(answer.body).substr(0, answer.body.size() - 1),
                                  0, std::numeric_limits<int64_t>::max()));
  if (static_cast<uint64_t>(size) > head.head().size) {
    return absl::DataLossError(absl::StrFormat(
        "the witness signed %d entries, and this ledger has %d: it went back, or this copy is old",
        size, head.head().size));
  }
  return static_cast<uint64_t>(size);
}

absl::StatusOr<std::string> AskByHttp(std::string url, const ProvableHead& head) {
  while (url.ends_with('/')) url.pop_back();
  uint64_t old_size = 0;
  for (int i = 0; i < kMostTries; ++i) {
    ASSIGN_OR_RETURN(const std::string request, head.RequestFrom(old_size));
    ASSIGN_OR_RETURN(HttpAnswer answer, PostText(url + "/add-checkpoint", request));
    switch (answer.code) {
      case static_cast<int>(WitnessVerdict::kCosign):
        return std::move(answer.body);
      case static_cast<int>(WitnessVerdict::kConflict): {
        ASSIGN_OR_RETURN(old_size, NamedSize(answer, head));
        break;
      }
      case static_cast<int>(WitnessVerdict::kMalformed):
      case static_cast<int>(WitnessVerdict::kBadSignature):
      case static_cast<int>(WitnessVerdict::kUnknownLedger):
      case static_cast<int>(WitnessVerdict::kInconsistent):
        return absl::DataLossError(
            absl::StrFormat("REFUSED (%d): %s", answer.code, Shown(answer.body)));
      default:
        return absl::UnavailableError(
            absl::StrFormat("no answer (%d): %s", answer.code, Shown(answer.body)));
    }
  }
  return absl::UnavailableError("others ask this witness at the same time: ask again");
}

absl::StatusOr<std::string> AnswerOf(const std::string& source, const ProvableHead& head) {
  return IsUrl(source) ? AskByHttp(source, head) : ReadFile(source, kHttpBodyLimitBytes);
}

ExitCode Worse(ExitCode a, ExitCode b) { return std::max(a, b); }

}  // namespace

Ending RunWitnessAsk(const CommandContext& context, const WitnessAskOptions& options) {
  ASSIGN_OR_RETURN(const QuorumRule rule, QuorumRuleOf(options.witnesses, std::nullopt));
  ASSIGN_OR_RETURN(const Material material, FindMaterial(context, options.source));
  ASSIGN_OR_RETURN(const ProvableHead head, ProvableHead::Of(material));
  Answer told;
  std::vector<std::string> answers;
  ExitCode ending = ExitCode::kOk;
  for (const std::string& source : options.sources) {
    absl::StatusOr<std::string> answer = AnswerOf(source, head);
    absl::StatusOr<CosignedNote> cosigned =
        answer.ok() ? AddCosignatures(head.note(), *answer, material.log, rule.witnesses)
                    : answer.status();
    if (!cosigned.ok()) {
      told.fields.emplace_back(source, std::string(cosigned.status().message()));
      ending = Worse(ending, ExitCodeOf(cosigned.status()));
      continue;
    }
    std::string names;
    for (const Cosignature& one : cosigned->added) names += " " + one.witness;
    told.fields.emplace_back(source, "cosigned by" + names);
    answers.push_back(*std::move(answer));
  }
  // The folder may have been cosigned, or may have grown, while the witnesses were asked.
  RETURN_IF_ERROR(publish::CosignStaticLedger(
      options.source.tiles, head.note(), [&](std::string note) -> absl::StatusOr<std::string> {
        for (const std::string& answer : answers) {
          ASSIGN_OR_RETURN(CosignedNote cosigned,
                           AddCosignatures(note, answer, material.log, rule.witnesses));
          note = std::move(cosigned.note);
        }
        return note;
      }));
  Print(context, told);
  return ending;
}

}  // namespace pinhole::cli
