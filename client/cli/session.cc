#include "client/cli/session.h"

#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/cli/audit.h"
#include "client/cli/freshness.h"
#include "server/core/base/status.h"

namespace pinhole::cli {
namespace {

// How long a stream is read before the clock is looked at again.
absl::Time NextLook(const replay::LedgerState& state, absl::Time now) {
  constexpr absl::Duration kWithoutContest = absl::Minutes(10);
  const replay::Contest* open = state.Open();
  if (open == nullptr) return now + kWithoutContest;
  const absl::Time due = absl::FromUnixMillis(NextRoundDueMs(*open));
  const absl::Duration round = absl::Milliseconds(open->policy.policy.rounds.length_ms);
  return due > now ? due : now + round;
}

}  // namespace

absl::StatusOr<Session> Session::Open(const CommandContext& context, const std::string& server,
                                      replay::Keep keep) {
  const Home home = context.OpenHome();
  ASSIGN_OR_RETURN(const Pins pins, home.LoadPins(server));
  ASSIGN_OR_RETURN(std::string folder, home.LedgerFolder(pins.server));
  ASSIGN_OR_RETURN(Mirror mirror, Mirror::Open(std::move(folder), pins.log, keep));
  ASSIGN_OR_RETURN(std::unique_ptr<Server> connection,
                   context.connect(pins.server, pins.certificate_key));
  Session session(pins.server, std::move(connection), std::move(mirror));
  RETURN_IF_ERROR(session.mirror_.Sync(*session.server_).status());
  session.WarnIfLate(context);
  return session;
}

void Session::WarnIfLate(const CommandContext& context) const {
  const replay::Contest* open = state().Open();
  if (open == nullptr) return;
  if (const auto lateness = FindLateness(*open, context.clock.NowUnixMs()); lateness.has_value()) {
    context.err << LatenessText(*open, *lateness, context.zone) << "\n";
  }
}

absl::StatusOr<const replay::Contest*> Session::Find(const std::string& contest) const {
  const replay::Contest* found = ChooseContest(state(), contest);
  if (found != nullptr) return found;
  return absl::NotFoundError(
      contest.empty()
          ? std::string("no contest is in the ledger yet: ask the organizer when it opens")
          : absl::StrFormat("there is no contest \"%s\"; \"pinhole contests\" lists them",
                            contest));
}

absl::Status Session::Follow(const CommandContext& context,
                             const std::function<Watching(int64_t first_new)>& on_growth) {
  std::optional<EntrySpool> pending;
  const WatchHandler handler = [&](const WatchEvent& event) -> absl::StatusOr<Watching> {
    if (!pending.has_value()) {
      ASSIGN_OR_RETURN(pending, mirror_.MakeSpool());
    }
    for (const std::string& entry : event.entries) RETURN_IF_ERROR(pending->Append(entry));
    if (event.checkpoint.empty()) return Watching::kGoOn;
    const int64_t first_new = mirror_.size();
    RETURN_IF_ERROR(mirror_.Grow(*std::exchange(pending, std::nullopt), event.checkpoint));
    return mirror_.size() == first_new ? Watching::kGoOn : on_growth(first_new);
  };
  bool warned = false;
  while (true) {
    const int64_t before = mirror_.size();
    const absl::Time until = NextLook(state(), absl::FromUnixMillis(context.clock.NowUnixMs()));
    pending.reset();
    absl::Status watched = server_->Watch(mirror_.size(), until, handler);
    if (!absl::IsDeadlineExceeded(watched)) return watched;
    if (mirror_.size() > before) warned = false;
    if (!warned) WarnIfLate(context);
    warned = true;
  }
}

}  // namespace pinhole::cli
