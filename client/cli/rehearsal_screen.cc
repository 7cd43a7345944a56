#include "client/cli/rehearsal_screen.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "client/cli/table.h"
#include "server/core/base/text.h"

namespace pinhole::cli {
namespace {

using sandbox::Outcome;

std::string Mebibytes(int64_t bytes) {
  return absl::StrFormat("%.1f MiB", static_cast<double>(bytes) / (1 << 20));
}
std::string Seconds(int64_t micros) {
  return absl::StrFormat("%.3f s", static_cast<double>(micros) / 1e6);
}

std::string LevelText(const contest::LevelScale& scale, const score::Level& level) {
  if (level.index() >= scale.level_count()) {
    return absl::StrFormat("worse than %s, cannot be shown",
                           FormatMillionths(scale.ValueOf(scale.level_count() - 1)));
  }
  return absl::StrFormat("level %d, shown as %s", level.index(),
                         FormatMillionths(scale.ValueOf(level.index())));
}

std::string ForbiddenText(int number) {
  if (number < 0) {
    return "killed: a system call outside the list, of another architecture; build for x86-64";
  }
  const std::string name = CallName(number);
  const std::string advice = CallAdvice(name);
  return absl::StrFormat("killed: system call %s is not allowed%s%s", name,
                         advice.empty() ? "" : "; ", advice);
}

}  // namespace

std::string EndText(const contest::Policy& policy, const sandbox::BoxReport& report) {
  const contest::Limits& limits = policy.limits;
  switch (report.outcome) {
    case Outcome::kExited:
      if (report.exit_code == 0) return "exited with code 0";
      return absl::StrFormat("exited with code %d: a run counts only with code 0",
                             report.exit_code);
    case Outcome::kSignaled:
      return absl::StrFormat("crashed: signal %d (%s)", report.signal, strsignal(report.signal));
    case Outcome::kWallLimit:
      return absl::StrFormat("stopped: the %s of wall time are over; train less or predict sooner",
                             SpanText(limits.wall_ms));
    case Outcome::kCpuLimit:
      return absl::StrFormat("stopped: the %d s of CPU time, of all threads together, are over",
                             limits.cpu_seconds);
    case Outcome::kMemoryLimit:
      return absl::StrFormat(
          "stopped: more than %s of memory, files in /tmp included; map the flat "
          "columns of /data instead of copying them",
          ByteText(limits.memory_bytes));
    case Outcome::kOutputLimit:
      return absl::StrFormat("stopped: more than %s on standard output; print predictions alone",
                             ByteText(limits.output_bytes));
    case Outcome::kForbiddenCall:
      return ForbiddenText(report.syscall);
    case Outcome::kNotExecutable:
      return "not started: no static x86-64 executable; link with -static";
    case Outcome::kSetupFailed:
      break;
  }
  return absl::StrFormat("not started: this machine cannot build the box: %s", report.setup);
}

std::string RehearsalText(const contest::Policy& policy, const RehearsalResult& result) {
  const contest::Limits& limits = policy.limits;
  const sandbox::BoxReport& report = result.report;
  std::vector<std::vector<std::string>> rows = {{"END", EndText(policy, report)}};
  if (result.scored()) {
    const contest::LevelScale& scale = policy.scoring.scale;
    rows.push_back(
        {"SCORE", absl::StrFormat("%s %.6f on %s (%s)", Name(policy.scoring.metric),
                                  result.scores->public_score,
                                  Count(result.scores->public_rows, "row", "rows"),
                                  LevelText(scale, result.scores->levels.public_level))});
    rows.push_back({"FINAL", absl::StrFormat("%s %.6f on %s (%s)", Name(policy.scoring.metric),
                                             result.scores->final_score,
                                             Count(result.scores->final_rows, "row", "rows"),
                                             LevelText(scale, result.scores->levels.final_level))});
  } else if (!result.fault.empty()) {
    rows.push_back({"OUTPUT", "not scored: " + result.fault});
  }
  rows.push_back({"TIME", absl::StrFormat("%s wall of %s, %s CPU of %d s",
                                          Seconds(report.wall_micros), SpanText(limits.wall_ms),
                                          Seconds(report.cpu_micros), limits.cpu_seconds)});
  rows.push_back(
      {"MEMORY", result.memory_limit == MemoryLimit::kTouchedPages
                     ? absl::StrFormat("%s at the most of %s", Mebibytes(report.peak_memory_bytes),
                                       ByteText(limits.memory_bytes))
                     : absl::StrFormat("limited to %s of address space and not measured; as root, "
                                       "where there are cgroups, touched pages are counted",
                                       ByteText(limits.memory_bytes))});
  rows.push_back({"BYTES", absl::StrFormat("%d on standard output of %s, %d on standard error",
                                           report.output_bytes, ByteText(limits.output_bytes),
                                           report.diagnostics_bytes)});
  std::string text = FormatTable(rows, 0);
  text +=
      result.scored()
          ? "Mock data are invented: the score says that the program works, not how good it is.\n"
          : "A real run would show FAILED or NOT_IMPROVED, and never say why.\n";
  return text;
}

std::string RehearsalJson(const contest::Policy& policy, const RehearsalResult& result) {
  const sandbox::BoxReport& report = result.report;
  nlohmann::ordered_json json = {{"scored", result.scored()},
                                 {"outcome", std::string(sandbox::OutcomeName(report.outcome))},
                                 {"end", EndText(policy, report)},
                                 {"exit_code", report.exit_code},
                                 {"signal", report.signal},
                                 {"wall_micros", report.wall_micros},
                                 {"cpu_micros", report.cpu_micros},
                                 {"peak_memory_bytes", report.peak_memory_bytes},
                                 {"output_bytes", report.output_bytes},
                                 {"stderr", result.diagnostics}};
  if (report.outcome == Outcome::kForbiddenCall && report.syscall >= 0) {
    json["refused_call"] = CallName(report.syscall);
  }
  if (result.scored()) {
    json["public_score"] = result.scores->public_score;
    json["public_level"] = result.scores->levels.public_level.index();
    json["final_score"] = result.scores->final_score;
    json["final_level"] = result.scores->levels.final_level.index();
    json["levels"] = policy.scoring.scale.level_count();
  } else {
    json["fault"] = result.fault;
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace pinhole::cli
