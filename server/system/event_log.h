// What a server tells its operator while it runs: events of a closed set, each with a closed set of
// numbers and words. No text from anywhere can get in, so nothing private can get out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pinhole {

// Closed sets of words. A field is a number or one of these; anything else does not compile.
enum class Degraded { kNo, kYes };
enum class ExchangePart { kOpening, kBatch, kHandOver };
enum class ProposalVerdict { kAppended, kRefused };
enum class DiskUse { kProgram, kPredictions, kLedger, kReserve, kRequest };
// Why the front has no vault: nobody listens; it closed; it broke the protocol; it ended before it
// took a batch whole; what it handed over found no room.
enum class VaultLoss { kAbsent, kClosed, kProtocol, kUnfinished, kStorage, kOther };
// Which of the front's folders of static files: the ledger's, or that for witnesses.
enum class StaticFolder { kPublic, kWitness };
// Why the front refuses a call: the reasons of the contract, in its order.
enum class CallRefusal {
  kBadToken,
  kBadRequest,
  kNotFound,
  kBadInvitation,
  kNotOpen,
  kNoTryLeft,
  kBadProgram,
  kRequestIdReused,
  kNoLedger,
  kNoPlaceLeft,
  kBusy,
  kRateLimited,
  kTooLarge,
  kQuota,
  kDeadline,
  kBadPageToken,
  kPageExpired,
  kSlowReader,
  kStopping,
  kTooManyWaiting,
  kStorageFull,
};
enum class StopReason {
  kAsked,          // SIGTERM or SIGINT
  kDiskFull,       // a write that cannot be refused met a full disk
  kLaneBroke,      // a launcher does not answer
  kLedgerDamaged,  // what is stored breaks the ledger's own rules
  kOther,
};

// One struct an event. Fields are public facts or the operator's own: what the ledger shows, what
// the front did in view of it, what the configuration says. Never how a private run went.
namespace event {

// The configuration was read. `lanes`: runs at a time.
struct Configured {
  int64_t lanes = 0;
  Degraded lane_users{};
  Degraded network{};
  Degraded cgroups{};
  Degraded machine_lock{};  // yes: the configuration names none
  static constexpr std::string_view kName = "configured";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("lanes", lanes);
    visit("degraded_lane_users", lane_users);
    visit("degraded_network", network);
    visit("degraded_cgroups", cgroups);
    visit("degraded_machine_lock", machine_lock);
  }
};

// Ready; `ledger` is its size in entries.
struct Serving {
  int64_t ledger = 0;
  static constexpr std::string_view kName = "serving";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("ledger", ledger);
  }
};

// An exchange that appended something; `round` is 0 when no contest's round is under way.
struct ExchangeDone {
  int64_t round = 0;
  int64_t joined = 0;
  int64_t admitted = 0;
  int64_t released = 0;
  int64_t ledger = 0;
  static constexpr std::string_view kName = "exchange";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("round", round);
    visit("joined", joined);
    visit("admitted", admitted);
    visit("released", released);
    visit("ledger", ledger);
  }
};

// Rounds moved, since the vault was late: a SHIFT entry.
struct RoundsMoved {
  int64_t round = 0;
  int64_t moved = 0;
  int64_t shifts = 0;  // of this contest so far
  static constexpr std::string_view kName = "rounds-moved";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("round", round);
    visit("moved", moved);
    visit("shifts", shifts);
  }
};

// The contest would have had to move further than its policy allows: it stopped for good.
struct ContestStopped {
  int64_t round = 0;
  static constexpr std::string_view kName = "contest-stopped";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("round", round);
  }
};

// Entries beyond `released` wait: too few of the POLICY's witnesses cosigned the newest head.
struct QuorumMissing {
  int64_t released = 0;
  int64_t ledger = 0;
  static constexpr std::string_view kName = "quorum-missing";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("released", released);
    visit("ledger", ledger);
  }
};

// An operator's proposal (data set, contest, an act) was taken or refused.
struct ProposalSettled {
  int64_t proposal = 0;
  ProposalVerdict verdict{};
  static constexpr std::string_view kName = "proposal";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("proposal", proposal);
    visit("verdict", verdict);
  }
};

struct ConnectionOpened {
  static constexpr std::string_view kName = "connection-opened";
  template <typename Visitor>
  void Visit(Visitor& /*visit*/) const {}
};

// The other end went, broke the protocol or was too slow, in this part of an exchange.
struct ConnectionClosed {
  ExchangePart part{};
  static constexpr std::string_view kName = "connection-closed";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("part", part);
  }
};

// The front has more entries than the ledger: this vault was restored from an older copy, or the
// front belongs to another. Look at once.
struct MirrorAhead {
  int64_t mirror = 0;
  int64_t ledger = 0;
  static constexpr std::string_view kName = "mirror-ahead";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("mirror", mirror);
    visit("ledger", ledger);
  }
};

// A write met a full disk, or the room that is kept free is touched: what it was for.
struct DiskFull {
  DiskUse use{};
  static constexpr std::string_view kName = "disk-full";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("use", use);
  }
};

