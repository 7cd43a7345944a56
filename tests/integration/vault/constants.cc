// A contestant's program that predicts one constant, as IEEE doubles or floats.
#include <sys/stat.h>
#include <unistd.h>

#ifndef NUMBER
#define NUMBER double
#endif

int main() {
  struct stat info;
  if (stat("/data/columns/predict/row.i64", &info) != 0) return 9;
  if (write(1, "PINHOLE1", 8) != 8) return 8;
  for (long i = 0; i < info.st_size / 8; ++i) {
    const NUMBER value = static_cast<NUMBER>(4.5);
    if (write(1, &value, sizeof(value)) != static_cast<ssize_t>(sizeof(value))) return 8;
  }
  return 0;
}
