// Sums four columns, as a model that reads all its data would; prints the nanoseconds from opening
// the files to the sums, and the sums.
//
//   bench_column_sum [FOLDER]         through the SDK, from /data unless told otherwise
//   bench_column_sum --raw FOLDER     with open and mmap alone: the floor
#include <time.h>

#include <cinttypes>
#include <numeric>

#include "pinhole/model.h"

namespace {

template <class T>
int64_t SumOf(std::span<const T> values) {
  return std::accumulate(values.begin(), values.end(), int64_t{0});
}

int64_t Nanos() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

struct Sums {
  int64_t user = 0;
  int64_t item = 0;
  int64_t day = 0;
  int64_t rating = 0;
};

Sums ThroughSdk(const std::string& folder) {
  const pinhole::model::Columns data(folder);
  return {SumOf(data.Numbers("ratings", "user").View<int32_t>()),
          SumOf(data.Numbers("ratings", "item").View<int32_t>()),
          SumOf(data.Numbers("ratings", "day").View<int16_t>()),
          SumOf(data.Numbers("ratings", "rating").View<int8_t>())};
}

template <class T>
int64_t RawSum(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status = {};
  if (fd < 0 || fstat(fd, &status) != 0) _exit(1);
  const auto size = static_cast<size_t>(status.st_size);
  void* const address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (address == MAP_FAILED) _exit(1);
  const int64_t sum = SumOf(std::span(static_cast<const T*>(address), size / sizeof(T)));
  munmap(address, size);
  close(fd);
  return sum;
}

Sums Raw(const std::string& folder) {
  const std::string stem = folder + "/columns/ratings/";
  return {RawSum<int32_t>(stem + "user.i32"), RawSum<int32_t>(stem + "item.i32"),
          RawSum<int16_t>(stem + "day.i16"), RawSum<int8_t>(stem + "rating.i8")};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "/data";
  const int64_t begin = Nanos();
  const Sums sums = first == "--raw" && argc > 2 ? Raw(argv[2]) : ThroughSdk(first);
  const int64_t end = Nanos();
  std::printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", end - begin,
              sums.user, sums.item, sums.day, sums.rating);
  return 0;
}
