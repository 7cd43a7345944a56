#include "client/cli/command_line.h"

#include <CLI/CLI.hpp>

#include "client/cli/commands.h"
#include "client/cli/json_views.h"
#include "server/core/base/text.h"

namespace pinhole::cli {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 ok, 1 refused or a negative result, 2 usage, 3 the server cannot be reached,\n"
    "4 verification failed. State is kept in $PINHOLE_HOME, or ~/.config/pinhole.";

// Holds the options that CLI11 writes into while it parses, and the command that was chosen.
class Commands {
 public:
  explicit Commands(CommandContext& context) : context_(context) {
    app_.footer(kFooter);
    app_.require_subcommand(1);
    AddKeys();
    AddJoin();
    AddReads();
    AddRehearsal();
    AddSubmit();
    AddAudit();
    AddWitness();
  }

  ExitCode Run(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      // --help arrives here too, with exit code 0.
      const int code = app_.exit(error, context_.out, context_.err);
      return code == 0 ? ExitCode::kOk : ExitCode::kUsage;
    }
    const Ending ending = chosen_(context_);
    if (ending.ok()) return *ending;
    return Tell(ending.status());
  }

 private:
  template <typename Options>
  using Function = Ending (*)(const CommandContext&, const Options&);

  template <typename Options>
  CLI::App* Add(const char* name, const char* description, Options& options,
                Function<Options> function, CLI::App* parent = nullptr) {
    CLI::App* const command =
        (parent == nullptr ? &app_ : parent)->add_subcommand(name, description);
    command->add_flag_callback(
        "--json", [this] { context_.format = OutputFormat::kJson; }, "print JSON for programs");
    command->final_callback([this, &options, function] {
      chosen_ = [&options, function](const CommandContext& context) {
        return function(context, options);
      };
    });
    return command;
  }

  void AddServer(CLI::App* command, std::string& server) {
    command->add_option("--server", server, "HOST:PORT, when not the default server");
  }
  // Where a whole ledger comes from.
  void AddSource(CLI::App* command, AuditOptions& source) {
    AddServer(command, source.server);
    command->add_option("--pin", source.pin, "SHA-256 of the certificate's public key, hex");
    command->add_option("--bundle", source.bundle, "this file, without a network");
    command->add_option("--tiles", source.tiles, "this folder of static files (C2SP tlog-tiles)")
        ->excludes("--bundle");
  }
  // After --tiles.
  CLI::Option* AddHashes(CLI::App* command, HeadOptions& head) {
    return command
        ->add_option("--hashes", head.hashes,
                     "a folder of hashes without entries (witness_folder in pinholed.toml)")
        ->excludes("--tiles");
  }
  void AddAuditFirst(CLI::App* command, AuditFirst& audit) {
    CLI::Option* const flag = command->add_flag_callback(
        "--audit", [&audit] { audit.wanted = true; },
        "sign only after every entry was replayed, from the source named");
    AddSource(command, audit.source);
    for (const char* const source : {"--server", "--pin", "--bundle", "--tiles"}) {
      command->get_option(source)->needs(flag);
    }
  }
  void AddWait(CLI::App* command, Wait& wait, const char* description) {
    command->add_flag_callback(
        "--wait", [&wait] { wait = Wait::kYes; }, description);
  }

  void AddKeys();
  void AddJoin();
  void AddReads();
  void AddRehearsal();
  void AddSubmit();
  void AddAudit();
  void AddWitness();
  ExitCode Tell(const absl::Status& status);

  CommandContext& context_;
  CLI::App app_{
      "Models go in, one small number comes out. For contestants, organizers and auditors.",
      "pinhole"};
  std::function<Ending(const CommandContext&)> chosen_;
  KeygenOptions keygen_;
  TrustOptions trust_;
  InviteOptions invite_;
  JoinOptions join_;
  ReadOptions read_;
  MockOptions mock_;
  RehearseOptions rehearse_;
  SubmitOptions submit_;
  ChooseOptions choose_;
  AuditOptions audit_;
  VerifyOptions verify_;
  WitnessInitOptions witness_init_;
  WitnessRequestOptions witness_request_;
  WitnessSignOptions witness_sign_;
  WitnessServeOptions witness_serve_;
  WitnessAskOptions witness_ask_;
};

void Commands::AddKeys() {
  Add("keygen", "Make a new Ed25519 key file (owners, organizers).", keygen_, RunKeygen)
      ->add_option("FILE", keygen_.path, "the new key file, mode 0600")
      ->required();

  CLI::App* const trust =
      Add("trust", "Pin a server's keys and make it the default server.", trust_, RunTrust);
  trust->add_option("SERVER", trust_.server, "HOST:PORT")->required();
  trust->add_option("--pin", trust_.pin, "SHA-256 of the certificate's public key, hex")
      ->required();
  trust->add_option("--log-key", trust_.log_key, "the ledger's verifier key (vkey)")->required();

  CLI::App* const invite =
      Add("invite", "Sign an invitation for a team; prints one line.", invite_, RunInvite);
  invite->add_option("CONTEST", invite_.contest, "the contest's name")->required();
  invite->add_option("TEAM", invite_.team, "the team's name")->required();
  invite->add_option("--key", invite_.key_path, "the organizer's key file")->required();
  AddServer(invite, invite_.server);
}

