// What one benchmark program compares: subjects with floors, run by turns, and the table's rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinhole::bench {

// kSmoke runs everything once at its smallest: it shows that results are right, not how fast.
enum class Size { kFull, kSmoke };

// kWall: time passes. kCpu: what this process and programs that it waited for took of a core; for
// work of one thread, so that other work on the machine disturbs less.
enum class Clock { kWall, kCpu };

// One timed piece of work on `amount` things a call. `run` does it once; `prepare`, when there, is
// called before each and is not timed. Names are unique in a program.
struct Case {
  std::string name;
  double amount = 1;
  std::string unit;  // plural: "rows", "bytes", "entries"
  Clock clock = Clock::kWall;
  std::function<void()> run;
  std::function<void()> prepare;
  // Instead of `run`: returns the seconds that it measured itself.
  std::function<double()> self_timed;
  int calls = 1;  // a repetition times so many of them together
};

// kAtLeast: rate of the subject ÷ rate of the floor. kAtMost: time of the subject ÷ time of the
// floor.
enum class Aim { kAtLeast, kAtMost };

// Which of a case's repetitions stands for it. Of kTail the ratio is taken once, to the floor's
// median; of kMedian within each repetition.
enum class Take { kMedian, kTail };  // kTail: 95 of 100 are at most this

// A row of the table. Both names are cases; `floor` says in `floor_text` what it is.
struct Row {
  std::string what;
  std::string subject;
  std::string floor;
  std::string floor_text;
  Aim aim = Aim::kAtLeast;
  std::optional<double> ratio_aim;    // nothing: shown without an aim
  std::optional<double> rate_aim;     // of the subject, in its unit a second
  std::optional<double> seconds_aim;  // of the subject, at most
  Take take = Take::kMedian;
};

// A row that is no time: an amount beside what it is compared with, measured once.
struct Quantity {
  std::string what;
  double amount = 0;
  double floor = 0;
  std::string unit;  // "bytes"
  std::string floor_text;
  std::optional<double> ratio_aim;  // amount ÷ floor, at most
};

// Everything that a program measures. Cases are run by turns, `repetitions` times, so that a slow
// moment of the machine meets floor and subject alike.
class Suite {
 public:
  explicit Suite(Size size) : size_(size) {}

  Size size() const { return size_; }
  // `full`, or `smoke` in a smoke run.
  int64_t Pick(int64_t full, int64_t smoke) const { return size_ == Size::kFull ? full : smoke; }

  void Add(Case one) { cases_.push_back(std::move(one)); }
  void Add(Row row) { rows_.push_back(std::move(row)); }
  void Add(Quantity quantity) { quantities_.push_back(std::move(quantity)); }
  // How often all cases are run, by turns; a smoke run does so twice.
  void set_repetitions(int repetitions) { repetitions_ = repetitions; }
  // Each turn in another order, the same in every run of the program.
  void Shuffle() { shuffled_ = true; }

  const std::vector<Case>& cases() const { return cases_; }
  const std::vector<Row>& rows() const { return rows_; }
  const std::vector<Quantity>& quantities() const { return quantities_; }
  bool shuffled() const { return shuffled_; }
  int repetitions() const { return size_ == Size::kFull ? repetitions_ : 2; }

 private:
  Size size_;
  int repetitions_ = 7;
  bool shuffled_ = false;
  std::vector<Case> cases_;
  std::vector<Row> rows_;
  std::vector<Quantity> quantities_;
};

// Each program defines this one function: it prepares inputs, checks once that every subject gives
// the right result, and adds cases and rows. What cases use must live as long as the returned
// object.
class Fixture {
 public:
  virtual ~Fixture() = default;
};
std::unique_ptr<Fixture> Define(Suite& suite);

// Ends the program: a wrong result, or a machine that lacks what a benchmark needs.
[[noreturn]] void Fail(std::string_view what);
inline void Check(bool holds, std::string_view what) {
  if (!holds) Fail(what);
}

}  // namespace pinhole::bench
