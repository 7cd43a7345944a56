#include "tests/simulation/properties.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "server/core/gate/gate.h"
#include "server/core/log/checkpoint.h"
#include "server/core/log/entries.h"
#include "server/core/log/merkle.h"
#include "server/core/log/quorum.h"
#include "server/core/replay/ledger_state.h"
#include "server/core/replay/requests_check.h"
#include "server/core/score/decode_answer.h"

namespace pinhole::simulation {
namespace {

using replay::LedgerState;

std::optional<score::Level> LevelOf(const vault::Answer& answer, int level_count) {
  const auto levels = score::DecodeAnswer(answer, level_count);
  if (!levels.ok() || !levels->has_value()) return std::nullopt;
  return (*levels)->public_level;
}

// Counts again, apart from the fold, what one exchange after the other did.
class Recount {
 public:
  explicit Recount(const Front& front) : front_(front) {}

  // "" or what is wrong with the next entry.
  std::string Take(int64_t index, const log::Entry& entry) {
    if (const auto* admit = std::get_if<log::AdmitEntry>(&entry)) return TakeAdmit(index, *admit);
    if (const auto* result = std::get_if<log::ResultEntry>(&entry)) return TakeResult(*result);
    if (std::holds_alternative<log::RoundEntry>(entry)) last_released_ = -1;
    return "";
  }
  // Whether this program of this team was admitted.
  bool Knows(const pipe::SubmitRequest& request) const {
    return programs_.contains({request.team_key, request.program});
  }
  // Admitted and not released.
  const std::map<int64_t, int64_t>& waiting() const { return waiting_; }

 private:
  std::string TakeAdmit(int64_t index, const log::AdmitEntry& admit) {
    const auto signed_one = front_.submissions().find(admit.request);
    if (signed_one == front_.submissions().end()) return "nobody signed this submission";
    const pipe::SubmitRequest& request = signed_one->second.request;
    if (!programs_.emplace(request.team_key, request.program).second)
      return "a program was admitted twice";
    if (!requests_.emplace(request.team_key, request.request_id).second)
      return "a request id was admitted twice";
    waiting_[index] = admit.result_round;
    return "";
  }
  std::string TakeResult(const log::ResultEntry& result) {
    const auto found = waiting_.find(result.admit);
    if (found == waiting_.end()) return "a result without an admission, or a second one";
    if (found->second != result.round) return "a result in another round than its own";
    if (result.admit < last_released_) return "results are not in the order of admission";
    last_released_ = result.admit;
    waiting_.erase(found);
    return "";
  }

