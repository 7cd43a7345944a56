// witness serve: a witness that is asked by HTTP (c2sp.org/tlog-witness v1.0.0).
#include <limits>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "client/cli/answer.h"
#include "client/cli/commands.h"
#include "client/cli/http.h"
#include "client/cli/witness_audit.h"
#include "client/cli/witness_store.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"

namespace pinhole::cli {
namespace {

struct Address {
  std::string host;
  int port = 0;
};

// HOST:PORT; an IPv6 address stands in brackets.
absl::StatusOr<Address> ParseAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  Address address;
  if (colon != std::string::npos && colon > 0) {
    const auto port =
        ParseIntegerIn(text.substr(colon + 1), 0, std::numeric_limits<uint16_t>::max());
    address.host = text.substr(0, colon);
    if (address.host.starts_with('[') && address.host.ends_with(']')) {
      address.host = address.host.substr(1, address.host.size() - 2);
    }
    address.port = static_cast<int>(port.value_or(-1));
    if (port.ok() && !address.host.empty()) return address;
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "--listen wants HOST:PORT, such as 127.0.0.1:7450 (port 0: any free one); \"%s\" is not",
      text));
}

// Thread-safe.
class Desk {
 public:
  Desk(const CommandContext& context, const WitnessStore& store, HeadAudit audit)
      : context_(context),
        store_(store),
        audit_(std::move(audit)),
        checkpoint_path_(absl::StrFormat("/%s/checkpoint", HexEncode(Sha256(store.log().name())))) {
  }

  HttpAnswer Add(std::string_view body) {
    const auto answer = store_.Add(body, context_.clock.NowUnixMs() / 1000, audit_);
    if (!answer.ok()) return NotNow(answer.status());
    const int code = static_cast<int>(answer->verdict);
    if (answer->verdict == WitnessVerdict::kCosign) return {code, kPlainText, answer->signature};
    Tell(absl::StrFormat("not signed (%d): %s", code, answer->reason));
    if (answer->last_size.has_value()) {
      return {code, kSizeType, absl::StrFormat("%d\n", *answer->last_size)};
    }
    return {code, kPlainText, answer->reason + "\n"};
  }

  HttpAnswer Get(std::string_view path) {
    if (path != checkpoint_path_) return {404, kPlainText, "no such ledger\n"};
    const absl::StatusOr<std::string> note = store_.CosignedCheckpoint();
    if (absl::IsNotFound(note.status())) return {404, kPlainText, "nothing was signed yet\n"};
    if (!note.ok()) return NotNow(note.status());
    return {200, kPlainText, *note};
  }

 private:
  static constexpr char kSizeType[] = "text/x.tlog.size";

  // The reason is for whoever runs the witness; it may name this machine's folders.
  HttpAnswer NotNow(const absl::Status& status) {
    Tell(absl::StrFormat("could not answer: %s", status.message()));
    return {503, kPlainText, "the witness cannot answer now: ask again later\n"};
  }
  void Tell(const std::string& line) {
    const absl::MutexLock lock(&mutex_);
    context_.err << "pinhole: " << line << std::endl;
  }

  const CommandContext& context_;
  const WitnessStore& store_;
  const HeadAudit audit_;
  const std::string checkpoint_path_;
  absl::Mutex mutex_;  // of context_.err
};

}  // namespace

Ending RunWitnessServe(const CommandContext& context, const WitnessServeOptions& options) {
  ASSIGN_OR_RETURN(const Address address, ParseAddress(options.listen));
  ASSIGN_OR_RETURN(const WitnessStore store, WitnessStore::Open(options.folder));
  if (store.kind() == WitnessKind::kAuditing && !options.audit.wanted) {
    return absl::FailedPreconditionError(
        "the key of this witness promises an audit of every entry: name their source with --audit");
  }
  Desk desk(context, store, AuditOf(context, options.audit, store.log()));
  const HttpHandlers handlers{.post_path = "/add-checkpoint",
                              .post = [&desk](std::string_view body) { return desk.Add(body); },
                              .get = [&desk](std::string_view path) { return desk.Get(path); }};
  return ServeHttp(address.host, address.port, handlers, [&](int port) {
    Print(context, {{{"witness", store.verifier().ToVkey()},
                     {"address", absl::StrFormat("http://%s:%d", address.host, port)}},
                    ""});
    context.out.flush();
  });
}

}  // namespace pinhole::cli
