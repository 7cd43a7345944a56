// How much higher than the mean a film is rated and a person rates, damped towards 0 where there
// are few ratings.
#pragma once

#include <vector>

#include "deploy/models/ratings.h"

namespace pinhole::models {

// One entry more than there are users and movies: the unknown one's bias is 0.
struct Biases {
  std::vector<double> user;
  std::vector<double> movie;
};

inline constexpr double kMovieDamping = 10;
inline constexpr double kUserDamping = 15;

// In closed form: b_i = Σ(r−μ)/(10+n_i) over the film's ratings, then
// b_u = Σ(r−μ−b_i)/(15+n_u) over the person's.
inline Biases DampedBiases(const Task& task) {
  Biases biases{std::vector<double>(task.users + 1, 0), std::vector<double>(task.movies + 1, 0)};
  std::vector<double> movie_count(task.movies + 1, kMovieDamping);
  std::vector<double> user_count(task.users + 1, kUserDamping);
  for (const Rating& rating : task.train) {
    biases.movie[rating.movie] += rating.value - task.mean;
    movie_count[rating.movie] += 1;
    user_count[rating.user] += 1;
  }
  for (size_t movie = 0; movie < task.movies; ++movie) biases.movie[movie] /= movie_count[movie];
  for (const Rating& rating : task.train) {
    biases.user[rating.user] += rating.value - task.mean - biases.movie[rating.movie];
  }
  for (size_t user = 0; user < task.users; ++user) biases.user[user] /= user_count[user];
  return biases;
}

}  // namespace pinhole::models
