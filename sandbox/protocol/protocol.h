// The messages between a lane's client and its launcher: fixed-size, one a packet, over a
// SOCK_SEQPACKET socket.
//
// Both ends come from one build and run on one machine, so fields are native and a version that
// differs is an error, never negotiated. Every message begins with a Header. Descriptors travel as
// SCM_RIGHTS beside the message that names them, in the order of the enumerators of its slots,
// absent ones left out.
#pragma once

#include <cstdint>
#include <type_traits>

namespace pinhole::sandbox::protocol {

inline constexpr uint32_t kMagic = 0x584f4250;  // "PBOX"
inline constexpr uint32_t kVersion = 3;

inline constexpr int kControlFd = 3;  // where the launcher finds its end of the socket
inline constexpr int kPathBytes = 4096;
inline constexpr uint32_t kNoId = 0xffffffff;  // a uid or gid that is not given

enum class Kind : uint32_t { kHello = 1, kHelloReply, kRun, kStop, kReport };

struct Header {
  uint32_t magic = kMagic;
  uint32_t version = kVersion;
  Kind kind;
};

// How the memory and the tasks of the lane are counted. kOwn is asked for and never answered: a
// launcher that a unit started looks for the groups that its unit gave it.
enum class Accounting : uint32_t { kNone = 0, kVersion1, kVersion2, kOwn };

// Client to launcher, once. The launcher takes this identity before it does anything else.
// Descriptors: the memory group's directory, the pids group's directory; none with
// Accounting::kNone and kOwn. A launcher of a unit takes kOwn and kNoId alone: who it is and what
// it may use is its unit's to say, not its client's.
struct Hello {
  Header header{.kind = Kind::kHello};
  uint32_t uid = kNoId;       // kNoId: stay who you are
  uint32_t gid = kNoId;       // given exactly when uid is
  uint32_t view_gid = kNoId;  // the one supplementary group; kNoId: none
  int32_t core = -1;          // the core to stay on; -1: any
  Accounting accounting = Accounting::kNone;
  char view_path[kPathBytes] = {};  // shown at /data; empty: no /data
};

// A step on the way into the box, named when it fails.
enum class Stage : uint32_t {
  kNone = 0,
  kProtocol,
  kIdentity,
  kAccounting,
  kFilterBuild,
  kClone,
  kParentDeath,
  kIdMaps,
  kBadness,
  kMountPrivate,
  kRootMount,
  kViewMount,
  kScratchMount,
  kRootPivot,
  kRootReadOnly,
  kHostName,
  kLimits,
  kCapabilities,
  kNoNewPrivileges,
  kLandlock,
  kSignals,
  kDescriptors,
  kFilterLoad,
  kFilterListener,
  kProgramSeals,
  kExec,
  kWait,
  kRecord,
};

struct HelloReply {
  Header header{.kind = Kind::kHelloReply};
  Stage stage = Stage::kNone;                 // kNone: ready
  int32_t error = 0;                          // errno of that stage
  Accounting accounting = Accounting::kNone;  // what holds from here on
};

enum class Profile : uint32_t { kStatic = 0, kScorer = 1 };
enum class Diagnostics : uint32_t { kSealed = 0, kRehearsal = 1 };

// Which descriptors a Run brings; the bit of slot s is 1u << s.
//
// A Run with kRecord is a probe: it brings neither program nor output, as both are the launcher's.
// As soon as the program says that it lives, what the host's kernel says of its box is written to
// kRecord, a file, and the run is ended: kStopped.
enum class Slot : uint32_t { kProgram = 0, kOutput, kDiagnostics, kInput, kLabels, kRecord };
inline constexpr int kSlotCount = 6;

// Client to launcher: one run. Descriptors: as `slots` says, in the order of Slot.
struct Run {
  Header header{.kind = Kind::kRun};
  uint32_t slots = 0;
  uint64_t run_number = 0;  // rises by one a run; a Stop names the run that it means
  Profile profile = Profile::kStatic;
  Diagnostics diagnostics = Diagnostics::kSealed;
  int64_t deadline_nanos = 0;  // CLOCK_MONOTONIC
  int64_t cpu_seconds = 0;
  int64_t memory_bytes = 0;
  int64_t threads = 0;
  int64_t scratch_bytes = 0;
  int64_t scratch_inodes = 0;
};

// Client to launcher: end this run now.
struct Stop {
  Header header{.kind = Kind::kStop};
  uint64_t run_number = 0;
};

enum class End : uint32_t {
  kExited = 0,
  kSignaled,
  kWallLimit,
  kCpuLimit,
  kMemoryLimit,
  kStopped,  // the client said so, or a probe has been seen
  kForbiddenCall,
  kNotExecutable,
  kSetupFailed,
};

// Launcher to client: how the run ended. Everything of the box is dead when this is sent.
struct Report {
  Header header{.kind = Kind::kReport};
  End end = End::kSetupFailed;
  uint64_t run_number = 0;
  int32_t exit_code = 0;
  int32_t signal = 0;
  int32_t call = -1;           // number of the refused call, -1: unknown
  Stage stage = Stage::kNone;  // of kSetupFailed and kNotExecutable
  int32_t error = 0;           // errno of that stage
  int32_t reserved = 0;
  int64_t wall_micros = 0;
  int64_t cpu_micros = 0;
  int64_t peak_memory_bytes = 0;
};

static_assert(std::is_trivially_copyable_v<Hello> && std::is_standard_layout_v<Hello>);
static_assert(std::is_trivially_copyable_v<Run> && std::is_standard_layout_v<Run>);
static_assert(std::is_trivially_copyable_v<Report> && std::is_standard_layout_v<Report>);
static_assert(sizeof(Header) == 12 && sizeof(HelloReply) == 24 && sizeof(Stop) == 24);
static_assert(sizeof(Hello) == 32 + kPathBytes);
static_assert(sizeof(Run) == 80 && sizeof(Report) == 72);

}  // namespace pinhole::sandbox::protocol
