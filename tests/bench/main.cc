// Runs one suite through Google Benchmark, cases by turns, and prints its rows as JSON.
//
//   bench_NAME [--smoke] [--json=FILE]
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "absl/strings/str_format.h"
#include "tests/bench/suite.h"

namespace pinhole::bench {

void Fail(std::string_view what) {
  std::fprintf(stderr, "bench: %s\n", std::string(what).c_str());
  std::exit(1);
}

namespace {

// Seconds a call, one value a repetition, by case.
using Times = std::map<std::string, std::vector<double>>;

// Takes what Google Benchmark measured instead of printing it.
class Collector final : public benchmark::BenchmarkReporter {
 public:
  explicit Collector(Times& times) : times_(times) {}
  bool ReportContext(const Context& /*context*/) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred) Fail(run.benchmark_name() + ": " + run.error_message);
      times_[run.run_name.function_name].push_back(run.real_accumulated_time /
                                                   static_cast<double>(run.iterations));
    }
  }

 private:
  Times& times_;
};

double SecondsOf(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double Now(Clock clock) {
  if (clock == Clock::kWall) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  }
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    ::getrusage(who, &usage);
    seconds += SecondsOf(usage.ru_utime) + SecondsOf(usage.ru_stime);
  }
  return seconds;
}

void Register(const Case& one) {
  benchmark::RegisterBenchmark(one.name.c_str(),
                               [&one](benchmark::State& state) {
                                 for (auto _ : state) {
                                   if (one.prepare) one.prepare();
                                   if (one.self_timed) {
                                     state.SetIterationTime(one.self_timed());
                                     continue;
                                   }
                                   const double begin = Now(one.clock);
                                   one.run();
                                   state.SetIterationTime(Now(one.clock) - begin);
                                 }
                               })
      ->Iterations(one.calls)
      ->UseManualTime();
}

Times Measure(const Suite& suite) {
  for (const Case& one : suite.cases()) Register(one);
  Times times;
  Collector collector(times);
  std::vector<std::string> order;
  for (const Case& one : suite.cases()) order.push_back(one.name);
  std::mt19937 generator(1);  // the same orders in every run
  // One round more than counts: the first warms caches and is forgotten.
  for (int round = 0; round <= suite.repetitions(); ++round) {
    if (round == 1) times.clear();
    if (suite.shuffled()) std::shuffle(order.begin(), order.end(), generator);
    for (const std::string& name : order) {
      benchmark::RunSpecifiedBenchmarks(&collector, "^" + name + "/");
    }
    std::fputc('.', stderr);
  }
  std::fputc('\n', stderr);
  return times;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// The least of `values` that 95 of 100 do not exceed.
double Tail(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[(values.size() * 95 + 99) / 100 - 1];
}

const Case& Find(const Suite& suite, const std::string& name) {
  for (const Case& one : suite.cases()) {
    if (one.name == name) return one;
  }
  Fail("no case is called " + name);
}

// Ratios are taken within a repetition, where both ran next to each other; then the median.
nlohmann::json Evaluate(const Suite& suite, const Row& row, const Times& times) {
  const Case& subject = Find(suite, row.subject);
  const Case& floor = Find(suite, row.floor);
  const std::vector<double>& subject_times = times.at(row.subject);
  const std::vector<double>& floor_times = times.at(row.floor);
  std::vector<double> ratios;
  for (size_t i = 0; i < subject_times.size(); ++i) {
    const double subject_each = subject_times[i] / subject.amount;
    const double floor_each = floor_times[i] / floor.amount;
    ratios.push_back(row.aim == Aim::kAtLeast ? floor_each / subject_each
                                              : subject_each / floor_each);
  }
  const bool tail = row.take == Take::kTail;
  const double time = tail ? Tail(subject_times) : Median(subject_times);
  if (tail) ratios = {time / subject.amount / (Median(floor_times) / floor.amount)};
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  const double ratio = Median(ratios);
  const double rate = subject.amount / time;
  nlohmann::json out = {{"what", row.what},
                        {"seconds", time},
                        {"rate", rate},
                        {"unit", subject.unit},
                        {"floor", row.floor_text},
                        {"floor_seconds", Median(floor_times)},
                        {"floor_rate", floor.amount / Median(floor_times)},
                        {"floor_unit", floor.unit},
                        {"ratio", ratio},
                        {"ratio_low", *low},
                        {"ratio_high", *high},
                        {"aim", row.aim == Aim::kAtLeast ? "at least" : "at most"}};
  bool met = true;
  if (row.ratio_aim.has_value()) {
    out["ratio_aim"] = *row.ratio_aim;
    met = row.aim == Aim::kAtLeast ? ratio >= *row.ratio_aim : ratio <= *row.ratio_aim;
  }
  if (row.rate_aim.has_value()) {
    out["rate_aim"] = *row.rate_aim;
    met = met && rate >= *row.rate_aim;
  }
  if (row.seconds_aim.has_value()) {
    out["seconds_aim"] = *row.seconds_aim;
    met = met && time <= *row.seconds_aim;
  }
  if (row.ratio_aim.has_value() || row.rate_aim.has_value() || row.seconds_aim.has_value()) {
    out["met"] = met;
  }
  return out;
}

nlohmann::json Evaluate(const Quantity& quantity) {
  const double ratio = quantity.amount / quantity.floor;
  nlohmann::json out = {{"what", quantity.what},
                        {"amount", quantity.amount},
                        {"unit", quantity.unit},
                        {"floor", quantity.floor_text},
                        {"floor_amount", quantity.floor},
                        {"ratio", ratio},
                        {"ratio_low", ratio},
                        {"ratio_high", ratio},
                        {"aim", "at most"}};
  if (quantity.ratio_aim.has_value()) {
    out["ratio_aim"] = *quantity.ratio_aim;
    out["met"] = ratio <= *quantity.ratio_aim;
  }
  return out;
}

int Main(int argc, char** argv) {
  Size size = Size::kFull;
  std::string json_path;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--smoke") {
      size = Size::kSmoke;
    } else if (argument.starts_with("--json=")) {
      json_path = argument.substr(7);
    } else {
      Fail("usage: [--smoke] [--json=FILE]");
    }
  }
  Suite suite(size);
  const std::unique_ptr<Fixture> fixture = Define(suite);
  int benchmark_argc = 1;
  benchmark::Initialize(&benchmark_argc, argv);
  const Times times = Measure(suite);
  nlohmann::json rows = nlohmann::json::array();
  for (const Row& row : suite.rows()) rows.push_back(Evaluate(suite, row, times));
  for (const Quantity& quantity : suite.quantities()) rows.push_back(Evaluate(quantity));
  const std::string text = rows.dump(1);
  if (json_path.empty()) {
    std::printf("%s\n", text.c_str());
    return 0;
  }
  std::ofstream file(json_path);
  file << text << "\n";
  return file.good() ? 0 : 1;
}

}  // namespace
}  // namespace pinhole::bench

int main(int argc, char** argv) { return pinhole::bench::Main(argc, argv); }
