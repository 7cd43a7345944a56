// What a contestant submits who tells as much as the policy lets out: the symbol that the planter
// hid in the private training row of this program's number, as a level, a failure, or nothing.
// Which number is patched into its file, so that each try is another program.
#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

// Found by its text in the program's file; the number follows it.
volatile const struct {
  char text[16];
  int64_t index;
} kIndex = {"PINHOLE-INDEX:", 0};

std::vector<int64_t> Column(const char* path) {
  struct stat info;
  FILE* const file = fopen(path, "rb");
  if (file == nullptr || stat(path, &info) != 0) exit(9);
  std::vector<int64_t> values(static_cast<size_t>(info.st_size) / 8);
  if (fread(values.data(), 8, values.size(), file) != values.size()) exit(9);
  fclose(file);
  return values;
}

int64_t Symbol() {
  const std::vector<int64_t> ids = Column("/data/columns/rows/id.i64");
  const std::vector<int64_t> symbols = Column("/data/columns/rows/x.i64");
  for (size_t row = 0; row < ids.size(); ++row) {
    if (ids[row] == kIndex.index) return symbols[row];
  }
  exit(9);
}

}  // namespace

int main() {
  const int64_t symbol = Symbol();
  if (symbol == 1) return 1;
  // All scored labels are 5, so a constant's error is its distance from it: of level 0 it is 0.10,
  // and 0.02 more of each one after it. 9 is worse than any.
  const long hundredths = symbol == 0 ? 900 : 510 + 2 * (symbol - 2);
  const size_t rows = Column("/data/columns/predict/row.i64").size();
  for (size_t row = 0; row < rows; ++row) printf("%ld.%02ld\n", hundredths / 100, hundredths % 100);
  return 0;
}
