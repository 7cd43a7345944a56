// A contestant's program that behaves as CONDUCT says: one way to fail each, one way to be slow,
// two honest constants. It is built once for each, since a box gives a program no arguments.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#define HONEST 0
#define BETTER 1
#define SLOW 2
#define GARBAGE 3
#define TOO_FEW 4
#define TOO_MANY 5
#define NOT_A_NUMBER 6
#define CRASH 7
#define HANG 8
#define FORK 9
#define FLOOD 10
#define EARLY 11
#define NONZERO 12
#define SILENT 13

namespace {

long Rows() {
  struct stat info;
  if (stat("/data/columns/predict/row.i64", &info) != 0) exit(9);
  return static_cast<long>(info.st_size / 8);
}

void Predict(long rows, const char* line) {
  for (long i = 0; i < rows; ++i) fputs(line, stdout);
}

}  // namespace

int main() {
  const long rows = Rows();
  switch (CONDUCT) {
    case HONEST:
      Predict(rows, "5\n");
      break;
    case BETTER:
      Predict(rows, "4.5\n");
      break;
    case SLOW:
      usleep(300'000);
      Predict(rows, "4.75\n");
      break;
    case GARBAGE:
      Predict(rows, "a secret\n");
      break;
    case TOO_FEW:
      Predict(rows - 1, "5\n");
      break;
    case TOO_MANY:
      Predict(rows + 1, "5\n");
      break;
    case NOT_A_NUMBER:
      Predict(rows - 1, "5\n");
      puts("nan");
      break;
    case CRASH:
      Predict(rows, "5\n");
      fflush(stdout);
      __builtin_trap();  // a real fault: the first process of its namespace ignores what it sends
                         // itself
      break;
    case HANG:
      Predict(rows, "5\n");
      fflush(stdout);
      while (true) pause();
    case FORK:
      if (fork() == 0) pause();
      Predict(rows, "5\n");
      break;
    case FLOOD:
      while (true) Predict(rows, "5\n");
    case EARLY:
      Predict(rows / 2, "5\n");
      fflush(stdout);
      _exit(0);
    case NONZERO:
      Predict(rows, "5\n");
      return 1;
    case SILENT:
      break;
  }
  return 0;
}
