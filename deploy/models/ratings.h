// The ratings of the demo's contest as the example models see them: dense indices, and an order of
// their own, so that a model's predictions do not depend on how the rows happen to be stored.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "pinhole/model.h"

namespace pinhole::models {

// Distinct ids in rising order; the position of an id in it is its dense index.
class Index {
 public:
  explicit Index(std::vector<int64_t> ids) : ids_(std::move(ids)) {
    std::sort(ids_.begin(), ids_.end());
    ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
  }
  size_t size() const { return ids_.size(); }
  // size() for an id that is not there.
  size_t Find(int64_t id) const {
    const auto at = std::lower_bound(ids_.begin(), ids_.end(), id);
    return at != ids_.end() && *at == id ? static_cast<size_t>(at - ids_.begin()) : ids_.size();
  }

 private:
  std::vector<int64_t> ids_;
};

struct Rating {
  size_t user;   // dense; in a row to predict, the number of users when nobody of that id rated
  size_t movie;  // dense, likewise
  double value;  // 0 in a row to predict
};

struct Task {
  size_t users = 0;             // that rated
  size_t movies = 0;            // that were rated
  std::vector<Rating> train;    // by user, then movie, then value
  std::vector<Rating> predict;  // row 0 first
  double mean = 0;              // of the training values
};

inline constexpr double kLowestRating = 0.5;
inline constexpr double kHighestRating = 5.0;

// Reads tables `ratings` and `predict`; ends the program when there is nothing to train on.
inline Task ReadTask(const std::string& folder) {
  const model::Columns data(folder);
  const std::vector<int64_t> users = data.Numbers("ratings", "userId").As<int64_t>();
  const std::vector<int64_t> movies = data.Numbers("ratings", "movieId").As<int64_t>();
  const std::vector<double> values = data.Numbers("ratings", "rating").As<double>();
  const std::vector<int64_t> asked_users = data.Numbers("predict", "userId").As<int64_t>();
  const std::vector<int64_t> asked_movies = data.Numbers("predict", "movieId").As<int64_t>();
  if (values.empty()) model::Fail("table ratings has no rows to train on");
  if (users.size() != values.size() || movies.size() != values.size()) {
    model::Fail("the columns of table ratings differ in their number of rows");
  }
  if (asked_users.size() != asked_movies.size()) {
    model::Fail("the columns of table predict differ in their number of rows");
  }

  const Index user_index(users);
  const Index movie_index(movies);
  Task task;
  task.users = user_index.size();
  task.movies = movie_index.size();
  for (size_t row = 0; row < values.size(); ++row) {
    task.train.push_back({user_index.Find(users[row]), movie_index.Find(movies[row]), values[row]});
  }
  std::sort(task.train.begin(), task.train.end(), [](const Rating& a, const Rating& b) {
    return std::tie(a.user, a.movie, a.value) < std::tie(b.user, b.movie, b.value);
  });
  for (size_t row = 0; row < asked_users.size(); ++row) {
    task.predict.push_back(
        {user_index.Find(asked_users[row]), movie_index.Find(asked_movies[row]), 0});
  }
  double sum = 0;
  for (const Rating& rating : task.train) sum += rating.value;
  task.mean = sum / static_cast<double>(task.train.size());
  return task;
}

// The folder that a program's arguments name; in the box there are none and it is /data.
inline std::string DataFolder(int argc, char** argv) { return argc > 1 ? argv[1] : "/data"; }

// Prints `predict(row)` for every row to predict, clipped to the scale.
template <class Function>
void PrintPredictions(const Task& task, Function predict) {
  model::Predictions out(task.predict.size());
  for (const Rating& row : task.predict) {
    out.Add(std::clamp(predict(row), kLowestRating, kHighestRating));
  }
  out.Finish();
}

}  // namespace pinhole::models
