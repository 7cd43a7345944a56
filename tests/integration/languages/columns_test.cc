// Static programs in C, C++, Rust and Go map a column of the view and sum it with threads, in a
// box, as their compilers made them.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_format.h"
#include "sandbox/explain.h"
#include "tests/containment/lane_fixture.h"

namespace pinhole::sandbox {
namespace {

constexpr int32_t kRows = 100'000;

struct Language {
  const char* name;
  const char* program;
};
void PrintTo(const Language& language, std::ostream* stream) { *stream << language.name; }

class ColumnsTest : public LaneTest, public testing::WithParamInterface<Language> {
 protected:
  // Returns the sum.
  static int64_t WriteColumn() {
    const std::string folder = view_path() + "/columns/train";
    std::filesystem::create_directories(folder);
    const std::string path = folder + "/value.i32";
    std::ofstream file(path, std::ios::binary);
    int64_t sum = 0;
    for (int32_t row = 0; row < kRows; ++row) {
      const int32_t value = row * 37 % 1009 - 300;
      sum += value;
      file.write(reinterpret_cast<const char*>(&value), sizeof value);
    }
    file.close();
    EXPECT_TRUE(file.good());
    for (const std::string& name : {view_path() + "/columns", folder, path}) {
      EXPECT_EQ(chown(name.c_str(), 0, kViewGid), 0);
      EXPECT_EQ(chmod(name.c_str(), name == path ? 0640 : 0750), 0);
    }
    return sum;
  }
};

TEST_P(ColumnsTest, AreMappedAndSummedByThreads) {
  const std::string path = ProgramPath(GetParam().program);
  if (!std::filesystem::exists(path)) {
    std::fprintf(stderr, "NOT TESTED: %s in a box, as its compiler was not there\n",
                 GetParam().name);
    SKIP_OR_FAIL(absl::StrFormat("no compiler for %s when the tests were built", GetParam().name));
  }
  const std::string expected = absl::StrFormat("%d\n", WriteColumn());
  for (const Diagnostics diagnostics : {Diagnostics::kSealed, Diagnostics::kRehearsal}) {
    BoxSpec spec;
    spec.diagnostics = diagnostics;
    spec.threads = 16;
    const absl::StatusOr<Seen> seen = RunProgram(SharedLane(), ReadFile(path), spec);
    ASSERT_TRUE(seen.ok()) << seen.status();
    EXPECT_EQ(OutcomeName(seen->report.outcome), "exited") << Explain(seen->report, spec);
    EXPECT_EQ(seen->report.exit_code, 0) << seen->diagnostics;
    EXPECT_EQ(seen->output, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Languages, ColumnsTest,
                         testing::Values(Language{"C", "columns_c"},
                                         Language{"Cplusplus", "columns_cpp"},
                                         Language{"Rust", "columns_rust"},
                                         Language{"Go", "columns_go"}),
                         [](const auto& language) { return std::string(language.param.name); });

}  // namespace
}  // namespace pinhole::sandbox