struct BackedUp {
  int64_t ledger = 0;
  int64_t programs = 0;  // of submissions that wait for their run
  static constexpr std::string_view kName = "backed-up";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("ledger", ledger);
    visit("programs", programs);
  }
};

struct Restored {
  int64_t ledger = 0;
  int64_t programs = 0;
  static constexpr std::string_view kName = "restored";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("ledger", ledger);
    visit("programs", programs);
  }
};

// The front took a ledger that cannot be true, and takes nothing more.
struct LedgerAlarm {
  int64_t ledger = 0;
  static constexpr std::string_view kName = "ledger-alarm";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("ledger", ledger);
  }
};

// The front took new entries.
struct Mirrored {
  int64_t entries = 0;
  int64_t ledger = 0;
  static constexpr std::string_view kName = "mirrored";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("entries", entries);
    visit("ledger", ledger);
  }
};

// The front's static files could not grow or be read, for this canonical code; the next exchange
// tries again.
struct PublishFailed {
  StaticFolder folder{};
  int64_t code = 0;
  int64_t ledger = 0;  // entries that the files still head
  static constexpr std::string_view kName = "publish-failed";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("folder", folder);
    visit("code", code);
    visit("ledger", ledger);
  }
};

// A head of `ledger` entries was shown to the witnesses; so many entries of it wait for them.
struct HeadWaits {
  int64_t entries = 0;
  int64_t ledger = 0;
  static constexpr std::string_view kName = "head-waits";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("entries", entries);
    visit("ledger", ledger);
  }
};

// So many entries wait for witnesses, and the front has no folder in which to show them the head:
// nothing is released. Once a start.
struct NoWitnessFolder {
  int64_t entries = 0;
  static constexpr std::string_view kName = "no-witness-folder";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("entries", entries);
  }
};

// No vault answers; the front goes on from its mirror and connects again. Once, until something
// was taken or it is gone for another cause.
struct VaultGone {
  VaultLoss why{};
  static constexpr std::string_view kName = "vault-gone";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("why", why);
  }
};

// A request that the front left out of a batch, since its program cannot be read: its number in the
// front's database.
struct RequestSkipped {
  int64_t request = 0;
  static constexpr std::string_view kName = "request-skipped";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("request", request);
  }
};

// So many calls were refused for this reason since the last such line.
struct CallsRefused {
  CallRefusal reason{};
  int64_t calls = 0;
  static constexpr std::string_view kName = "calls-refused";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("reason", reason);
    visit("calls", calls);
  }
};

// So many calls met the front's own trouble since the last such line; `code` is the canonical code
// of its cause.
struct CallsFailed {
  int64_t code = 0;
  int64_t calls = 0;
  static constexpr std::string_view kName = "calls-failed";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("code", code);
    visit("calls", calls);
  }
};

struct StopAsked {
  static constexpr std::string_view kName = "stop-asked";
  template <typename Visitor>
  void Visit(Visitor& /*visit*/) const {}
};

struct Stopped {
  StopReason why{};
  static constexpr std::string_view kName = "stopped";
  template <typename Visitor>
  void Visit(Visitor& visit) const {
    visit("why", why);
  }
};

}  // namespace event

using Event =
    std::variant<event::Configured, event::Serving, event::ExchangeDone, event::RoundsMoved,
                 event::ContestStopped, event::QuorumMissing, event::ProposalSettled,
                 event::ConnectionOpened, event::ConnectionClosed, event::MirrorAhead,
                 event::DiskFull, event::BackedUp, event::Restored, event::LedgerAlarm,
                 event::Mirrored, event::PublishFailed, event::HeadWaits, event::NoWitnessFolder,
                 event::VaultGone, event::RequestSkipped, event::CallsRefused, event::CallsFailed,
                 event::StopAsked, event::Stopped>;

// "event=exchange round=3 joined=0 admitted=1 released=2 ledger=17", without a line's end.
std::string FormatEvent(const Event& event);

// How much an event matters, by the numbers of syslog: what journald's <N> prefix means.
enum class Priority { kError = 3, kWarning = 4, kInfo = 6 };
Priority PriorityOf(const Event& event);

// Every event with its field names and words, for the table in docs/OPERATIONS.md.
struct EventShape {
  std::string name;
  Priority priority;
  std::vector<std::string> fields;  // "round", or "why: asked, disk-full, …"
};
std::vector<EventShape> EventShapes();

// Writes events to a descriptor that it borrows, one write(2) a line. A line that cannot be written
// is lost: a full log disk must not stop a contest. Thread-safe.
class EventLog {
 public:
  enum class Style {
    kPlain,    // begins with time=, UTC to the second
    kJournal,  // begins with the priority in journald's form; the journal knows the time
  };
  EventLog(int fd, Style style) : fd_(fd), style_(style) {}
  // Standard error; kJournal when the environment says that the journal is at its other end.
  static EventLog ToStandardError();

  void Write(const Event& event) const;

 private:
  int fd_;
  Style style_;
};

}  // namespace pinhole
