// The commands as functions: what each is told, and the code it ends with. Errors are statuses; see
// exit_code.h for what each becomes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/context.h"
#include "client/cli/exit_code.h"
#include "client/cli/witness_store.h"
#include "server/system/machine_lock.h"

namespace pinhole::cli {

using Ending = absl::StatusOr<ExitCode>;

struct KeygenOptions {
  std::string path;
};
Ending RunKeygen(const CommandContext& context, const KeygenOptions& options);

struct TrustOptions {
  std::string server;
  std::string pin;      // SHA-256 of the SubjectPublicKeyInfo, hex
  std::string log_key;  // vkey
};
Ending RunTrust(const CommandContext& context, const TrustOptions& options);

struct InviteOptions {
  std::string server;  // empty: the default
  std::string contest;
  std::string team;
  std::string key_path;
};
Ending RunInvite(const CommandContext& context, const InviteOptions& options);

enum class Wait { kNo, kYes };

struct JoinOptions {
  std::string invitation_path;  // "-": standard input
  Wait wait = Wait::kNo;
};
Ending RunJoin(const CommandContext& context, const JoinOptions& options);

struct ReadOptions {
  std::string server;   // empty: the default
  std::string contest;  // empty: the open one
};
Ending RunContests(const CommandContext& context, const ReadOptions& options);
Ending RunRules(const CommandContext& context, const ReadOptions& options);
Ending RunBoard(const CommandContext& context, const ReadOptions& options);
Ending RunStatus(const CommandContext& context, const ReadOptions& options);
Ending RunWatch(const CommandContext& context, const ReadOptions& options);

struct MockOptions {
  std::string server;
  std::string contest;
  std::string folder;
  uint64_t seed = 1;
  std::optional<int64_t> rows;  // training rows; none: as many as the data set declares
};
Ending RunMock(const CommandContext& context, const MockOptions& options);

struct RehearseOptions {
  std::string program;
  std::string folder;
  std::string launcher;                     // empty: pinhole-box beside this executable
  std::string machine_lock = kMachineLock;  // where a vault of this machine says that it serves
};
Ending RunRehearse(const CommandContext& context, const RehearseOptions& options);

struct SubmitOptions {
  std::string server;
  std::string contest;
  std::string program;
  std::string show_below;  // a score; empty: none
  std::string message;
  Wait wait = Wait::kNo;
};
Ending RunSubmit(const CommandContext& context, const SubmitOptions& options);

struct ChooseOptions {
  std::string server;
  std::string contest;
  std::optional<int> try_number;  // none: the best shown
  Wait wait = Wait::kNo;
};
Ending RunChoose(const CommandContext& context, const ChooseOptions& options);

enum class Explain { kNothing, kBudget };

struct AuditOptions {
  std::string server;      // HOST:PORT; empty: the default, unless a bundle is named
  std::string key;         // vkey; empty: the pinned one
  std::string pin;         // hex; empty: the pinned one
  std::string bundle;      // path; empty: ask the server
  std::string tiles;       // a folder of static files; empty: ask the server
  std::string save;        // path to write a bundle to
  std::string save_tiles;  // a folder to grow by the ledger, as static files
  std::string contest;     // the screen's; empty: the open one
  Explain explain = Explain::kNothing;
  std::optional<int64_t> entry;        // show this entry instead of the screen
  std::string proof;                   // path to write the entry's proof to
  std::vector<std::string> pipes;      // paths of recordings of the pipe, checked besides
  std::vector<std::string> witnesses;  // vkeys; empty: cosignatures are not asked for
  std::optional<int64_t> quorum;       // how many of them; none: more than half
};
Ending RunAudit(const CommandContext& context, const AuditOptions& options);

struct VerifyOptions {
  std::string proof;  // path of a .tlog-proof
  std::string key;    // vkey; empty: the pinned one of `server`
  std::string server;
};
Ending RunVerify(const CommandContext& context, const VerifyOptions& options);

struct WitnessInitOptions {
  std::string folder;
  std::string name;
  std::string log_key;   // vkey
  std::string key_path;  // empty: a new key
  WitnessKind kind = WitnessKind::kConsistency;
};
Ending RunWitnessInit(const CommandContext& context, const WitnessInitOptions& options);

// Whose head witnesses are asked about: a folder of hashes without entries, or, when none is named,
// a whole ledger.
struct HeadOptions {
  AuditOptions source;
  std::string hashes;
};

struct WitnessRequestOptions {
  HeadOptions head;
  uint64_t old_size = 0;  // entries that the witness signed last
  std::string output;
};
Ending RunWitnessRequest(const CommandContext& context, const WitnessRequestOptions& options);

// Whether every entry is audited before a head is signed, and where the entries come from. They are
// judged by the ledger's key that the witness keeps.
struct AuditFirst {
  bool wanted = false;
  AuditOptions source;
};

struct WitnessSignOptions {
  std::string folder;
  std::string request;
  std::string output;
  AuditFirst audit;
};
Ending RunWitnessSign(const CommandContext& context, const WitnessSignOptions& options);

struct WitnessServeOptions {
  std::string folder;
  std::string listen;  // HOST:PORT; port 0: any free one, which is printed
  AuditFirst audit;
};
// Serves until the process ends.
Ending RunWitnessServe(const CommandContext& context, const WitnessServeOptions& options);

enum class Follow { kNo, kYes };

struct WitnessAskOptions {
  std::vector<std::string> sources;    // http:// and https:// prefixes, and files with answers
  std::vector<std::string> witnesses;  // vkeys
  HeadOptions head;                    // of a folder, of whichever kind
  Follow follow = Follow::kNo;
};
Ending RunWitnessAsk(const CommandContext& context, const WitnessAskOptions& options);

}  // namespace pinhole::cli
