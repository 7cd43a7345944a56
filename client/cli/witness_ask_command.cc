// witness ask: gathers witnesses' cosignatures on the head of a folder of static files, once or for
// as long as it runs.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "client/cli/answer.h"
#include "client/cli/ask_witness.h"
#include "client/cli/commands.h"
#include "client/cli/cosigned_note.h"
#include "client/cli/courier.h"
#include "client/cli/json_views.h"
#include "client/cli/material.h"
#include "client/cli/quorum.h"
#include "client/cli/witness_request.h"
#include "server/core/base/status.h"
#include "server/publish/static_ledger.h"
#include "server/system/files.h"
#include "server/system/stop_signals.h"

namespace pinhole::cli {
namespace {

const std::string& FolderOf(const WitnessAskOptions& options) {
  return options.head.hashes.empty() ? options.head.source.tiles : options.head.hashes;
}

absl::StatusOr<std::string> AnswerOf(const std::string& source, const ProvableHead& head) {
  return IsUrl(source) ? AskByHttp(source, head) : ReadFile(source, kHttpBodyLimitBytes);
}

ExitCode Worse(ExitCode a, ExitCode b) { return std::max(a, b); }

Ending AskOnce(const CommandContext& context, const WitnessAskOptions& options,
               const NoteVerifier& log, const QuorumRule& rule) {
  ASSIGN_OR_RETURN(const ProvableHead head, FindHead(context, options.head));
  Answer told;
  std::vector<std::string> answers;
  ExitCode ending = ExitCode::kOk;
  for (const std::string& source : options.sources) {
    absl::StatusOr<std::string> answer = AnswerOf(source, head);
    absl::StatusOr<CosignedNote> cosigned =
        answer.ok() ? AddCosignatures(head.note(), *answer, log, rule.witnesses) : answer.status();
    if (!cosigned.ok()) {
      told.fields.emplace_back(source, std::string(cosigned.status().message()));
      ending = Worse(ending, ExitCodeOf(cosigned.status()));
      continue;
    }
    told.fields.emplace_back(source, CosignedText(*cosigned));
    answers.push_back(*std::move(answer));
  }
  // The folder may have been cosigned, or may have grown, while the witnesses were asked.
  RETURN_IF_ERROR(publish::CosignStaticLedger(
      FolderOf(options), head.note(), [&](std::string note) -> absl::StatusOr<std::string> {
        for (const std::string& answer : answers) {
          ASSIGN_OR_RETURN(CosignedNote cosigned,
                           AddCosignatures(note, answer, log, rule.witnesses));
          note = std::move(cosigned.note);
        }
        return note;
      }));
  Print(context, told);
  return ending;
}

void TellAnswer(const CommandContext& context, const CourierNews& news) {
  const std::string entries = absl::StrFormat("%d", news.entries);
  context.out << (context.format == OutputFormat::kJson
                      ? ObjectJson(
                            {{"source", news.source}, {"entries", entries}, {"answer", news.text}})
                      : absl::StrFormat("%s  %s entries  %s\n", news.source, entries, news.text));
  context.out.flush();
}

Ending FollowHeads(const CommandContext& context, const WitnessAskOptions& options,
                   const NoteVerifier& log, const QuorumRule& rule) {
  for (const std::string& source : options.sources) {
    if (IsUrl(source)) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "--follow asks again and again, and a file answers once: %s is no http:// or https:// "
        "address",
        source));
  }
  // Before the courier's threads are there.
  ASSIGN_OR_RETURN(const UniqueFd stop, BlockStopSignals());
  Courier courier({.folder = FolderOf(options),
                   .log = log,
                   .witnesses = rule.witnesses,
                   .read = [&] { return FindHead(context, options.head); },
                   .ask = [](const std::string& source, const ProvableHead& head,
                             HttpBreak& broken) { return AskByHttp(source, head, &broken); },
                   .tell = [&](const CourierNews& news) { TellAnswer(context, news); }});
  RETURN_IF_ERROR(courier.Run(options.sources, stop.get()));
  return ExitCode::kOk;
}

}  // namespace

Ending RunWitnessAsk(const CommandContext& context, const WitnessAskOptions& options) {
  if (FolderOf(options).empty()) {
    return absl::InvalidArgumentError(
        "name the folder whose head is to be cosigned: --tiles, or --hashes for one without "
        "entries");
  }
  ASSIGN_OR_RETURN(const QuorumRule rule, QuorumRuleOf(options.witnesses, std::nullopt));
  ASSIGN_OR_RETURN(const NoteVerifier log,
                   LogKey(context, options.head.source.key, options.head.source.server));
  return options.follow == Follow::kYes ? FollowHeads(context, options, log, rule)
                                        : AskOnce(context, options, log, rule);
}

}  // namespace pinhole::cli