void Commands::AddJoin() {
  CLI::App* const join = Add("join", "Join a contest with an invitation.", join_, RunJoin);
  join->add_option("INVITATION", join_.invitation_path,
                   "a file with the invitation, or - to type it")
      ->required();
  AddWait(join, join_.wait, "wait until the team is in the ledger");
}

void Commands::AddReads() {
  const auto add = [this](const char* name, const char* description,
                          Function<ReadOptions> function) {
    CLI::App* const command = Add(name, description, read_, function);
    AddServer(command, read_.server);
    return command;
  };
  const auto add_contest = [this](CLI::App* command) {
    command->add_option("CONTEST", read_.contest, "its name, when not the open one");
  };
  add("contests", "List the contests in the ledger.", RunContests);
  add_contest(add("rules", "Show data, metric, limits, rounds, and what is shown when.", RunRules));
  add_contest(add("board", "Show the board.", RunBoard));
  add_contest(
      add("status", "Show your submissions, what is left, and the next exchange.", RunStatus));
  add("watch", "Print new ledger entries as they come.", RunWatch);
}

void Commands::AddRehearsal() {
  CLI::App* const mock =
      Add("mock", "Invent mock data from the declared shape, for rehearsal.", mock_, RunMock);
  mock->add_option("-o,--output", mock_.folder, "the new folder")->required();
  mock->add_option("--seed", mock_.seed, "another seed invents other data")->capture_default_str();
  mock->add_option("--rows", mock_.rows, "training rows, when not as many as declared");
  mock->add_option("--contest", mock_.contest, "when not the open one");
  AddServer(mock, mock_.server);

  CLI::App* const rehearse =
      Add("rehearse", "Run a program here on mock data: same box, limits and scorer.", rehearse_,
          RunRehearse);
  rehearse->add_option("PROGRAM", rehearse_.program, "a static Linux x86-64 executable")
      ->required();
  rehearse->add_option("--data", rehearse_.folder, "the folder \"pinhole mock\" made")->required();
  rehearse->add_option("--launcher", rehearse_.launcher,
                       "pinhole-box, when not beside this executable");
  rehearse
      ->add_option("--machine-lock", rehearse_.machine_lock,
                   "the machine_lock of a vault on this machine: while it serves, nothing is "
                   "rehearsed here")
      ->capture_default_str();
}

void Commands::AddSubmit() {
  CLI::App* const submit = Add("submit", "Submit a program.", submit_, RunSubmit);
  submit->add_option("PROGRAM", submit_.program, "a static Linux x86-64 executable")->required();
  submit->add_option("--show-below", submit_.show_below,
                     "show the score only if it is better than this one");
  submit->add_option("-m,--message", submit_.message, "your own note, kept by the server's front");
  submit->add_option("--contest", submit_.contest, "when not the open one");
  AddServer(submit, submit_.server);
  AddWait(submit, submit_.wait, "wait for the result and print it");

  CLI::App* const choose =
      Add("choose", "Choose the submission that the final board judges your team by.", choose_,
          RunChoose);
  CLI::Option_group* const which = choose->add_option_group("which", "one of these");
  which->require_option(1);
  which->add_option("TRY", choose_.try_number, "its number in \"pinhole status\"");
  which->add_flag_callback(
      "--best", [this] { choose_.try_number.reset(); },
      "the one with the best score shown, as without a choice");
  choose->add_option("--contest", choose_.contest, "when not the open one");
  AddServer(choose, choose_.server);
  AddWait(choose, choose_.wait, "wait until the choice is in the ledger");
}

void Commands::AddAudit() {
  CLI::App* const audit =
      Add("audit", "Replay a whole ledger and check every rule, charge and signature.", audit_,
          RunAudit);
  AddServer(audit, audit_.server);
  audit->add_option("--key", audit_.key, "the ledger's verifier key (vkey)");
  audit->add_option("--pin", audit_.pin, "SHA-256 of the certificate's public key, hex");
  audit->add_option("--bundle", audit_.bundle, "audit this file, without a network");
  audit->add_option("--tiles", audit_.tiles, "audit this folder of static files (C2SP tlog-tiles)")
      ->excludes("--bundle");
  audit->add_option("--save", audit_.save, "write the ledger to this bundle file");
  audit->add_option("--save-tiles", audit_.save_tiles,
                    "bring this folder of static files up to the ledger");
  audit
      ->add_option("--witness", audit_.witnesses,
                   "a witness whose cosignature counts (vkey); once for each")
      ->allow_extra_args(false);
  audit->add_option("--quorum", audit_.quorum,
                    "how many of them the head must carry, when not more than half");
  audit->add_option("--pipe", audit_.pipes,
                    "check a recording of what the vault sent to its front, one connection a file");
  audit->add_option("--contest", audit_.contest,
                    "the contest on the screen, when not the open one");
  audit
      ->add_option_function<std::string>(
          "--explain", [this](const std::string&) { audit_.explain = Explain::kBudget; },
          "budget: write out the sum behind the budget")
      ->check(CLI::IsMember({"budget"}));
  CLI::App* const entry =
      Add("entry", "Show one entry and its proof of inclusion.", audit_, RunAudit, audit);
  entry->fallthrough();
  entry
      ->add_option_function<int64_t>(
          "INDEX", [this](const int64_t& index) { audit_.entry = index; }, "index in the ledger")
      ->required();
  entry->add_option("--proof", audit_.proof, "write the entry and its proof to this file");

  CLI::App* const verify =
      Add("verify", "Check the proof that an entry is in a ledger.", verify_, RunVerify);
  verify->add_option("PROOF", verify_.proof, "a .tlog-proof file")->required();
  verify->add_option("--key", verify_.key,
                     "the ledger's verifier key (vkey), when not the pinned one");
  AddServer(verify, verify_.server);
}

