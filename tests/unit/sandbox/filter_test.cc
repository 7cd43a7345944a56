// The kernel's filter says what the table says: every call, every architecture, and arguments
// around every condition, through an evaluator of the filter's instructions.
#include "sandbox/launcher/filter.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "sandbox/launcher/syscalls.h"

namespace pinhole::sandbox::launcher {
namespace {

using protocol::Diagnostics;
using protocol::Profile;
using Arguments = std::array<uint64_t, 6>;

// Classic BPF as seccomp uses it: loads from seccomp_data, jumps, and a return. Anything else fails
// the test.
uint32_t Evaluate(const Filter& filter, const seccomp_data& data) {
  uint32_t accumulator = 0;
  for (size_t at = 0; at < filter.count; ++at) {
    const sock_filter& step = filter.instructions[at];
    bool jump = false;
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + step.k, 4);
        continue;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= step.k;
        continue;
      case BPF_RET | BPF_K:
        return step.k;
      case BPF_JMP | BPF_JA:
        at += step.k;
        continue;
      case BPF_JMP | BPF_JEQ | BPF_K:
        jump = accumulator == step.k;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        jump = accumulator > step.k;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        jump = accumulator >= step.k;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        jump = (accumulator & step.k) != 0;
        break;
      default:
        ADD_FAILURE() << "unknown instruction " << step.code;
        return SECCOMP_RET_ALLOW;
    }
    at += jump ? step.jt : step.jf;
  }
  ADD_FAILURE() << "ran off the end";
  return SECCOMP_RET_ALLOW;
}

bool Holds(const Condition& condition, const Arguments& arguments) {
  const uint64_t argument = arguments[condition.argument];
  switch (condition.test) {
    case Condition::Test::kNone:
      return true;
    case Condition::Test::kMasked:
      return (argument & condition.mask) == condition.value;
    case Condition::Test::kEqual:
      return argument == condition.value;
    case Condition::Test::kNotEqual:
      return argument != condition.value;
    case Condition::Test::kAtMost:
      return argument <= condition.value;
    case Condition::Test::kMoreThan:
      return argument > condition.value;
  }
  return false;
}

For Who(Profile profile) { return profile == Profile::kScorer ? For::kScorer : For::kStatic; }

// Rows of the table that speak of this call with these arguments.
std::vector<const Row*> Matching(Profile profile, int call, const Arguments& arguments) {
  std::vector<const Row*> rows;
  const Table table = Calls();
  for (size_t i = 0; i < table.count; ++i) {
    const Row& row = table.rows[i];
    if (row.call != call) continue;
    if ((static_cast<unsigned>(row.who) & static_cast<unsigned>(Who(profile))) == 0) continue;
    bool holds = true;
    for (const Condition& condition : row.conditions) holds &= Holds(condition, arguments);
    if (holds) rows.push_back(&row);
  }
  return rows;
}

uint32_t Unlisted(Diagnostics diagnostics) {
  return diagnostics == Diagnostics::kRehearsal ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_KILL_PROCESS;
}

// Values on both sides of everything that a row asks of an argument, with garbage above an int's
// bits too.
std::vector<uint64_t> Interesting(int call, uint8_t argument) {
  std::set<uint64_t> values = {0, 1, 2, ~uint64_t{0}, 0xffffffff, uint64_t{1} << 32};
  const Table table = Calls();
  for (size_t i = 0; i < table.count; ++i) {
    if (table.rows[i].call != call) continue;
    for (const Condition& condition : table.rows[i].conditions) {
      if (condition.test == Condition::Test::kNone || condition.argument != argument) continue;
      for (const uint64_t value :
           {condition.value, condition.value - 1, condition.value + 1,
            condition.value | condition.mask, condition.value | ~condition.mask,
            condition.value | (uint64_t{1} << 40)}) {
        values.insert(value);
      }
      for (int bit = 0; bit < 64; ++bit) values.insert(condition.value ^ (uint64_t{1} << bit));
    }
  }
  return {values.begin(), values.end()};
}

