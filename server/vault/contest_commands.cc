// `pinhole-vault contest plan | open | close`.
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/core/base/key_file.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/score/sheet.h"
#include "server/core/score/sheet_writer.h"
#include "server/system/clock.h"
#include "server/system/files.h"
#include "server/vault/commands.h"
#include "server/vault/folder.h"
#include "server/vault/import_facts.h"
#include "server/vault/ledger.h"
#include "server/vault/plan.h"
#include "server/vault/proposals.h"

namespace pinhole::vault {
namespace {

constexpr size_t kLargestLabels = size_t{1} << 34;

// What plan and open both need.
struct Planning {
  Config config;
  storage::Database database;
  std::string labels;
  Plan plan;
};

absl::StatusOr<Planning> Prepare(const Layout& layout, const std::string& contest_path,
                                 Overbooking overbooking, int64_t origin_ms) {
  ASSIGN_OR_RETURN(Config config, ReadConfig(layout));
  ASSIGN_OR_RETURN(storage::Database database, OpenDatabase(layout));
  ASSIGN_OR_RETURN(const std::string text, ReadFile(contest_path));
  ASSIGN_OR_RETURN(const contest::ContestFile file, contest::ParseContestFile(text, contest_path));
  ASSIGN_OR_RETURN(const Proposal proposal, Proposals(database).LatestDataset());
  ASSIGN_OR_RETURN(const log::Entry entry, log::ParseEntry(proposal.entry));
  ASSIGN_OR_RETURN(NoteSigner signer, ReadSigner(layout, config));
  ASSIGN_OR_RETURN(const Ledger ledger, Ledger::Open(database, std::move(signer)));
  ASSIGN_OR_RETURN(const std::string facts_text, ReadFile(layout.import_facts()));
  ASSIGN_OR_RETURN(const ImportFacts facts, ParseImportFacts(facts_text));
  ASSIGN_OR_RETURN(std::string labels, ReadFile(layout.labels(), kLargestLabels));
  ASSIGN_OR_RETURN(const Digest blinding_secret,
                   ledger.BlindingSecret(file.policy.contest, std::nullopt));
  ASSIGN_OR_RETURN(Plan plan, MakePlan({.file = file,
                                        .dataset = std::get<log::DatasetEntry>(entry),
                                        .state = ledger.state(),
                                        .facts = facts,
                                        .label_records = labels,
                                        .degraded = DegradedOf(config),
                                        .machine_locked = !config.machine_lock.empty(),
                                        .blinding_secret = blinding_secret,
                                        .overbooking = overbooking,
                                        .origin_ms = origin_ms}));
  const size_t lanes = config.lane_count();
  if (static_cast<size_t>(plan.policy.rounds.lanes) != lanes) {
    plan.failures.push_back(absl::StrFormat("rounds.lanes is %d and this vault has %d",
                                            plan.policy.rounds.lanes, lanes));
  }
  return Planning{.config = std::move(config),
                  .database = std::move(database),
                  .labels = std::move(labels),
                  .plan = std::move(plan)};
}

absl::Status RefuseFailures(const Plan& plan) {
  if (plan.failures.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the contest cannot be opened: see the lines \"refused\" above");
}

absl::StatusOr<SigningKey> ReadKey(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  ASSIGN_OR_RETURN(SigningKey key, ParseKeyFile(text));
  return key;
}

// The number is typed, not a "y": whoever opens a contest has read what may leave.
absl::Status Confirm(const Plan& plan, const std::optional<std::string>& confirmed) {
  const std::string expected = plan.reserve.ToString();
  std::string typed;
  if (confirmed.has_value()) {
    typed = *confirmed;
  } else {
    std::printf("Type the number of bits that this contest may let out: ");
    std::fflush(stdout);
    std::getline(std::cin, typed);
  }
  if (typed == expected) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "\"%s\" is not %s, the bits that the plan shows: nothing was opened", typed, expected));
}

absl::Status WriteSheet(const Layout& layout, const Config& config, const contest::Policy& policy,
                        const std::string& labels) {
  ASSIGN_OR_RETURN(const std::vector<score::SheetRow> rows, score::ReadRows(AsBytes(labels)));
  ASSIGN_OR_RETURN(const std::string sheet, score::EncodeSheet(policy.scoring, rows));
  const std::string path = layout.sheet(policy.contest);
  RETURN_IF_ERROR(WriteFileDurably(path, sheet, 0600));
  return config.user.has_value() ? GiveTree(path, *config.user, static_cast<gid_t>(*config.user))
                                 : absl::OkStatus();
}

// The serving vault is the ledger's one writer; this waits for its word.
absl::Status AwaitProposal(storage::Database& database, int64_t id, absl::Duration patience) {
  Proposals proposals(database);
  const absl::Time give_up = absl::Now() + patience;
  while (true) {
    ASSIGN_OR_RETURN(const Proposal proposal, proposals.Find(id));
    if (proposal.state == ProposalState::kAppended) return absl::OkStatus();
    if (proposal.state == ProposalState::kRefused)
      return absl::FailedPreconditionError(proposal.reason);
    if (absl::Now() > give_up) {
      RETURN_IF_ERROR(proposals.Withdraw(id));
      return absl::DeadlineExceededError(
          "the vault did not take it and it was withdrawn: start `pinhole-vault serve` first");
    }
    absl::SleepFor(absl::Milliseconds(100));
  }
}

