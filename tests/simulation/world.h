// One world: the real vault, its server, its socket and its database, with a clock that nobody
// waits for, a disk that can lose its current, runs that are drawn, and a hostile front.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/private_world.h"
#include "tests/simulation/public_world.h"

namespace pinhole::simulation {

// Mistakes that a world can make on purpose, so that the properties are seen to fail.
enum class Mutant {
  kNone,
  kForgetSyncs,       // the disk says "synced" and is not
  kIgnoreSyncErrors,  // a sync fails and nobody looks
  kTrustLogs,         // a start takes a database's log for durable because it can read it
  kReleaseWhenDone,   // a round's exchange begins when its runs end
  kSwapAnswers,       // answers go to the submissions in the order in which runs end
  kForgetPrograms,    // a restart forgets which programs were submitted
  kSecondDraw,        // a restart forgets which runs have their level
  kSetBack,           // a restart finds the database of an earlier time
  kForgetQuorums,     // a restart takes every head for one that was cosigned
  kLogRuns,           // the log tells when a run ended
  kChargeNothing,     // the ledger that is audited says that results cost nothing
  kLoseResult,        // the ledger that is audited lacks a result
};

// What anybody outside can see.
struct Seen {
  struct Event {
    int64_t unix_ms = 0;
    std::string what;  // a frame's bytes, a line of the log, the end of a server
    bool operator==(const Event&) const = default;
  };
  std::vector<Event> events;
  std::string ledger;  // all entries, and the newest head
};

struct Counts {
  int64_t sent = 0;      // submissions that the front sent
  int64_t batches = 0;   // that came whole and were held against what was admitted
  int64_t admitted = 0;  // and that were admitted
  int64_t results = 0;
  int64_t levels = 0;   // results that show one
  int64_t runs = 0;     // started
  int64_t lives = 0;    // of the vault
  int64_t crashes = 0;  // of the machine
  int64_t kills = 0;    // of the process alone
  int64_t failed_syncs = 0;
  int64_t lost_syncs = 0;          // of these: what should have been synced was lost
  int64_t outages_after_sync = 0;  // crashes at once after one that failed, or a few steps later
  int64_t kills_after_sync = 0;    // kills then
  int64_t kills_after_loss = 0;    // of these: after one that lost something
  int64_t asked = 0;               // stops that an operator asked for
  int64_t faults = 0;              // other calls that failed
  int64_t acts = 0;                // of an organizer
  int64_t choices = 0;
  int64_t judged = 0;  // places of the final board by a choice that is not the best shown
  int64_t shifts = 0;
  int64_t starts = 0;   // that were paid
  int64_t unpaid = 0;   // starts that had to be followed by a stop
  int64_t stopped = 0;  // contests that had to stop
  int64_t closed = 0;
  int64_t waits = 0;    // exchanges that showed a head to witnesses
  int64_t quorums = 0;  // heads that enough of them cosigned
  void Add(const Counts& other);
};

// How a run that was committed went.
struct Committed {
  Fate fate;
  int64_t end_ms = 0;
};

struct Outcome {
  Seen seen;
  Counts counts;
  std::vector<std::string> entries;
  std::map<int64_t, Committed> committed;  // by ADMIT
  std::vector<int64_t> crash_steps;        // commits of its run window before each outage
  std::vector<int64_t> order;              // ADMITs as their runs ended
  bool disk_failed = false;                // or was meant to
  std::string violation;                   // "": every property of a single world holds
};

struct Setting {
  uint64_t seed = 0;          // public
  uint64_t private_seed = 0;  // order of completion, crash points, and fates unless `fate` is set
  // How a run goes; `attempt` from 0 counts its starts.
  std::function<Fate(int64_t admit, int64_t attempt)> fate;
  bool faults = false;  // of the disk, at any step
  Mutant mutant = Mutant::kNone;
  // Of the machine's own time, before the vault's first read: the machine is busy with others.
  absl::Duration stall;
};

// Plays one world to its end and checks it by itself. Deterministic.
Outcome Play(const Setting& setting);

}  // namespace pinhole::simulation