// The arguments that any row of the call has a condition on.
std::vector<uint8_t> Conditioned(int call) {
  std::set<uint8_t> arguments;
  const Table table = Calls();
  for (size_t i = 0; i < table.count; ++i) {
    if (table.rows[i].call != call) continue;
    for (const Condition& condition : table.rows[i].conditions) {
      if (condition.test != Condition::Test::kNone) arguments.insert(condition.argument);
    }
  }
  return {arguments.begin(), arguments.end()};
}

// Arguments that could meet a condition by chance: none, all, a table's own values.
const std::vector<Arguments>& Classes() {
  static const std::vector<Arguments> classes = [] {
    const uint64_t ones = ~uint64_t{0};
    const uint64_t high = uint64_t{1} << 32;
    return std::vector<Arguments>{{},
                                  {1, 1, 1, 1, 1, 1},
                                  {ones, ones, ones, ones, ones, ones},
                                  {high, high, high, high, high, high},
                                  {kProgramFd, 0, 0, 0, 0x1000, 0},
                                  {1, 0, 0, 0, 0, 0}};
  }();
  return classes;
}

uint32_t AskFilter(const Filter& filter, int call, const Arguments& arguments,
                   uint32_t architecture) {
  seccomp_data data{};
  data.nr = call;
  data.arch = architecture;
  for (size_t i = 0; i < arguments.size(); ++i) data.args[i] = arguments[i];
  return Evaluate(filter, data);
}

scmp_arg_cmp Comparison(const Condition& condition) {
  switch (condition.test) {
    case Condition::Test::kMasked:
      return {condition.argument, SCMP_CMP_MASKED_EQ, condition.mask, condition.value};
    case Condition::Test::kNotEqual:
      return {condition.argument, SCMP_CMP_NE, condition.value, 0};
    case Condition::Test::kAtMost:
      return {condition.argument, SCMP_CMP_LE, condition.value, 0};
    case Condition::Test::kMoreThan:
      return {condition.argument, SCMP_CMP_GT, condition.value, 0};
    default:
      return {condition.argument, SCMP_CMP_EQ, condition.value, 0};
  }
}

// The table's rules by libseccomp without the tree. Leaves `filter` empty on failure.
void CompileChain(Profile profile, Diagnostics diagnostics, Filter* filter) {
  scmp_filter_ctx context = seccomp_init(
      diagnostics == Diagnostics::kRehearsal ? SCMP_ACT_NOTIFY : SCMP_ACT_KILL_PROCESS);
  ASSERT_EQ(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), 0);
  ASSERT_EQ(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 1), 0);
  const Table table = Calls();
  for (size_t i = 0; i < table.count; ++i) {
    const Row& row = table.rows[i];
    if ((static_cast<unsigned>(row.who) & static_cast<unsigned>(Who(profile))) == 0) continue;
    std::vector<scmp_arg_cmp> conditions;
    for (const Condition& condition : row.conditions) {
      if (condition.test != Condition::Test::kNone) conditions.push_back(Comparison(condition));
    }
    const uint32_t action = row.verdict == Verdict::kAllow
                                ? SCMP_ACT_ALLOW
                                : SCMP_ACT_ERRNO(static_cast<uint32_t>(row.answer));
    ASSERT_EQ(
        seccomp_rule_add_exact_array(context, action, row.call,
                                     static_cast<unsigned>(conditions.size()), conditions.data()),
        0);
  }
  const int file = memfd_create("chain", MFD_CLOEXEC);
  ASSERT_EQ(seccomp_export_bpf(context, file), 0);
  const ssize_t bytes = pread(file, filter->instructions, sizeof filter->instructions, 0);
  ASSERT_EQ(bytes, lseek(file, 0, SEEK_END)) << "no room";
  filter->count =
      static_cast<unsigned short>(static_cast<size_t>(bytes) / sizeof(filter->instructions[0]));
  close(file);
  seccomp_release(context);
}

class FilterTest : public testing::TestWithParam<std::pair<Profile, Diagnostics>> {
 protected:
  void SetUp() override { ASSERT_EQ(CompileFilter(profile(), diagnostics(), filter_.get()), 0); }

