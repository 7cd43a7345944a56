// Compiles the system call table with libseccomp, once a profile; the box then loads ready
// instructions.
#include "sandbox/launcher/filter.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sandbox/launcher/syscalls.h"

namespace pinhole::sandbox::launcher {
namespace {

scmp_arg_cmp Comparison(const Condition& condition) {
  scmp_arg_cmp compare{};
  compare.arg = condition.argument;
  compare.datum_a = condition.value;
  switch (condition.test) {
    case Condition::Test::kMasked:
      compare.op = SCMP_CMP_MASKED_EQ;
      compare.datum_a = condition.mask;
      compare.datum_b = condition.value;
      break;
    case Condition::Test::kNotEqual:
      compare.op = SCMP_CMP_NE;
      break;
    case Condition::Test::kAtMost:
      compare.op = SCMP_CMP_LE;
      break;
    case Condition::Test::kMoreThan:
      compare.op = SCMP_CMP_GT;
      break;
    case Condition::Test::kEqual:
    case Condition::Test::kNone:
      compare.op = SCMP_CMP_EQ;
      break;
  }
  return compare;
}

int AddRow(scmp_filter_ctx context, const Row& row) {
  scmp_arg_cmp compare[kMostConditions];
  unsigned count = 0;
  for (const Condition& condition : row.conditions) {
    if (condition.test != Condition::Test::kNone) compare[count++] = Comparison(condition);
  }
  const uint32_t action = row.verdict == Verdict::kAllow
                              ? SCMP_ACT_ALLOW
                              : SCMP_ACT_ERRNO(static_cast<uint32_t>(row.answer));
  return seccomp_rule_add_exact_array(context, action, row.call, count, compare);
}

int AddTable(scmp_filter_ctx context, For who) {
  // Errors of libseccomp are negative errno values.
  if (int error = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) {
    return -error;
  }
  if (int error = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)) return -error;
  const Table table = Calls();
  for (size_t i = 0; i < table.count; ++i) {
    const Row& row = table.rows[i];
    if ((static_cast<unsigned>(row.who) & static_cast<unsigned>(who)) == 0) continue;
    if (int error = AddRow(context, row)) return -error;
  }
  return 0;
}

int Export(scmp_filter_ctx context, Filter* filter) {
  const int file = memfd_create("filter", MFD_CLOEXEC);
  if (file < 0) return errno;
  int error = -seccomp_export_bpf(context, file);
  if (error == 0) {
    const ssize_t bytes = pread(file, filter->instructions, sizeof filter->instructions, 0);
    const off_t whole = lseek(file, 0, SEEK_END);
    if (bytes <= 0 || bytes != whole) {
      error = EOVERFLOW;
    } else {
      filter->count = static_cast<unsigned short>(static_cast<size_t>(bytes) / sizeof(sock_filter));
    }
  }
  close(file);
  return error;
}

}  // namespace

int CompileFilter(protocol::Profile profile, protocol::Diagnostics diagnostics, Filter* filter) {
  const For who = profile == protocol::Profile::kScorer ? For::kScorer : For::kStatic;
  const uint32_t unlisted =
      diagnostics == protocol::Diagnostics::kRehearsal ? SCMP_ACT_NOTIFY : SCMP_ACT_KILL_PROCESS;
  scmp_filter_ctx context = seccomp_init(unlisted);
  if (context == nullptr) return ENOMEM;
  int error = AddTable(context, who);
  if (error == 0) error = Export(context, filter);
  seccomp_release(context);
  return error;
}

}  // namespace pinhole::sandbox::launcher
