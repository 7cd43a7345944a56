/* A model in C: four threads map a column, each its part, and sum it. */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct Part {
  const int32_t* begin;
  const int32_t* end;
  int64_t sum;
};

static void* Sum(void* argument) {
  struct Part* part = argument;
  for (const int32_t* at = part->begin; at != part->end; ++at) part->sum += *at;
  return NULL;
}

int main(void) {
  const int file = open("/data/columns/train/value.i32", O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) return 2;
  const size_t count = (size_t)status.st_size / sizeof(int32_t);
  const int32_t* values = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, file, 0);
  if (values == MAP_FAILED || close(file) != 0) return 3;
  struct Part parts[4];
  pthread_t threads[4];
  for (size_t i = 0; i < 4; ++i) {
    parts[i].begin = values + count * i / 4;
    parts[i].end = values + count * (i + 1) / 4;
    parts[i].sum = 0;
    if (pthread_create(&threads[i], NULL, Sum, &parts[i]) != 0) return 4;
  }
  int64_t total = 0;
  for (size_t i = 0; i < 4; ++i) {
    if (pthread_join(threads[i], NULL) != 0) return 5;
    total += parts[i].sum;
  }
  printf("%lld\n", (long long)total);
  return fflush(stdout) == 0 ? 0 : 6;
}