  const Front& front_;
  std::set<std::pair<PublicKey, Digest>> programs_;
  std::set<std::pair<PublicKey, log::RequestId>> requests_;
  std::map<int64_t, int64_t> waiting_;
  int64_t last_released_ = -1;
};

// Whether the gate, asked anew, makes this RESULT of how the run went.
std::string CheckSymbol(const LedgerState& before, const log::ResultEntry& result,
                        std::string_view bytes, const Outcome& outcome) {
  const replay::Contest* contest = before.Find(result.contest);
  const auto admission = contest->admissions.find(result.admit);
  if (admission == contest->admissions.end()) return "a result without an admission";
  const auto committed = outcome.committed.find(result.admit);
  if (committed == outcome.committed.end()) return "a result of a run that never ended";
  const auto level =
      LevelOf(committed->second.fate.answer, contest->policy.policy.scoring.scale.level_count());
  const log::Blinder blinder =
      BlinderOf(contest->policy.policy, contest->NextRound(), contest->chain);
  const auto expected =
      gate::Release(*contest, admission->second, level, blinder.Of(before.size()));
  if (!expected.ok() || expected->bytes() != bytes) return "a symbol that its run does not give";
  return "";
}

std::string CheckBudget(const LedgerState& state) {
  const replay::Account& account = state.account();
  if (account.budget < account.spent + account.reserved) return "the data set is over its budget";
  for (const auto& [name, contest] : state.contests()) {
    if (contest.policy.contest < contest.Used()) return "the contest is over its budget";
    for (const replay::Team& team : contest.teams) {
      if (contest.policy.team < team.charged) return "a team is over its budget";
    }
  }
  return "";
}

std::string CheckHeads(const std::vector<std::string>& heads,
                       const std::vector<Digest>& root_of_size) {
  for (const std::string& note : heads) {
    const auto head = OpenCheckpoint(note, LedgerSigner().verifier());
    if (!head.ok()) return "a head that the ledger's key did not sign";
    if (head->size >= root_of_size.size()) return "the ledger is shorter than a head of it";
    if (head->root != root_of_size[head->size]) return "a head of another ledger";
  }
  return "";
}

// A head that was handed over has the quorum that its ledger asks for.
std::string CheckQuorums(const std::vector<std::string>& heads, int64_t policy_index,
                         const contest::Witnesses& witnesses) {
  for (const std::string& note : heads) {
    const auto head = OpenCheckpoint(note, LedgerSigner().verifier());
    if (!head.ok() || policy_index < 0 || static_cast<int64_t>(head->size) <= policy_index)
      continue;
    if (const absl::Status quorum = log::CheckQuorum(note, witnesses); !quorum.ok())
      return "a head was handed over and " + quorum.ToString();
  }
  return "";
}

std::string CheckHashes(const Front& front, const std::vector<std::string>& entries) {
  for (const auto& [index, hash] : front.hashes()) {
    if (index >= static_cast<int64_t>(entries.size()))
      return absl::StrFormat("the hash of entry %d was shown and the entry is lost", index);
    if (LeafHash(entries[static_cast<size_t>(index)]) != hash)
      return absl::StrFormat("entry %d is another than its hash said", index);
  }
  return "";
}

std::string CheckHandedOver(const Front& front, const std::vector<std::string>& entries) {
  if (!front.contradiction().empty()) return front.contradiction();
  for (const auto& [index, bytes] : front.entries()) {
    if (index >= static_cast<int64_t>(entries.size()))
      return absl::StrFormat("entry %d was handed over and is lost", index);
    if (entries[static_cast<size_t>(index)] != bytes)
      return absl::StrFormat("entry %d was handed over and is another", index);
  }
  return "";
}

// What of a batch was not admitted could not be: as the ledger stood when the batch came, or as it
// stands before the ROUND.
std::string CheckBatch(const Delivered& batch, const LedgerState& came, const LedgerState& now,
                       const Recount& recount) {
  std::map<PublicKey, int> stored;
  std::set<PublicKey> joining;
  std::set<PublicKey> choosing;
  for (const auto& [request, as_signed] : batch.requests) {
    if (const auto* join = std::get_if<pipe::JoinRequest>(&request)) {
      if (replay::PlanJoin(now, *join).ok()) return "a team that could join did not";
      joining.insert(join->team_key);
      continue;
    }
    if (const auto* choice = std::get_if<pipe::ChooseRequest>(&request)) {
      // One of a team in a batch, and only what could be chosen when it came.
      if (!choosing.contains(choice->team_key) && replay::PlanChoice(came, *choice).ok()) {
        choosing.insert(choice->team_key);
        if (replay::PlanChoice(now, *choice).ok()) return "a choice that could be taken was not";
      }
      continue;
    }
    const auto& submit = std::get<pipe::SubmitRequest>(request);
    const replay::Contest* contest = came.Find(submit.contest);
    if (contest == nullptr || submit.policy != contest->policy_digest) continue;
    const bool could = contest->FindTeam(submit.team_key) == nullptr
                           ? joining.contains(submit.team_key)
                           : replay::PlanAdmit(came, submit, Digest{}).ok();
    if (!could) continue;
    // No more of a team is stored in one batch (server/vault/intake.h).
    if (++stored[submit.team_key] > contest->policy.policy.release.waiting) continue;
    if (!as_signed || recount.Knows(submit)) continue;
    if (replay::PlanAdmit(now, submit, Digest{}).ok())
      return "a submission that could be admitted was not";
  }
  return "";
}

// Whether a batch may come before the next entry: it is not of an exchange that is under way.
bool EndsBeforeABatch(const log::Entry& entry) {
  return std::holds_alternative<log::StartEntry>(entry) ||
         std::holds_alternative<log::PolicyEntry>(entry) ||
         std::holds_alternative<log::ShiftEntry>(entry) ||
         std::holds_alternative<log::RoundEntry>(entry);
}

void Count(const log::Entry& entry, Counts& counts) {
  if (std::holds_alternative<log::AdmitEntry>(entry)) ++counts.admitted;
  if (std::holds_alternative<log::ShiftEntry>(entry)) ++counts.shifts;
  if (std::holds_alternative<log::ChoiceEntry>(entry)) ++counts.choices;
  if (const auto* act = std::get_if<log::ActEntry>(&entry))
    counts.acts += act->kind == log::ActKind::kStop ? 0 : 1;
  if (const auto* start = std::get_if<log::StartEntry>(&entry))
    counts.starts += start->charge > counting::Bits{} ? 1 : 0;
  if (std::holds_alternative<log::CloseEntry>(entry)) ++counts.closed;
  if (const auto* result = std::get_if<log::ResultEntry>(&entry)) {
    ++counts.results;
    if (result->symbol.kind == counting::SymbolKind::kLevel) ++counts.levels;
  }
}

}  // namespace

std::string Check(const PublicWorld& world, const Front& front, std::string_view head,
                  Outcome& outcome) {
  LedgerState state;
  Recount recount(front);
  LedgerState came;  // when the coming batch comes
  std::vector<Digest> root_of_size = {state.Root()};
  for (const std::string& bytes : outcome.entries) {
    const int64_t index = state.size();
    const auto wrong = [&](const std::string& what) {
      return absl::StrFormat("entry %d: %s", index, what);
    };
    const auto entry = log::ParseEntry(bytes);
    if (!entry.ok()) return wrong(entry.status().ToString());
    if (const auto* result = std::get_if<log::ResultEntry>(&*entry)) {
      const std::string problem = CheckSymbol(state, *result, bytes, outcome);
      if (!problem.empty()) return wrong(problem);
    }
    if (const auto* round = std::get_if<log::RoundEntry>(&*entry)) {
      for (const Delivered& batch : front.delivered()) {
        // On a disk that fails, a submission may be refused for want of room.
        if (batch.round != round->round || outcome.disk_failed) continue;
        const std::string problem = CheckBatch(batch, came, state, recount);
        if (!problem.empty()) return wrong(problem);
        ++outcome.counts.batches;
      }
    }
    if (const absl::Status applied = state.Apply(bytes); !applied.ok())
      return wrong(applied.ToString());
    if (const std::string problem = recount.Take(index, *entry); !problem.empty())
      return wrong(problem);
    if (const std::string problem = CheckBudget(state); !problem.empty()) return wrong(problem);
    root_of_size.push_back(state.Root());
    if (state.Open() != nullptr && state.Open()->must_stop) ++outcome.counts.unpaid;
    if (const auto* place = std::get_if<log::FinalEntry>(&*entry)) {
      const auto& teams = state.Find(place->contest)->teams;
      const replay::Team& team = teams[static_cast<size_t>(place->team - 1)];
      outcome.counts.judged += place->admit == team.best_admit ? 0 : 1;
    }
    if (EndsBeforeABatch(*entry)) came = state;
    Count(*entry, outcome.counts);
  }
  const replay::Contest* contest = state.Find(world.policy.contest);
  if (contest != nullptr && contest->stopped) ++outcome.counts.stopped;
  if (contest != nullptr && contest->phase == replay::Phase::kClosed &&
      !recount.waiting().empty() && !contest->stopped) {
    return "a contest closed and an admission has no result";
  }
  if (const std::string problem = CheckHandedOver(front, outcome.entries); !problem.empty())
    return problem;
  if (const std::string problem = CheckHashes(front, outcome.entries); !problem.empty())
    return problem;
  const std::string quorums = CheckQuorums(
      front.heads(), contest == nullptr ? -1 : contest->policy_index, world.policy.witnesses);
  if (!quorums.empty()) return quorums;
  outcome.counts.waits = front.waits();
  outcome.counts.quorums = front.quorums();
  std::vector<std::string> heads = front.heads();
  heads.insert(heads.end(), front.waiting_heads().begin(), front.waiting_heads().end());
  if (!outcome.entries.empty()) heads.emplace_back(head);
  return CheckHeads(heads, root_of_size);
}

std::string Difference(const Seen& a, const Seen& b) {
  const size_t common = std::min(a.events.size(), b.events.size());
  for (size_t i = 0; i < common; ++i) {
    if (a.events[i].unix_ms != b.events[i].unix_ms)
      return absl::StrFormat("event %d is seen at %d in one and at %d in the other", i,
                             a.events[i].unix_ms, b.events[i].unix_ms);
    if (a.events[i].what != b.events[i].what)
      return absl::StrFormat("event %d at %d has other bytes", i, a.events[i].unix_ms);
  }
  if (a.events.size() != b.events.size())
    return absl::StrFormat("%d events in one and %d in the other", a.events.size(),
                           b.events.size());
  return a.ledger == b.ledger ? "" : "the ledgers differ";
}

std::map<int64_t, std::vector<std::optional<int>>> SameSymbol(
    const std::vector<std::string>& entries) {
  std::map<int64_t, std::vector<std::optional<int>>> same;
  LedgerState state;
  for (const std::string& bytes : entries) {
    const auto entry = log::ParseEntry(bytes);
    if (!entry.ok()) return same;
    if (const auto* result = std::get_if<log::ResultEntry>(&*entry)) {
      const replay::Contest& contest = *state.Find(result->contest);
      const replay::Admission& admission = contest.admissions.at(result->admit);
      const int level_count = contest.policy.policy.scoring.scale.level_count();
      const log::Blinder blinder =
          BlinderOf(contest.policy.policy, contest.NextRound(), contest.chain);
      for (int level = -1; level <= level_count; ++level) {
        const std::optional<int> one = level < 0 ? std::nullopt : std::optional(level);
        const auto gated = level < 0 ? std::nullopt : LevelOf(AnswerOf(level, 0), level_count);
        const auto released = gate::Release(contest, admission, gated, blinder.Of(state.size()));
        if (released.ok() && released->bytes() == bytes) same[result->admit].push_back(one);
      }
    }
    if (!state.Apply(bytes).ok()) return same;
  }
  return same;
}

}  // namespace pinhole::simulation
