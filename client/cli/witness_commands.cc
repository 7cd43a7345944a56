// witness init, request, sign: a witness whose requests and answers are files.
#include "absl/strings/str_format.h"
#include "client/cli/answer.h"
#include "client/cli/commands.h"
#include "client/cli/key_file.h"
#include "client/cli/material.h"
#include "client/cli/witness_audit.h"
#include "client/cli/witness_request.h"
#include "client/cli/witness_store.h"
#include "server/core/base/status.h"
#include "server/system/files.h"

namespace pinhole::cli {
namespace {

// A head with 100 signatures of each 200 characters, and a proof, is below a third of it.
constexpr size_t kRequestLimitBytes = size_t{1} << 16;

}  // namespace

Ending RunWitnessInit(const CommandContext& context, const WitnessInitOptions& options) {
  const absl::StatusOr<NoteVerifier> log = NoteVerifier::FromVkey(options.log_key);
  if (!log.ok()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--log-key is no verifier key (name+id+base64, as the vault prints it): %s",
                        log.status().message()));
  }
  absl::StatusOr<SigningKey> key =
      options.key_path.empty() ? NewKey() : ReadKeyFile(options.key_path);
  RETURN_IF_ERROR(key.status());
  ASSIGN_OR_RETURN(const WitnessStore store,
                   WitnessStore::Create(options.folder,
                                        {.name = options.name, .kind = options.kind}, *log, *key));
  Print(context, {{{"witness", store.verifier().ToVkey()},
                   {"ledger", log->name()},
                   {"checkpoint", HexEncode(Sha256(log->name())) + "/checkpoint"},
                   {"folder", options.folder}},
                  "Give the first line to those who are to count on this witness. Never put back "
                  "an older copy of the folder."});
  return ExitCode::kOk;
}

Ending RunWitnessRequest(const CommandContext& context, const WitnessRequestOptions& options) {
  ASSIGN_OR_RETURN(const ProvableHead head, FindHead(context, options.head));
  ASSIGN_OR_RETURN(const std::string request, head.RequestFrom(options.old_size));
  RETURN_IF_ERROR(WriteFileDurably(options.output, request, 0644));
  Print(context, {{{"ledger", head.head().origin},
                   {"from", absl::StrFormat("%d", options.old_size)},
                   {"entries", absl::StrFormat("%d", head.head().size)},
                   {"request", options.output}},
                  ""});
  return ExitCode::kOk;
}

Ending RunWitnessSign(const CommandContext& context, const WitnessSignOptions& options) {
  ASSIGN_OR_RETURN(const WitnessStore store, WitnessStore::Open(options.folder));
  ASSIGN_OR_RETURN(const std::string request, ReadFile(options.request, kRequestLimitBytes));
  ASSIGN_OR_RETURN(const WitnessAnswer answer,
                   store.Add(request, context.clock.NowUnixMs() / 1000,
                             AuditOf(context, options.audit, store.log())));
  if (answer.verdict != WitnessVerdict::kCosign) {
    return absl::DataLossError(
        absl::StrFormat("NOT SIGNED (%d): %s", static_cast<int>(answer.verdict), answer.reason));
  }
  RETURN_IF_ERROR(WriteFileDurably(options.output, answer.signature, 0644));
  Print(context, {{{"signed", answer.signature.substr(0, answer.signature.size() - 1)},
                   {"answer", options.output}},
                  ""});
  return ExitCode::kOk;
}

}  // namespace pinhole::cli