void Commands::AddWitness() {
  CLI::App* const witness = app_.add_subcommand(
      "witness", "Remember a ledger's heads and sign only what follows (docs/WITNESSES.md).");
  witness->require_subcommand(1);

  CLI::App* const init = Add("init", "Make a witness's folder; prints its key.", witness_init_,
                             RunWitnessInit, witness);
  init->add_option("FOLDER", witness_init_.folder, "the new folder")->required();
  init->add_option("--name", witness_init_.name, "such as example.org/witness")->required();
  init->add_option("--log-key", witness_init_.log_key, "the ledger's verifier key (vkey)")
      ->required();
  init->add_option("--key", witness_init_.key_path, "a key file, when not a new key");
  init->add_flag_callback(
      "--auditing", [this] { witness_init_.kind = WitnessKind::kAuditing; },
      "its signature promises that every entry was replayed");

  CLI::App* const request = Add("request", "Write a request that any witness understands.",
                                witness_request_, RunWitnessRequest, witness);
  request->add_option("-o,--output", witness_request_.output, "the file to write")->required();
  request
      ->add_option("--old", witness_request_.old_size,
                   "entries that the witness signed last; a wrong one is answered by the right one")
      ->capture_default_str();
  request->add_option("--key", witness_request_.head.source.key,
                      "the ledger's verifier key (vkey)");
  AddSource(request, witness_request_.head.source);
  AddHashes(request, witness_request_.head)->excludes("--bundle");

  CLI::App* const sign =
      Add("sign", "Answer a request: the signature's line, or why not (exit code 4).",
          witness_sign_, RunWitnessSign, witness);
  sign->add_option("FOLDER", witness_sign_.folder, "the witness's folder")->required();
  sign->add_option("REQUEST", witness_sign_.request, "the request, a file")->required();
  sign->add_option("-o,--output", witness_sign_.output, "the file to write")->required();
  AddAuditFirst(sign, witness_sign_.audit);

  CLI::App* const serve =
      Add("serve", "Answer requests by HTTP (C2SP tlog-witness), behind a reverse proxy.",
          witness_serve_, RunWitnessServe, witness);
  serve->add_option("FOLDER", witness_serve_.folder, "the witness's folder")->required();
  serve->add_option("--listen", witness_serve_.listen, "HOST:PORT; port 0: any free one")
      ->required();
  AddAuditFirst(serve, witness_serve_.audit);

  CLI::App* const ask =
      Add("ask", "Ask witnesses, and add their cosignatures to a folder's checkpoint.",
          witness_ask_, RunWitnessAsk, witness);
  ask->add_option("WITNESS", witness_ask_.sources,
                  "each an http:// or https:// address, or a file with a witness's answer")
      ->required();
  ask->add_option("--tiles", witness_ask_.head.source.tiles, "the folder of static files");
  AddHashes(ask, witness_ask_.head);
  ask->add_flag_callback(
      "--follow", [this] { witness_ask_.follow = Follow::kYes; },
      "stay, and ask again whenever the folder has a new head, until SIGTERM or Ctrl-C");
  ask->add_option("--witness", witness_ask_.witnesses, "a witness's key (vkey); once for each")
      ->allow_extra_args(false)
      ->required();
  ask->add_option("--key", witness_ask_.head.source.key, "the ledger's verifier key (vkey)");
  AddServer(ask, witness_ask_.head.source.server);
}

ExitCode Commands::Tell(const absl::Status& status) {
  const ExitCode code = ExitCodeOf(status);
  const std::string text(status.message());
  if (context_.format == OutputFormat::kJson) {
    context_.err << ObjectJson(
        {{"error", text}, {"exit_code", std::to_string(static_cast<int>(code))}});
  } else {
    context_.err << "pinhole: " << text << "\n";
  }
  return code;
}

}  // namespace

ExitCode RunCommandLine(CommandContext context, int argc, const char* const* argv) {
  Commands commands(context);
  return commands.Run(argc, argv);
}

}  // namespace pinhole::cli
