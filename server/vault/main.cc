// pinhole-vault: the program that has the data and no network.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include "server/vault/commands.h"
#include "server/vault/config.h"
#include "server/vault/folder.h"
#include "server/vault/serve.h"

namespace {

using pinhole::vault::Layout;

int Report(const absl::Status& status) {
  if (status.ok()) return 0;
  std::fprintf(stderr, "pinhole-vault: %s\n", std::string(status.message()).c_str());
  return 1;
}

struct InitOptions {
  pinhole::vault::Config config;
  uint32_t user = 0;
  uint32_t front_group = 0;
  uint32_t lanes_group = 0;
};

absl::Status Init(const Layout& layout, InitOptions& options) {
  pinhole::vault::Config& config = options.config;
  if (options.user != 0) config.user = options.user;
  if (options.front_group != 0) config.front_group = options.front_group;
  if (options.lanes_group != 0) config.lanes_group = options.lanes_group;
  // What is written must be readable: a contradiction is refused before anything is made.
  const auto checked =
      pinhole::vault::ParseConfig(pinhole::vault::FormatConfig(config), "the options of init");
  if (!checked.ok()) return checked.status();
  const auto vkey = pinhole::vault::InitFolder(layout, *checked);
  if (!vkey.ok()) return vkey.status();
  std::printf("made %s\nledger key: %s\n", layout.directory.c_str(), vkey->c_str());
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "The vault of a Pinhole server: the private data set, the boxes, the budget and the ledger. "
      "It has no network.");
  app.require_subcommand(1);
  Layout layout;
  const auto with_folder = [&layout](CLI::App* command) {
    command->add_option("DIR", layout.directory, "the vault's folder")->required();
    return command;
  };

  InitOptions init;
  CLI::App* init_command =
      with_folder(app.add_subcommand("init", "make a new vault: folder, keys, configuration"));
  init_command
      ->add_option("--name", init.config.name, "the ledger's name, such as vault.example/contest")
      ->required();
  init_command->add_option("--socket", init.config.socket, "where the front connects")->required();
  init_command->add_option("--user", init.user,
                           "numeric user that the vault becomes when root starts it");
  init_command->add_option("--front-group", init.front_group,
                           "numeric group that may connect to the socket");
  init_command->add_option("--lanes-group", init.lanes_group,
                           "numeric group that may read the view");
  init_command->add_option("--lane-users", init.config.lane_users, "one numeric user a lane")
      ->delimiter(',');
  init_command->add_option("--lanes", init.config.lanes, "runs at a time, without --lane-users");
  init_command->add_option("--lane-sockets", init.config.lane_sockets,
                           "where the lanes' units listen, such as /run/pinhole-lanes/%d; with "
                           "--lanes and --lanes-group");
  std::map<std::string, pinhole::vault::Config::ControlGroup> groups{
      {"machine", pinhole::vault::Config::ControlGroup::kMachine},
      {"delegated", pinhole::vault::Config::ControlGroup::kDelegated}};
  init_command
      ->add_option("--cgroup", init.config.control_group,
                   "where memory limits are made: machine, or delegated (a unit with Delegate=yes)")
      ->transform(CLI::CheckedTransformer(groups));
  init_command->add_option("--keep-free-mib", init.config.keep_free_mib,
                           "free space on the vault's disk below which nothing is admitted");
  init_command->add_option("--machine-lock", init.config.machine_lock,
                           "held while the vault serves, so that no other vault and no rehearsal "
                           "runs on this machine: /run/pinhole/machine.lock under the units");
  init_command
      ->add_option("--degraded", init.config.degraded,
                   "what the machine cannot give: lane-users, network, cgroups")
      ->delimiter(',');

  CLI::App* data = app.add_subcommand("data", "the private data set");
  data->require_subcommand(1);
  std::string spec_path;
  std::string owner_key;
  CLI::App* import_command = with_folder(
      data->add_subcommand("import", "import CSV files and SQLite tables as a TOML file says"));
  import_command->add_option("SPEC", spec_path, "the description")->required();
  import_command->add_option("--owner-key", owner_key, "the data owner's key file")->required();

  CLI::App* contest = app.add_subcommand("contest", "contests on the data set");
  contest->require_subcommand(1);
  pinhole::vault::OpenOptions open;
  bool json = false;
  CLI::App* plan_command = with_folder(
      contest->add_subcommand("plan", "print what a contest may let out; changes nothing"));
  plan_command->add_option("FILE", open.contest_path, "the contest file")->required();
  plan_command->add_flag("--json", json, "one JSON object");
  const auto with_oversubscribe = [&open](CLI::App* command) {
    command->add_flag_callback(
        "--oversubscribe", [&open] { open.overbooking = pinhole::vault::Overbooking::kAllowed; },
        "promise more than three times the tries that can run");
  };
  with_oversubscribe(plan_command);
  CLI::App* open_command =
      with_folder(contest->add_subcommand("open", "open a contest: reserve its whole worst case"));
  open_command->add_option("FILE", open.contest_path, "the contest file")->required();
  open_command->add_option("--organizer-key", open.organizer_key_path, "the organizer's key file")
      ->required();
  open_command->add_option("--owner-key", open.owner_key_path, "the data owner's key file")
      ->required();
  with_oversubscribe(open_command);
  int64_t start_in_seconds = 10;
  open_command->add_option("--start-in", start_in_seconds, "seconds until round 1")
      ->check(CLI::Range(2, 86400 * 30));
  open_command->add_option("--bits", open.confirmed_bits,
                           "the number of bits, instead of typing it");
  pinhole::vault::ActOptions act;
  bool acts = false;
  const auto add_act = [&](const char* name, pinhole::log::ActKind kind, const char* does) {
    CLI::App* command = with_folder(contest->add_subcommand(name, does));
    command->add_option("CONTEST", act.contest, "its name")->required();
    if (kind != pinhole::log::ActKind::kCloseEarly)
      command->add_option("TEAM", act.team, "its name")->required();
    command->add_option("--organizer-key", act.organizer_key_path, "the organizer's key file")
        ->required();
    command->final_callback([&act, &acts, kind] {
      act.kind = kind;
      acts = true;
    });
  };
  add_act("close", pinhole::log::ActKind::kCloseEarly, "close a contest early");
  add_act("disqualify", pinhole::log::ActKind::kDisqualify,
          "admit nothing more of a team and take it off the board");
  add_act("reinstate", pinhole::log::ActKind::kReinstate, "take a disqualification back");

