#include "tests/redteam/real/real_report.h"

#include "absl/strings/str_format.h"
#include "tests/redteam/meter.h"

namespace pinhole::redteam {
namespace {

std::string Row(const char* begin, int64_t right, int64_t trials, double bits_a_second,
                const char* verdict) {
  return absl::StrFormat("%s %d | %.4f | 0.5 ± %.4f | %.3f | %s | %s |\n", begin, trials,
                         static_cast<double>(right) / static_cast<double>(trials),
                         AlarmDistance(trials), ExtractedBits(1, right, trials),
                         bits_a_second < 0 ? "–" : absl::StrFormat("%.1f", bits_a_second), verdict);
}

}  // namespace

std::string RealHead() {
  return "| attack | deployment | encoder | receiver | trials | right guesses | alarm beyond | "
         "extracted bits a trial (99.9 %) | bits a second | verdict |\n"
         "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
}

std::string FeltRow(const char* begin, const Contention& felt) {
  return Row(begin, felt.right, felt.slots, felt.BitsASecond(),
             Alarm(felt.right, felt.slots) ? "read" : "not read this time");
}

std::string PipeRows(const RealRuns& runs) {
  return Row(kPipeRow, runs.right, runs.trials, -1,
             Alarm(runs.right, runs.trials) ? "LEAKS" : "at chance") +
         Row(kToldRow, runs.told, runs.trials, -1,
             runs.told == runs.trials ? "strong enough" : "NOT STRONG ENOUGH");
}

std::string MutantRow(const RealRuns& runs) {
  return Row(kShownRow, runs.right, runs.trials, -1,
             Alarm(runs.right, runs.trials) ? "caught" : "SURVIVES");
}

bool Holds(const RealRuns& runs) {
  return !Alarm(runs.right, runs.trials) && runs.told == runs.trials && runs.written &&
         !runs.on_the_pipe;
}

}  // namespace pinhole::redteam
