#include "client/cli/audit.h"

#include "absl/strings/str_format.h"
#include "server/core/log/entries.h"
#include "server/core/replay/test_build.h"

namespace pinhole::cli {
namespace {

void CheckHead(std::string_view checkpoint, const NoteVerifier& log, AuditReport& report) {
  absl::StatusOr<Checkpoint> head = OpenCheckpoint(checkpoint, log);
  if (!head.ok()) {
    report.problems.push_back(absl::StrFormat("the checkpoint is not signed by %s: %s",
                                              log.ToVkey(), head.status().message()));
    return;
  }
  report.signature = Verdict::kHolds;
  report.head = *std::move(head);
}

void CheckBuilds(AuditReport& report) {
  const Digest test_build = replay::TestBuild();
  for (const log::StartEntry& start : report.state.starts()) {
    if (start.build != test_build) continue;
    report.problems.push_back(
        "a START names the build of tests, whose gate shows what it is told: nothing that this "
        "ledger releases counts");
    return;
  }
}

void CheckRoot(const Digest& root, AuditReport& report) {
  if (!report.head.has_value()) return;
  if (report.head->size != static_cast<uint64_t>(report.entry_count)) {
    report.problems.push_back(absl::StrFormat("the checkpoint covers %d entries, there are %d",
                                              report.head->size, report.entry_count));
    return;
  }
  if (root != report.head->root) {
    report.problems.push_back("the entries have not the root that was signed");
    return;
  }
  report.root = Verdict::kHolds;
}

void CheckBudget(AuditReport& report) {
  const Lifetime lifetime = LifetimeOf(report.state);
  // Under every-score the account is counted, not capped.
  bool capped = true;
  for (const auto& [name, contest] : report.state.contests()) {
    capped &= contest.policy.policy.release.rule != contest::ReleaseRule::kEveryScore;
    if (contest.Used() > contest.policy.contest) {
      report.problems.push_back(
          absl::StrFormat("contest %s used more bits than it reserved", name));
    }
  }
  if (capped && lifetime.used > lifetime.budget) {
    report.problems.push_back("more bits were used than the data set's owner signed");
  }
}

}  // namespace

Auditor::Auditor(std::string_view checkpoint, const NoteVerifier& log) {
  CheckHead(checkpoint, log, report_);
}

void Auditor::Take(std::string_view entry) {
  const int64_t index = report_.entry_count++;
  const std::string_view type = log::EntryType(entry);
  ++report_.type_counts[type.empty() ? "?" : std::string(type)];
  if (entry.size() < 8 || log::EntryLength(entry) != entry.size()) {
    wrong_lengths_.push_back(absl::StrFormat(
        "entry %d has %d bytes, which is no length of its type", index, entry.size()));
  }
  if (!beyond_.has_value()) {
    const absl::Status applied = report_.state.Apply(entry);
    if (applied.ok()) return;
    stop_ = absl::StrFormat("the replay stops at entry %d: %s", index, applied.message());
    beyond_ = report_.state.tree();
  }
  // The root is of the bytes alone, so that it is judged even where the replay stops.
  beyond_->Append(LeafHash(entry));
}

AuditReport Auditor::Finish() && {
  CheckRoot(beyond_.has_value() ? beyond_->Root() : report_.state.Root(), report_);
  if (!wrong_lengths_.empty()) report_.lengths = Verdict::kBroken;
  std::move(wrong_lengths_.begin(), wrong_lengths_.end(), std::back_inserter(report_.problems));
  if (stop_.empty()) {
    report_.replay = Verdict::kHolds;
  } else {
    report_.problems.push_back(std::move(stop_));
  }
  CheckBuilds(report_);
  CheckBudget(report_);
  return std::move(report_);
}

void AuditQuorum(std::string_view checkpoint, const QuorumRule& rule, AuditReport& report) {
  report.quorum = CountCosignatures(checkpoint, rule);
  if (!report.quorum->problem.empty()) report.problems.push_back(report.quorum->problem);
}

const replay::Contest* ChooseContest(const replay::LedgerState& state, std::string_view name) {
  if (!name.empty()) return state.Find(name);
  if (const replay::Contest* open = state.Open(); open != nullptr) return open;
  const replay::Contest* latest = nullptr;
  for (const auto& [id, contest] : state.contests()) {
    if (latest == nullptr || contest.policy_index > latest->policy_index) latest = &contest;
  }
  return latest;
}

Lifetime LifetimeOf(const replay::LedgerState& state) {
  Lifetime lifetime{.used = state.account().spent,
                    .reserved = state.account().reserved,
                    .budget = state.account().budget};
  if (const replay::Contest* open = state.Open(); open != nullptr) {
    const counting::Bits used = open->charged + open->acts_used;
    lifetime.used += used;
    lifetime.reserved = lifetime.reserved - used;
  }
  return lifetime;
}

}  // namespace pinhole::cli
