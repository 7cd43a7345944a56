// Biases plus factors: r ≈ μ + b_u + b_i + p_u·q_i, fitted by stochastic gradient descent from the
// damped biases (Koren, Bell, Volinsky, "Matrix factorization techniques for recommender systems",
// Computer 42(8), 2009). One thread, a fixed seed and an order of its own: the same ratings always
// give the same predictions.
#include <random>

#include "deploy/models/biases.h"

namespace pinhole::models {
namespace {

// Chosen on tenths of the training rows that were held out for it, never on rows to predict.
constexpr size_t kFactors = 64;
constexpr int kPasses = 100;
constexpr double kFactorStep = 0.02;
constexpr double kFactorPenalty = 0.12;
constexpr double kBiasStep = 0.005;
constexpr double kBiasPenalty = 0.02;
constexpr double kStepDecay = 0.97;   // a pass
constexpr double kFirstFactor = 0.1;  // factors begin uniform in ±this
constexpr uint64_t kSeed = 1;

// The engine's sequence is fixed by the standard; the library's distributions are not, so the two
// that are needed are written out here.
class Random {
 public:
  double Between(double low, double high) {
    return low + (high - low) * (static_cast<double>(engine_() >> 11) * 0x1.0p-53);
  }
  // 0 to count − 1; the bias of a remainder of 64 bits does not matter here.
  size_t Below(size_t count) { return static_cast<size_t>(engine_() % count); }

 private:
  std::mt19937_64 engine_{kSeed};
};

class Factors {
 public:
  Factors(size_t rows, Random& random) : values_(rows * kFactors) {
    for (double& value : values_) value = random.Between(-kFirstFactor, kFirstFactor);
  }
  double* Row(size_t row) { return values_.data() + row * kFactors; }

 private:
  std::vector<double> values_;
};

class Model {
 public:
  explicit Model(const Task& task)
      : task_(task),
        biases_(DampedBiases(task)),
        user_factors_(task.users, random_),
        movie_factors_(task.movies, random_) {
    std::vector<Rating> order = task.train;
    double decay = 1;
    for (int pass = 0; pass < kPasses; ++pass) {
      for (size_t left = order.size(); left > 1; --left) {
        std::swap(order[left - 1], order[random_.Below(left)]);
      }
      for (const Rating& rating : order) Step(rating, decay);
      decay *= kStepDecay;
    }
  }

  double Predict(const Rating& row) {
    double value = task_.mean + biases_.user[row.user] + biases_.movie[row.movie];
    if (row.user == task_.users || row.movie == task_.movies) return value;
    const double* user = user_factors_.Row(row.user);
    const double* movie = movie_factors_.Row(row.movie);
    for (size_t k = 0; k < kFactors; ++k) value += user[k] * movie[k];
    return value;
  }

 private:
  void Step(const Rating& rating, double decay) {
    const double error = rating.value - Predict(rating);
    double& user_bias = biases_.user[rating.user];
    double& movie_bias = biases_.movie[rating.movie];
    user_bias += decay * kBiasStep * (error - kBiasPenalty * user_bias);
    movie_bias += decay * kBiasStep * (error - kBiasPenalty * movie_bias);
    double* user = user_factors_.Row(rating.user);
    double* movie = movie_factors_.Row(rating.movie);
    const double step = decay * kFactorStep;
    for (size_t k = 0; k < kFactors; ++k) {
      const double before = user[k];
      user[k] += step * (error * movie[k] - kFactorPenalty * before);
      movie[k] += step * (error * before - kFactorPenalty * movie[k]);
    }
  }

  const Task& task_;  // outlives the model
  Random random_;
  Biases biases_;
  Factors user_factors_;
  Factors movie_factors_;
};

}  // namespace
}  // namespace pinhole::models

int main(int argc, char** argv) {
  using namespace pinhole::models;
  const Task task = ReadTask(DataFolder(argc, argv));
  Model model(task);
  PrintPredictions(task, [&](const Rating& row) { return model.Predict(row); });
}
