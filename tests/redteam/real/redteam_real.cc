// Measures what needs real processes and real time, and prints a table; with "--write FILE" puts it
// there. Ends with 1 when the pipe leaks or the encoder does not encode.
//
//   redteam_real quick|long [--write docs/RED_TEAM.md]     as root: boxes have users of their own
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/redteam/meter.h"
#include "tests/redteam/real/real_report.h"

namespace pinhole::redteam {
namespace {

std::string Between(const std::string& document, const std::string& text) {
  constexpr std::string_view kBegin = "<!-- real -->\n";
  const size_t from = document.find(kBegin);
  const size_t to = document.find("<!-- end of real -->");
  if (from == std::string::npos || to == std::string::npos) return "";
  std::string changed = document;
  return changed.replace(from + kBegin.size(), to - from - kBegin.size(), text);
}

int Main(const RealProfile& profile, const char* file) {
  std::string table = RealHead();
  constexpr struct {
    Load load;
    Receiver receiver;
  } kFelt[] = {{Load::kProcessor, Receiver::kSameCore},
               {Load::kProcessor, Receiver::kOtherCore},
               {Load::kMemory, Receiver::kOtherCore}};
  for (size_t i = 0; i < std::size(kFelt); ++i) {
    const Contention felt = Feel(kFelt[i].load, kFelt[i].receiver, profile.slots, 2026 + i);
    table += FeltRow(kFeltRows[i], felt);
    std::fprintf(stderr, "felt: %.4f\n", felt.rate());
  }
  const RealRuns runs = PlayRealRuns(profile.lanes, profile.trials);
  table += PipeRows(runs);
  const RealRuns shown = PlayRealRuns(profile.lanes, 6 * profile.lanes, Failures::kShown);
  table += MutantRow(shown);
  std::printf(
      "%s\n%jd runs in %jd rounds, %jd different views; what they predicted is in the "
      "vault: %s, on the pipe: %s\n",
      table.c_str(), runs.trials, runs.rounds, runs.views, runs.written ? "yes" : "NO",
      runs.on_the_pipe ? "YES" : "no");
  if (file != nullptr) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    const std::string document = Between(text.str(), table);
    if (document.empty()) return 1;
    std::ofstream(file) << document;
  }
  return Holds(runs) && Alarm(shown.right, shown.trials) ? 0 : 1;
}

}  // namespace
}  // namespace pinhole::redteam

int main(int count, char** arguments) {
  const std::string mode = count > 1 ? arguments[1] : "";
  const bool write = count == 4 && std::string(arguments[2]) == "--write";
  if ((mode != "quick" && mode != "long") || (count != 2 && !write)) {
    std::fprintf(stderr, "usage: redteam_real quick|long [--write FILE]\n");
    return 2;
  }
  return pinhole::redteam::Main(
      mode == "long" ? pinhole::redteam::kLongReal : pinhole::redteam::kQuickReal,
      write ? arguments[3] : nullptr);
}