std::string DoneText(const ActOptions& options) {
  switch (options.kind) {
    case log::ActKind::kDisqualify:
      return absl::StrFormat(
          "disqualified: nothing of %s is admitted, and it has no place on the board",
          options.team);
    case log::ActKind::kReinstate:
      return absl::StrFormat("reinstated: %s", options.team);
    case log::ActKind::kLowerTries:
      return absl::StrFormat("lowered: from the next round on a team has %d tries",
                             options.value.value_or(0));
    case log::ActKind::kLowerShownScores:
      return absl::StrFormat("lowered: from the next round on %d scores are shown",
                             options.value.value_or(0));
    case log::ActKind::kLowerShownFailures:
      return absl::StrFormat("lowered: from the next round on %d failures of a team are shown",
                             options.value.value_or(0));
    case log::ActKind::kCloseEarly:
    case log::ActKind::kStop:
      break;
  }
  return absl::StrFormat(
      "closing: nothing more is admitted; contest %s closes when the last waiting result is out",
      options.contest);
}

}  // namespace

absl::Status PlanContest(const Layout& layout, const std::string& contest_path,
                         Overbooking overbooking, OutputFormat format) {
  ASSIGN_OR_RETURN(const Planning planning, Prepare(layout, contest_path, overbooking, 0));
  const std::string text =
      format == OutputFormat::kJson ? PlanJson(planning.plan) : PlanText(planning.plan);
  std::fputs(text.c_str(), stdout);
  return RefuseFailures(planning.plan);
}

absl::Status OpenContest(const Layout& layout, const OpenOptions& options) {
  const SystemClock clock;
  const int64_t origin_ms = (clock.NowUnixMs() + options.start_in_ms + 999) / 1000 * 1000;
  ASSIGN_OR_RETURN(Planning planning,
                   Prepare(layout, options.contest_path, options.overbooking, origin_ms));
  std::fputs(PlanText(planning.plan).c_str(), stdout);
  RETURN_IF_ERROR(RefuseFailures(planning.plan));
  ASSIGN_OR_RETURN(const SigningKey organizer, ReadKey(options.organizer_key_path));
  ASSIGN_OR_RETURN(const SigningKey owner, ReadKey(options.owner_key_path));
  if (organizer.public_key() != planning.plan.policy.organizer) {
    return absl::InvalidArgumentError(
        "the organizer's key is not the one that the contest file names");
  }
  RETURN_IF_ERROR(Confirm(planning.plan, options.confirmed_bits));
  log::PolicyEntry entry = EntryOf(planning.plan);
  const std::string statement = log::PolicyStatement(entry);
  entry.organizer_signature = organizer.Sign(statement);
  entry.owner_signature = owner.Sign(statement);
  ASSIGN_OR_RETURN(const log::EncodedEntry encoded, log::Encode(entry));
  RETURN_IF_ERROR(WriteSheet(layout, planning.config, planning.plan.policy, planning.labels));
  ASSIGN_OR_RETURN(const int64_t id,
                   Proposals(planning.database)
                       .Add(ProposalKind::kPolicy, entry.policy.contest, encoded.bytes()));
  RETURN_IF_ERROR(AwaitProposal(planning.database, id, absl::Seconds(15)));
  std::printf("open: round 1 begins %s\n",
              absl::FormatTime("%H:%M:%S UTC", absl::FromUnixMillis(origin_ms), absl::UTCTimeZone())
                  .c_str());
  return absl::OkStatus();
}

absl::Status ActOnContest(const Layout& layout, const ActOptions& options) {
  ASSIGN_OR_RETURN(const SigningKey organizer, ReadKey(options.organizer_key_path));
  ASSIGN_OR_RETURN(storage::Database database, OpenDatabase(layout));
  ASSIGN_OR_RETURN(const Config config, ReadConfig(layout));
  ASSIGN_OR_RETURN(NoteSigner signer, ReadSigner(layout, config));
  ASSIGN_OR_RETURN(const Ledger ledger, Ledger::Open(database, std::move(signer)));
  const replay::Contest* open = ledger.state().Open();
  if (open == nullptr || open->policy.policy.contest != options.contest) {
    return absl::NotFoundError(absl::StrFormat("contest \"%s\" is not open", options.contest));
  }
  if (organizer.public_key() != open->policy.policy.organizer) {
    return absl::PermissionDeniedError("the key is not this contest's organizer's");
  }
  log::ActEntry act{.contest = options.contest, .kind = options.kind, .value = options.value};
  if (!options.team.empty()) {
    const replay::Team* team = open->FindTeam(options.team);
    if (team == nullptr) {
      return absl::NotFoundError(
          absl::StrFormat("contest \"%s\" has no team \"%s\"", options.contest, options.team));
    }
    act.team = team->entry.number;
  }
  act.signature = organizer.Sign(log::ActStatement(act, open->acts));
  ASSIGN_OR_RETURN(const log::EncodedEntry entry, log::Encode(act));
  ASSIGN_OR_RETURN(const int64_t id,
                   Proposals(database).Add(ProposalKind::kAct, options.contest, entry.bytes()));
  RETURN_IF_ERROR(AwaitProposal(
      database, id,
      absl::Milliseconds(2 * open->policy.policy.rounds.length_ms) + absl::Seconds(10)));
  std::printf("%s\n", DoneText(options).c_str());
  return absl::OkStatus();
}

}  // namespace pinhole::vault
