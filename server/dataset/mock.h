// Invents a data set from a declared shape and public ranges alone, for rehearsal.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "server/core/contest/data_shape.h"

namespace pinhole::dataset {

struct MockRows {
  int64_t train = 1000;
  int64_t public_rows = 100;
  int64_t final_rows = 100;
  int64_t other_table = 100;  // of each table but the target
};

// Writes the layout of Import into the new folder `destination`: same files, same types, invented
// values. A column with a public range is uniform in it (reals in whole millionths); without one:
// integers from 1 to 100, reals from 0 to 1, texts "text-1" to "text-100", dates of the years 2000
// to 2019. No private input; the bytes are a function of the arguments. Errors: ALREADY_EXISTS for
// `destination`; INVALID_ARGUMENT for a bad shape, a negative count, or no training, public or
// final row; else the errno.
absl::Status MakeMock(const contest::DataShape& shape, const MockRows& rows, uint64_t seed,
                      const std::string& destination);

}  // namespace pinhole::dataset