  CLI::App* tighten_command = with_folder(
      contest->add_subcommand("tighten", "lower a limit for all teams, from the next round on"));
  tighten_command->add_option("CONTEST", act.contest, "its name")->required();
  tighten_command->add_option("--organizer-key", act.organizer_key_path, "the organizer's key file")
      ->required();
  CLI::Option_group* const limit = tighten_command->add_option_group("limit", "one of these");
  limit->require_option(1);
  const auto add_limit = [&](const char* name, pinhole::log::ActKind kind, const char* what) {
    limit->add_option_function<int>(
        name,
        [&act, &acts, kind](const int& value) {
          act.kind = kind;
          act.value = value;
          acts = true;
        },
        what);
  };
  add_limit("--tries", pinhole::log::ActKind::kLowerTries, "tries of a team");
  add_limit("--shown-scores", pinhole::log::ActKind::kLowerShownScores,
            "scores that are shown of a team, under records of all");
  add_limit("--shown-failures", pinhole::log::ActKind::kLowerShownFailures,
            "failures that are shown of a team");

  std::string backup_file;
  CLI::App* backup_command = with_folder(app.add_subcommand(
      "backup", "copy the ledger and the waiting programs to one file; the vault may serve"));
  backup_command->add_option("FILE", backup_file, "a file that is not there yet")->required();
  CLI::App* restore_command = with_folder(
      app.add_subcommand("restore", "put a backup's ledger into a folder that nobody serves"));
  restore_command->add_option("FILE", backup_file, "what backup wrote")->required();

  CLI::App* evidence =
      app.add_subcommand("evidence", "what runs left, sealed; each look at it is recorded in it");
  evidence->require_subcommand(1);
  int64_t admit = 0;
  std::optional<int64_t> evidence_size;
  const auto with_evidence = [&](const char* name, const char* what) {
    CLI::App* command = with_folder(evidence->add_subcommand(name, what));
    command->add_flag("--json", json, "JSON");
    return command;
  };
  const auto with_entry = [&](CLI::App* command) {
    command->add_option("ENTRY", admit, "the index of the submission's ADMIT in the ledger")
        ->required();
    return command;
  };
  CLI::App* list_command = with_evidence("list", "print runs and accesses, one a line");
  CLI::App* show_command = with_entry(with_evidence("show", "print one run"));
  CLI::App* verify_command =
      with_evidence("verify", "check the chain and print its root, for the auditor in person");
  verify_command->add_option("--size", evidence_size,
                             "the root after so many records, to compare with an earlier one");
  CLI::App* replay_command = with_entry(with_evidence(
      "replay", "score a run's stored predictions again; fails if the level differs"));

  CLI::App* doctor_command =
      app.add_subcommand("doctor", "print what this machine offers for boxes");
  CLI::App* serve_command = with_folder(app.add_subcommand("serve", "run rounds until SIGTERM"));
  CLI11_PARSE(app, argc, argv);
  // Lanes and units need paths that hold from any folder.
  for (std::string* path : {&layout.directory, &init.config.socket}) {
    if (!path->empty()) *path = std::filesystem::absolute(*path).lexically_normal().string();
  }

  if (init_command->parsed()) return Report(Init(layout, init));
  if (import_command->parsed())
    return Report(pinhole::vault::ImportData(layout, spec_path, owner_key));
  if (plan_command->parsed()) {
    return Report(pinhole::vault::PlanContest(
        layout, open.contest_path, open.overbooking,
        json ? pinhole::vault::OutputFormat::kJson : pinhole::vault::OutputFormat::kText));
  }
  if (open_command->parsed()) {
    open.start_in_ms = start_in_seconds * 1000;
    return Report(pinhole::vault::OpenContest(layout, open));
  }
  if (acts) return Report(pinhole::vault::ActOnContest(layout, act));
  if (backup_command->parsed()) return Report(pinhole::vault::Backup(layout, backup_file));
  if (restore_command->parsed()) return Report(pinhole::vault::Restore(layout, backup_file));
  const auto format =
      json ? pinhole::vault::OutputFormat::kJson : pinhole::vault::OutputFormat::kText;
  if (list_command->parsed()) return Report(pinhole::vault::ListEvidence(layout, format));
  if (show_command->parsed()) return Report(pinhole::vault::ShowEvidence(layout, admit, format));
  if (verify_command->parsed())
    return Report(pinhole::vault::VerifyEvidence(layout, evidence_size, format));
  if (replay_command->parsed())
    return Report(pinhole::vault::ReplayEvidence(layout, admit, format));
  if (doctor_command->parsed()) return Report(pinhole::vault::Doctor());
  if (serve_command->parsed()) {
    const auto config = pinhole::vault::ReadConfig(layout);
    return Report(config.ok() ? pinhole::vault::Serve(layout, *config) : config.status());
  }
  return 2;
}