  static Profile profile() { return GetParam().first; }
  static Diagnostics diagnostics() { return GetParam().second; }

  uint32_t Ask(int call, const Arguments& arguments,
               uint32_t architecture = AUDIT_ARCH_X86_64) const {
    return AskFilter(*filter_, call, arguments, architecture);
  }

  uint32_t Expected(int call, const Arguments& arguments) const {
    const std::vector<const Row*> rows = Matching(profile(), call, arguments);
    EXPECT_LE(rows.size(), 1u) << "rows of call " << call << " overlap";
    if (rows.empty()) return Unlisted(diagnostics());
    return rows[0]->verdict == Verdict::kAllow
               ? SECCOMP_RET_ALLOW
               : SECCOMP_RET_ERRNO | static_cast<uint32_t>(rows[0]->answer);
  }

  std::unique_ptr<Filter> filter_ = std::make_unique<Filter>();
};

TEST_P(FilterTest, EveryCallAsTheTableSays) {
  for (const Arguments& arguments : Classes()) {
    for (int call = 0; call < 2048; ++call) {
      EXPECT_EQ(Ask(call, arguments), Expected(call, arguments)) << call;
    }
  }
}

// Arguments that the call's rows speak of, each with each; the others are zero.
TEST_P(FilterTest, EveryPairOfConditionsWhole) {
  std::set<int> calls;
  for (size_t i = 0; i < Calls().count; ++i) calls.insert(Calls().rows[i].call);
  size_t asked = 0;
  for (const int call : calls) {
    const std::vector<uint8_t> conditioned = Conditioned(call);
    ASSERT_LE(conditioned.size(), 3u) << call;
    std::vector<Arguments> all = {{}};
    for (const uint8_t argument : conditioned) {
      std::vector<Arguments> more;
      for (const Arguments& arguments : all) {
        for (const uint64_t value : Interesting(call, argument)) {
          more.push_back(arguments);
          more.back()[argument] = value;
        }
      }
      all = std::move(more);
    }
    for (const Arguments& arguments : all) {
      ASSERT_EQ(Ask(call, arguments), Expected(call, arguments)) << call;
    }
    asked += all.size();
  }
  RecordProperty("asked", static_cast<int>(asked));
  EXPECT_GT(asked, 20'000u);
}

// libseccomp's other form of the same rules: a chain in place of a tree. Its verdicts are the same.
TEST_P(FilterTest, AChainSaysWhatTheTreeSays) {
  const auto chain = std::make_unique<Filter>();
  CompileChain(profile(), diagnostics(), chain.get());
  ASSERT_GT(chain->count, 0);
  ASSERT_NE(chain->count, filter_->count) << "both are one form";
  for (const uint32_t architecture : {uint32_t{AUDIT_ARCH_X86_64}, uint32_t{AUDIT_ARCH_I386}}) {
    for (int call = -1; call < 1024; ++call) {
      for (const Arguments& arguments : Classes()) {
        ASSERT_EQ(AskFilter(*chain, call, arguments, architecture),
                  Ask(call, arguments, architecture))
            << call;
      }
      for (const uint8_t argument : Conditioned(call)) {
        for (const uint64_t value : Interesting(call, argument)) {
          Arguments arguments{};
          arguments[argument] = value;
          ASSERT_EQ(AskFilter(*chain, call, arguments, architecture),
                    Ask(call, arguments, architecture))
              << call;
        }
      }
    }
  }
}

TEST_P(FilterTest, EveryConditionOnBothSides) {
  std::mt19937_64 random(1);
  std::set<int> calls;
  for (size_t i = 0; i < Calls().count; ++i) calls.insert(Calls().rows[i].call);
  size_t asked = 0;
  for (const int call : calls) {
    std::array<std::vector<uint64_t>, 6> values;
    for (uint8_t i = 0; i < 6; ++i) values[i] = Interesting(call, i);
    for (int draw = 0; draw < 4000; ++draw) {
      Arguments arguments{};
      for (size_t i = 0; i < 6; ++i) arguments[i] = values[i][random() % values[i].size()];
      ASSERT_EQ(Ask(call, arguments), Expected(call, arguments))
          << call << "(" << arguments[0] << ", " << arguments[1] << ", " << arguments[2] << ")";
      ++asked;
    }
  }
  EXPECT_GT(asked, 100'000u);
}

TEST_P(FilterTest, AnotherArchitectureKillsEvenInARehearsal) {
  for (const uint32_t architecture : {uint32_t{AUDIT_ARCH_I386}, uint32_t{AUDIT_ARCH_AARCH64},
                                      uint32_t{AUDIT_ARCH_RISCV64}, 0u, ~0u}) {
    for (const Arguments& arguments : Classes()) {
      for (int call = 0; call < 1024; ++call) {
        ASSERT_EQ(Ask(call, arguments, architecture), SECCOMP_RET_KILL_PROCESS) << call;
        ASSERT_EQ(Ask(call | 0x40000000, arguments, architecture), SECCOMP_RET_KILL_PROCESS)
            << call;
      }
    }
  }
}

TEST_P(FilterTest, X32AndNumbersThatDoNotExistKill) {
  for (const Arguments& arguments : Classes()) {
    for (int call = 0; call < 1024; ++call) {
      const uint32_t verdict = Ask(call | 0x40000000, arguments);
      EXPECT_EQ(verdict, SECCOMP_RET_KILL_PROCESS) << call;
    }
  }
  for (const int call : {-1, -2, 0x7fffffff, static_cast<int>(0x80000000)}) {
    const uint32_t verdict = Ask(call, {});
    EXPECT_TRUE(verdict == SECCOMP_RET_KILL_PROCESS || verdict == Unlisted(diagnostics())) << call;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, FilterTest,
    testing::Values(std::pair(Profile::kStatic, Diagnostics::kSealed),
                    std::pair(Profile::kStatic, Diagnostics::kRehearsal),
                    std::pair(Profile::kScorer, Diagnostics::kSealed),
                    std::pair(Profile::kScorer, Diagnostics::kRehearsal)),
    [](const auto& information) {
      return std::string(information.param.first == Profile::kStatic ? "static" : "scorer") +
             (information.param.second == Diagnostics::kSealed ? "_sealed" : "_rehearsal");
    });

TEST(TableTest, ARehearsalDiffersInTheUnlistedVerdictAlone) {
  for (const Profile profile : {Profile::kStatic, Profile::kScorer}) {
    const auto sealed = std::make_unique<Filter>();
    const auto rehearsal = std::make_unique<Filter>();
    ASSERT_EQ(CompileFilter(profile, Diagnostics::kSealed, sealed.get()), 0);
    ASSERT_EQ(CompileFilter(profile, Diagnostics::kRehearsal, rehearsal.get()), 0);
    for (int call = 0; call < 1024; ++call) {
      seccomp_data data{};
      data.nr = call;
      data.arch = AUDIT_ARCH_X86_64;
      const uint32_t one = Evaluate(*sealed, data);
      const uint32_t other = Evaluate(*rehearsal, data);
      EXPECT_TRUE(one == other ||
                  (one == SECCOMP_RET_KILL_PROCESS && other == SECCOMP_RET_USER_NOTIF))
          << call;
    }
  }
}

// What it may do beyond a model can only narrow its own filter.
TEST(TableTest, TheScorerMayBesidesOnlySealItself) {
  for (size_t i = 0; i < Calls().count; ++i) {
    const Row& row = Calls().rows[i];
    EXPECT_STRNE(row.why, "");
    if (row.who != For::kScorer) continue;
    EXPECT_EQ(row.call, __NR_prctl);
    const uint64_t option = row.conditions[0].value;
    EXPECT_TRUE(option == PR_SET_NO_NEW_PRIVS || option == PR_SET_SECCOMP) << option;
  }
}

}  // namespace
}  // namespace pinhole::sandbox::launcher
