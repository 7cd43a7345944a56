// Runs every experiment and prints the report's tables; with "--write FILE" puts them there. Ends
// with 1 when a control is too weak, an attack leaks or a mutant survives.
//
//   redteam_report quick|long [--write docs/RED_TEAM.md]
//   redteam_report controls [--write docs/RED_TEAM.md]     of the long profile the open channels
//   alone redteam_report catalogue [--write docs/RED_TEAM.md]    the list of attacks, without
//   measuring
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/redteam/catalogue.h"
#include "tests/redteam/report.h"

namespace {

bool Put(std::string& document, const char* name, const std::string& text) {
  if (text.empty()) return true;  // not measured this time
  document = pinhole::redteam::Between(document, name, text);
  if (document.empty()) std::fprintf(stderr, "the document lacks the marks of %s\n", name);
  return !document.empty();
}

}  // namespace

int main(int count, char** arguments) {
  using pinhole::redteam::Profile;
  const std::string mode = count > 1 ? arguments[1] : "";
  const bool write = count == 4 && std::string(arguments[2]) == "--write";
  const bool all = mode == "quick" || mode == "long";
  if ((!all && mode != "controls" && mode != "catalogue") || (count != 2 && !write)) {
    std::fprintf(stderr, "usage: redteam_report quick|long|controls|catalogue [--write FILE]\n");
    return 2;
  }
  pinhole::redteam::Report report;
  if (all) report = pinhole::redteam::RunAll(mode == "long" ? Profile::kLong : Profile::kQuick);
  if (mode == "controls") report = pinhole::redteam::RunOpenChannels(Profile::kLong);
  const std::string catalogue = pinhole::redteam::CatalogueText();
  if (!write) {
    for (const std::string& table :
         {catalogue, report.open_channels, report.attacks, report.mutants})
      std::printf("%s\n", table.c_str());
    return report.holds ? 0 : 1;
  }
  std::stringstream text;
  text << std::ifstream(arguments[3]).rdbuf();
  std::string document = text.str();
  if (!Put(document, "catalogue", catalogue)) return 1;
  if (mode != "catalogue" &&
      (!Put(document, "open channels", report.open_channels) ||
       !Put(document, "attacks", report.attacks) || !Put(document, "mutants", report.mutants))) {
    return 1;
  }
  std::ofstream(arguments[3]) << document;
  return report.holds ? 0 : 1;
}
