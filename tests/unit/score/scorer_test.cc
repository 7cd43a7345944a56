// The scorer as a process: its answers to good and hostile outputs, and the seal around it.
#include <elf.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

#include "server/core/score/answer.h"
#include "server/scorer/filter.h"
#include "tests/unit/score/mock.h"

namespace pinhole::score {
namespace {

using contest::Metric;
using contest::PredictionFormat;

std::string ScorerPath() {
  const char* const folder = std::getenv("PINHOLE_BIN");
  EXPECT_NE(folder, nullptr) << "run this test by ctest, which sets PINHOLE_BIN";
  return std::string(folder == nullptr ? "." : folder) + "/pinhole-scorer";
}

// A descriptor of a file in memory with these bytes, at its beginning.
int FileOf(std::string_view bytes) {
  const int fd = memfd_create("scorer-test", MFD_CLOEXEC);
  EXPECT_GE(fd, 0);
  EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
  return fd;
}

// Allows the calls that a static C++ program may need to start, as its box does; kills for others.
void InstallBoxFilter() {
  const unsigned allowed[] = {SYS_execve,
                              SYS_brk,
                              SYS_mmap,
                              SYS_mprotect,
                              SYS_munmap,
                              SYS_arch_prctl,
                              SYS_rseq,
                              SYS_prlimit64,
                              SYS_readlink,
                              SYS_readlinkat,
                              SYS_set_tid_address,
                              SYS_set_robust_list,
                              SYS_getrandom,
                              SYS_newfstatat,
                              SYS_futex,
                              SYS_read,
                              SYS_write,
                              SYS_exit,
                              SYS_exit_group,
                              SYS_seccomp,
                              SYS_prctl};
  constexpr size_t kCount = sizeof(allowed) / sizeof(allowed[0]);
  sock_filter program[kCount + 3];
  size_t at = 0;
  program[at++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  for (size_t i = 0; i < kCount; ++i) {
    program[at++] =
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], static_cast<unsigned char>(kCount - i), 0);
  }
  program[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  program[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  sock_fprog filter = {static_cast<unsigned short>(at), program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) {
    _exit(97);
  }
}

struct ScorerRun {
  int wait_status = -1;
  std::string answer;
};

ScorerRun RunScorer(std::string_view predictions, std::string_view sheet) {
  const std::string path = ScorerPath();
  const int prediction_fd = FileOf(predictions);
  const int sheet_fd = FileOf(sheet);
  const int answer_fd = FileOf("");
  const pid_t child = fork();
  if (child == 0) {
    if (dup2(prediction_fd, 0) < 0 || dup2(answer_fd, 1) < 0) _exit(98);
    // dup2 onto itself would leave the close-on-exec mark.
    if (sheet_fd == 3 ? fcntl(3, F_SETFD, 0) < 0 : dup2(sheet_fd, 3) < 0) _exit(98);
    InstallBoxFilter();
    char* const arguments[] = {const_cast<char*>("pinhole-scorer"), nullptr};
    char* const environment[] = {nullptr};
    execve(path.c_str(), arguments, environment);
    _exit(99);
  }
  ScorerRun run;
  EXPECT_EQ(waitpid(child, &run.wait_status, 0), child);
  char buffer[64];
  const ssize_t got = pread(answer_fd, buffer, sizeof(buffer), 0);
  run.answer.assign(buffer, got > 0 ? static_cast<size_t>(got) : 0);
  for (const int fd : {prediction_fd, sheet_fd, answer_fd}) close(fd);
  return run;
}

std::string Bytes(const std::array<uint8_t, kAnswerSize>& answer) {
  return {answer.begin(), answer.end()};
}

template <typename T>
std::string Binary(const std::vector<T>& values) {
  std::string bytes(kBinaryMagic);
  for (const T value : values) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes.append(raw, sizeof(T));
  }
  return bytes;
}

const std::vector<SheetRow>& Rows() {
  static const std::vector<SheetRow> rows = {
      {3'000'000, RowSet::kPublic}, {4'000'000, RowSet::kFinal}, {2'000'000, RowSet::kPublic}};
  return rows;
}

std::string SheetIn(PredictionFormat format) {
  contest::Scoring scoring = StarScoring(Metric::kRmse);
  scoring.format = format;
  return SheetOf(scoring, Rows());
}

struct Case {
  const char* name;
  PredictionFormat format;
  std::string predictions;
  int public_level;  // -1: the run failed
  int final_level;
};

TEST(Scorer, AnswersEightBytesToEveryOutput) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Case cases[] = {
      {"text", PredictionFormat::kText, "4\n4.9\n3\n", 40, 20},
      {"text_crlf", PredictionFormat::kText, "4\r\n4.9\r\n3", 40, 20},
      {"f32", PredictionFormat::kF32, Binary<float>({4, 4, 3}), 40, 0},
      {"f64", PredictionFormat::kF64, Binary<double>({4, 4.9, 3}), 40, 20},
      {"worse_than_worst", PredictionFormat::kText, "5\n1\n5\n", 51, 51},
      {"one_row_too_few", PredictionFormat::kText, "4\n4.9\n", -1, -1},
      {"one_row_too_many", PredictionFormat::kText, "4\n4.9\n3\n1\n", -1, -1},
      {"nothing", PredictionFormat::kText, "", -1, -1},
      {"text_nan", PredictionFormat::kText, "4\nnan\n3\n", -1, -1},
      {"binary_nan", PredictionFormat::kF64, Binary<double>({4, nan, 3}), -1, -1},
      {"garbage", PredictionFormat::kText, std::string(300'000, '\xa7'), -1, -1},
      {"endless_digits", PredictionFormat::kText, std::string(300'000, '9'), -1, -1},
      {"binary_to_text", PredictionFormat::kText, Binary<double>({4, 4.9, 3}), -1, -1},
      {"text_to_binary", PredictionFormat::kF64, "4\n4.9\n3\n", -1, -1},
      {"wrong_width", PredictionFormat::kF64, Binary<float>({4, 4, 3}), -1, -1},
  };
  for (const Case& each : cases) {
    const std::string sheet = SheetIn(each.format);
    const std::optional<RunLevels> expected = Levels(each.predictions, sheet);
    const ScorerRun run = RunScorer(each.predictions, sheet);
    EXPECT_TRUE(WIFEXITED(run.wait_status) && WEXITSTATUS(run.wait_status) == 0)
        << each.name << " ended with " << run.wait_status;
    EXPECT_EQ(run.answer, Bytes(EncodeAnswer(expected))) << each.name;
    ASSERT_EQ(expected.has_value(), each.public_level >= 0) << each.name;
    if (!expected.has_value()) continue;
    EXPECT_EQ(expected->public_level.index(), each.public_level) << each.name;
    EXPECT_EQ(expected->final_level.index(), each.final_level) << each.name;
  }
}

TEST(Scorer, AnswersFailedToATornSheet) {
  const std::string good = SheetIn(PredictionFormat::kText);
  for (const std::string& sheet :
       {std::string(), good.substr(0, 100), good.substr(0, good.size() - 1), good + "x"}) {
    const ScorerRun run = RunScorer("4\n4.9\n3\n", sheet);
    EXPECT_TRUE(WIFEXITED(run.wait_status) && WEXITSTATUS(run.wait_status) == 0);
    EXPECT_EQ(run.answer, Bytes(EncodeAnswer(std::nullopt)));
  }
}

TEST(Scorer, IsStaticAndLinksNoLibrary) {
  std::ifstream file(ScorerPath(), std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  const std::string bytes = content.str();
  Elf64_Ehdr header;
  ASSERT_GE(bytes.size(), sizeof(header));
  std::memcpy(&header, bytes.data(), sizeof(header));
  ASSERT_EQ(std::memcmp(header.e_ident, ELFMAG, SELFMAG), 0);
  for (size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes.data() + header.e_phoff + i * sizeof(segment), sizeof(segment));
    EXPECT_NE(segment.p_type, static_cast<Elf64_Word>(PT_INTERP));
    EXPECT_NE(segment.p_type, static_cast<Elf64_Word>(PT_DYNAMIC));
    if (segment.p_type == PT_GNU_STACK) {
      EXPECT_EQ(segment.p_flags & PF_X, 0U);
    }
  }
  // Names of symbols, mangled or not; debug information may name more than is linked.
  std::string names;
  for (size_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section;
    const char* const table = bytes.data() + header.e_shoff;
    std::memcpy(&section, table + i * sizeof(section), sizeof(section));
    if (section.sh_type != SHT_SYMTAB) continue;
    std::memcpy(&section, table + section.sh_link * sizeof(section), sizeof(section));
    names += bytes.substr(section.sh_offset, section.sh_size);
  }
  for (const char* const library : {"absl", "EVP_", "OPENSSL_", "grpc", "sqlite3"}) {
    EXPECT_EQ(names.find(library), std::string::npos) << library;
  }
}

// Runs the filter as the kernel would; a program that leaves its own bounds ends in a failure.
unsigned Verdict(const seccomp_data& call) {
  const scorer::FilterProgram program = scorer::SealProgram();
  unsigned accumulator = 0;
  for (size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&call) + step.k, 4);
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += accumulator == step.k ? step.jt : step.jf;
        break;
      case BPF_RET | BPF_K:
        return step.k;
      default:
        ADD_FAILURE() << "an instruction that the filter does not need: " << step.code;
        return 0;
    }
  }
  ADD_FAILURE() << "the filter has no verdict";
  return 0;
}

TEST(Seal, DecidesEveryCallByTheTable) {
  const unsigned arches[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, 0};
  const int64_t descriptors[] = {-1, 0, 1, 2, 3, 4, 5, 100, int64_t{1} << 32, 0x1'0000'0001};
  int allowed = 0;
  for (const unsigned arch : arches) {
    for (const int base : {0, 0x40000000}) {
      for (int number = 0; number < 1024; ++number) {
        for (const int64_t fd : descriptors) {
          seccomp_data call = {};
          call.arch = arch;
          call.nr = base | number;
          call.args[0] = static_cast<uint64_t>(fd);
          // The kernel takes the low 32 bits of a descriptor, as the filter does.
          const int low = static_cast<int>(fd);
          const bool expected =
              arch == AUDIT_ARCH_X86_64 && base == 0 &&
              (number == SYS_exit || number == SYS_exit_group ||
               (number == SYS_read && (low == 0 || low == 3)) || (number == SYS_write && low == 1));
          allowed += expected ? 1 : 0;
          ASSERT_EQ(Verdict(call), expected ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS)
              << arch << " " << call.nr << " " << fd;
        }
      }
    }
  }
  EXPECT_EQ(allowed, 10 + 10 + 3 + 2);
}

// What a taken-over scorer could try; runs behind the seal, and returns 0 when it could do it.
struct Attempt {
  const char* name;
  int (*act)();
  bool allowed;
};

int Call(long number, long first, const void* second, long third) {
  return syscall(number, first, second, third) >= 0 ? 0 : 1;
}

const Attempt kAttempts[] = {
    {"end", [] { return 0; }, true},
    {"read_predictions",
     [] {
       char c;
       return Call(SYS_read, 0, &c, 1);
     },
     true},
    {"read_sheet",
     [] {
       char c;
       return Call(SYS_read, 3, &c, 1);
     },
     true},
    {"write_answer", [] { return Call(SYS_write, 1, "x", 1); }, true},
    {"read_answer",
     [] {
       char c;
       return Call(SYS_read, 1, &c, 1);
     },
     false},
    {"read_other",
     [] {
       char c;
       return Call(SYS_read, 4, &c, 1);
     },
     false},
    {"write_predictions", [] { return Call(SYS_write, 0, "x", 1); }, false},
    {"write_standard_error", [] { return Call(SYS_write, 2, "x", 1); }, false},
    {"write_sheet", [] { return Call(SYS_write, 3, "x", 1); }, false},
    {"open", [] { return Call(SYS_open, reinterpret_cast<long>("/"), nullptr, 0); }, false},
    {"openat", [] { return Call(SYS_openat, AT_FDCWD, "/", O_RDONLY); }, false},
    {"socket", [] { return Call(SYS_socket, AF_UNIX, nullptr, 0); }, false},
    {"clone", [] { return Call(SYS_clone, SIGCHLD, nullptr, 0); }, false},
    {"execve", [] { return Call(SYS_execve, reinterpret_cast<long>("/bin/true"), nullptr, 0); },
     false},
    {"mmap",
     [] {
       return mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 1
                                                                                               : 0;
     },
     false},
    {"mprotect", [] { return Call(SYS_mprotect, 0, nullptr, 0); }, false},
    {"brk", [] { return Call(SYS_brk, 0, nullptr, 0); }, false},
    {"kill", [] { return Call(SYS_kill, 0, nullptr, 0); }, false},
    {"getpid", [] { return Call(SYS_getpid, 0, nullptr, 0); }, false},
    {"clock",
     [] {
       timespec now;
       return Call(SYS_clock_gettime, 0, &now, 0);
     },
     false},
    {"another_filter", [] { return prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0); }, false},
    {"x32_getpid", [] { return Call(0x40000000 | SYS_getpid, 0, nullptr, 0); }, false},
    {"x32_write", [] { return Call(0x40000000 | SYS_write, 1, "x", 1); }, false},
};

// The call by 32-bit numbers is only in the table test above: not every kernel has int 0x80.
TEST(Seal, AllowsTwoReadsOneWriteAndTheEnd) {
  for (const Attempt& attempt : kAttempts) {
    const int input = FileOf("input");
    const int output = FileOf("");
    const pid_t child = fork();
    if (child == 0) {
      // High copies first, so that no target is overwritten while it is still a source.
      const int in = fcntl(input, F_DUPFD, 100);
      const int out = fcntl(output, F_DUPFD, 100);
      for (const int fd : {0, 3, 4}) {
        if (dup2(in, fd) < 0) _exit(98);
      }
      if (dup2(out, 1) < 0) _exit(98);
      if (!scorer::Seal()) _exit(97);
      syscall(SYS_exit_group, attempt.act());
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    close(input);
    close(output);
    if (attempt.allowed) {
      EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << attempt.name << " " << status;
    } else {
      EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
          << attempt.name << " ended with " << status;
    }
  }
}

// The negative control: without the seal the same acts are not killed.
TEST(Seal, WithoutItNothingIsKilled) {
  for (const Attempt& attempt : kAttempts) {
    if (std::string_view(attempt.name) == "another_filter") continue;  // strict mode kills _exit
    const pid_t child = fork();
    if (child == 0) {
      const int null = open("/dev/null", O_RDWR);
      for (const int fd : {0, 1, 2, 3, 4}) dup2(null, fd);
      attempt.act();
      syscall(SYS_exit_group, 0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << attempt.name << " ended with " << status;
  }
}

}  // namespace
}  // namespace pinhole::score
