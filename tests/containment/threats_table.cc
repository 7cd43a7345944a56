// Prints the generated part of docs/THREATS.md; with "--write FILE" puts it there.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tests/containment/catalogue.h"

int main(int count, char** arguments) {
  const std::string table = pinhole::sandbox::TableText();
  if (count != 3 || std::strcmp(arguments[1], "--write") != 0) {
    std::fputs(table.c_str(), stdout);
    return 0;
  }
  std::stringstream text;
  text << std::ifstream(arguments[2]).rdbuf();
  std::string document = text.str();
  const std::string begin = "<!-- threats_table -->\n";
  const size_t from = document.find(begin);
  const size_t to = document.find("<!-- end of threats_table -->");
  if (from == std::string::npos || to == std::string::npos) {
    std::fprintf(stderr, "%s lacks the marks of the generated part\n", arguments[2]);
    return 1;
  }
  document.replace(from + begin.size(), to - from - begin.size(), table);
  std::ofstream(arguments[2]) << document;
  return 0;
}
