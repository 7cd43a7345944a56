// The simplest model: every prediction is the mean of the training ratings.
#include "deploy/models/ratings.h"

int main(int argc, char** argv) {
  using namespace pinhole::models;
  const Task task = ReadTask(DataFolder(argc, argv));
  PrintPredictions(task, [&](const Rating&) { return task.mean; });
}
