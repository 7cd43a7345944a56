// Mean, film and person: the model that a contest on ratings is measured against.
#include "deploy/models/biases.h"

int main(int argc, char** argv) {
  using namespace pinhole::models;
  const Task task = ReadTask(DataFolder(argc, argv));
  const Biases biases = DampedBiases(task);
  PrintPredictions(task, [&](const Rating& row) {
    return task.mean + biases.user[row.user] + biases.movie[row.movie];
  });
}
