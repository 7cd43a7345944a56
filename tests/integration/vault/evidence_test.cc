// The evidence of a real contest, through the operator's commands: every run is there and replays
// to its own level, each look is recorded, and what was changed is found.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "server/system/files.h"
#include "server/system/unique_fd.h"
#include "tests/support/vault_harness.h"

namespace pinhole {
namespace {

using testing::FrontDriver;
using testing::JoinText;
using testing::SubmitText;
using testing::VaultHarness;
using Json = nlohmann::json;

constexpr absl::Duration kPatience = absl::Seconds(40);

std::string Program(const std::string& name) {
  return ReadFile(testing::TestBin(name)).value_or("");
}

class Site {
 public:
  explicit Site(const std::string& predictions)
      : vault_({.lanes = 2, .predictions = predictions}), front_(vault_.socket()) {}

  // Submits all of `programs` in one exchange and waits for their results.
  void Play(const std::vector<std::string>& programs) {
    vault_.OpenContest();
    while (front_.mirror().Find("demo") == nullptr)
      ASSERT_TRUE(front_.Exchange({}, kPatience).ok());
    for (int i = 0; i < 10 && front_.mirror().Find("demo")->teams.empty(); ++i)
      ASSERT_TRUE(front_.Exchange({{JoinText("ada", 10), ""}}, kPatience).ok());
    std::vector<std::pair<std::string, std::string>> requests;
    for (const std::string& name : programs) {
      const std::string program = Program(name);
      ASSERT_FALSE(program.empty()) << name;
      requests.emplace_back(
          SubmitText(front_.mirror(), 10, program, absl::StrFormat("%d", requests.size())),
          program);
    }
    ASSERT_TRUE(front_.Exchange(requests, kPatience).ok());
    const auto& contest = *front_.mirror().Find("demo");
    ASSERT_EQ(contest.admissions.size(), programs.size());
    for (int i = 0; i < 20 && !contest.due.empty(); ++i)
      ASSERT_TRUE(front_.Exchange({}, kPatience).ok());
    ASSERT_TRUE(contest.due.empty()) << vault_.Output();
  }

  void Stop() {
    vault_.process().Kill(SIGTERM);
    EXPECT_EQ(vault_.process().Wait(kPatience), 0) << vault_.Output();
  }

  std::string Evidence(const std::vector<std::string>& words, int expected = 0) const {
    std::vector<std::string> command = {testing::Bin("pinhole-vault"), "evidence"};
    command.insert(command.end(), words.begin(), words.end());
    command.insert(command.begin() + 3, vault_.vault_folder());
    int code = 0;
    std::string text = testing::RunCommand(command, code);
    EXPECT_EQ(code, expected) << text;
    return text;
  }
  Json EvidenceJson(std::vector<std::string> words) const {
    words.emplace_back("--json");
    return Json::parse(Evidence(words));
  }

  std::map<int64_t, std::string> Shown() const {
    std::map<int64_t, std::string> shown;
    for (const auto& [index, admission] : front_.mirror().Find("demo")->admissions)
      shown[index] = admission.result->text;
    return shown;
  }
  VaultHarness& vault() { return vault_; }

 private:
  VaultHarness vault_;
  FrontDriver front_;
};

// Replays every run that the ledger has; returns their levels by the ADMIT's index.
std::map<int64_t, std::string> ReplayAll(const Site& site) {
  std::map<int64_t, std::string> levels;
  for (const auto& [admit, shown] : site.Shown()) {
    const std::string entry = absl::StrFormat("%d", admit);
    const Json replay = site.EvidenceJson({"replay", entry});
    EXPECT_TRUE(replay["same"].get<bool>()) << replay.dump();
    EXPECT_EQ(replay["recorded"], replay["replayed"]);
    const Json run = site.EvidenceJson({"show", entry});
    EXPECT_EQ(run["shown"], shown);
    EXPECT_EQ(run["level"], replay["recorded"]["level"]);
    EXPECT_NE(run["build"], std::string(64, '0'));
    EXPECT_NE(run["box"], std::string(64, '0'));
    levels[admit] = replay["replayed"]["level"].get<std::string>();
  }
  return levels;
}

// Turns the bits of one byte of the database, wherever the text stands first.
void Spoil(const std::string& path, const std::string& text) {
  std::string bytes = *ReadFile(path);
  const size_t at = bytes.find(text);
  ASSERT_NE(at, std::string::npos) << text;
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const char turned = static_cast<char>(~bytes[at]);
  ASSERT_EQ(::pwrite(file.get(), &turned, 1, static_cast<off_t>(at)), 1);
}

// What `predicted` in every row comes to, counted here from the harness's own labels.
void ExpectExact(const Json& run, int64_t predicted_millionths) {
  struct Set {
    const char* name;
    int first;
    int end;
  };
  for (const Set& set : {Set{"exact", 100, 160}, Set{"exact_final", 160, 200}}) {
    int64_t sum = 0;
    for (int i = set.first; i < set.end; ++i) {
      const int64_t error = predicted_millionths - (4'000'000 + i * 37 % 101 * 10'000);
      sum += error * error;
    }
    const int rows = set.end - set.first;
    const std::string name = set.name;
    EXPECT_EQ(run[name + "_sum"], absl::StrFormat("%d", sum));
    EXPECT_EQ(run[name + "_weight"], absl::StrFormat("%d", rows));
    EXPECT_EQ(run[name + "_one_row"], "1");
    const double score = std::sqrt(static_cast<double>(sum) / rows) / 1e6;
    EXPECT_EQ(run[name], absl::StrFormat("%.6f", score));
  }
}

TEST(Evidence, OfEveryRunReplaysBesideAVaultThatServesAndAfterIt) {
  Site site("text");
  const std::vector<std::string> conducts = {"honest", "better",  "garbage", "too_few", "crash",
                                             "flood",  "nonzero", "silent",  "hang"};
  std::vector<std::string> programs;
  for (const std::string& conduct : conducts) programs.push_back("conduct_" + conduct);
  ASSERT_NO_FATAL_FAILURE(site.Play(programs));
  const std::map<int64_t, std::string> beside = ReplayAll(site);
  ASSERT_EQ(beside.size(), conducts.size());
  const Json root = site.EvidenceJson({"verify"});
  EXPECT_EQ(root["runs"], conducts.size());
  // Two looks at each run, and this one.
  EXPECT_EQ(root["records"], 3 * conducts.size() + 1);
  site.Stop();
  EXPECT_EQ(ReplayAll(site), beside);
  std::vector<std::string> levels;
  for (const auto& [admit, level] : beside) levels.push_back(level);
  EXPECT_EQ(std::count(levels.begin() + 2, levels.end(), "failed"), 7);
  EXPECT_NE(levels[0], "failed");
  EXPECT_NE(levels[1], levels[0]);
  // The exact scores behind the levels, which no record and nothing public has.
  const auto admit = beside.begin();
  for (const char* command : {"show", "replay"}) {
    ExpectExact(site.EvidenceJson({command, absl::StrFormat("%d", admit->first)}), 5'000'000);
    const std::string better = absl::StrFormat("%d", std::next(admit)->first);
    ExpectExact(site.EvidenceJson({command, better}), 4'500'000);
  }
  const Json failed = site.EvidenceJson({"show", absl::StrFormat("%d", beside.rbegin()->first)});
  EXPECT_EQ(failed["exact"], "failed");
  EXPECT_EQ(failed["exact_final"], "failed");
  // An earlier root still stands where it stood.
  const std::string size = absl::StrFormat("%d", root["records"].get<int>());
  EXPECT_EQ(site.EvidenceJson({"verify", "--size", size})["root"], root["root"]);
  EXPECT_NE(site.EvidenceJson({"verify"})["root"], root["root"]);

  const Json list = site.EvidenceJson({"list"});
  size_t accesses = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(list[i]["record"], i + 1);
    accesses += list[i]["type"] == "access" ? 1 : 0;
  }
  EXPECT_EQ(accesses, list.size() - conducts.size());
  EXPECT_EQ(list.back()["command"], "list");
  EXPECT_EQ(list.back()["user"], ::getuid());
  const std::string text = site.Evidence({"list"});
  EXPECT_NE(text.find("outcome=wall-limit"), std::string::npos) << text;
  EXPECT_NE(text.find("command=replay"), std::string::npos) << text;

  // An entry that is no run.
  EXPECT_NE(site.Evidence({"show", "0"}, 1).find("evidence list"), std::string::npos);
  EXPECT_NE(site.Evidence({"verify", "--size", "99999"}, 1).find("records"), std::string::npos);

  // Predictions that were changed afterwards.
  const std::string first = absl::StrFormat("%d", beside.begin()->first);
  const std::string file = site.EvidenceJson({"show", first})["output_file"].get<std::string>();
  Spoil(file, "5\n5\n");
  EXPECT_NE(site.Evidence({"replay", first}, 1).find("stored predictions"), std::string::npos);
  const Json spoilt = site.EvidenceJson({"show", first});  // all that is still known
  EXPECT_NE(spoilt["exact"].get<std::string>().find("unknown: the stored predictions"),
            std::string::npos)
      << spoilt;
  EXPECT_EQ(spoilt["level"], beside.begin()->second);

  // A vault goes on, and one whose chain was changed says so and does not start.
  site.vault().Serve();
  site.Stop();
  const std::string database = site.vault().vault_folder() + "/private/vault.db";
  ASSERT_FALSE(std::filesystem::exists(database + "-wal"));
  Spoil(database, "outcome=exited");
  EXPECT_NE(site.Evidence({"verify"}, 1).find("not what its chain says"), std::string::npos);
  int code = 0;
  const std::string refused = testing::RunCommand(
      {testing::Bin("pinhole-vault"), "serve", site.vault().vault_folder()}, code);
  EXPECT_EQ(code, 1);
  EXPECT_NE(refused.find("of the evidence is not what its chain says"), std::string::npos)
      << refused;
}

TEST(Evidence, OfBinaryPredictionsReplaysToo) {
  for (const char* format : {"f32", "f64"}) {
    SCOPED_TRACE(format);
    Site site(format);
    // The other width, and text, are not as many numbers as there are rows.
    ASSERT_NO_FATAL_FAILURE(site.Play({"constants_f32", "constants_f64", "conduct_honest"}));
    std::vector<std::string> levels;
    for (const auto& [admit, level] : ReplayAll(site)) levels.push_back(level);
    ASSERT_EQ(levels.size(), 3U);
    const size_t right = std::string(format) == "f32" ? 0 : 1;
    for (size_t i = 0; i < 3; ++i)
      EXPECT_EQ(levels[i] == "failed", i != right) << i << " " << levels[i];
    site.Stop();
  }
}

// A level that the predictions do not have, in a chain that is whole.
TEST(Evidence, OfAnotherLevelIsToldByAReplay) {
  Site site("text");
  ASSERT_NO_FATAL_FAILURE(site.Play({"conduct_honest", "conduct_better"}));
  site.Stop();
  const auto shown = site.Shown();
  const std::string sheet = site.vault().vault_folder() + "/data/truth/demo.sheet";
  const std::string entry = absl::StrFormat("%d", shown.begin()->first);
  ASSERT_TRUE(site.EvidenceJson({"replay", entry})["same"].get<bool>());
  const Json exact = site.EvidenceJson({"show", entry})["exact"];
  EXPECT_NE(site.Evidence({"replay", entry}).find(exact.get<std::string>()), std::string::npos);
  // A sheet that lost its last byte scores nothing.
  const std::string rows = *ReadFile(sheet);
  {
    const UniqueFd file(::open(sheet.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::ftruncate(file.get(), static_cast<off_t>(rows.size() - 1)), 0);
  }
  const std::string text = site.Evidence({"replay", entry}, 1);
  EXPECT_NE(text.find("another level"), std::string::npos) << text;
}

}  // namespace
}  // namespace pinhole
