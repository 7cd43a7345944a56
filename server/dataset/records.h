// The records of a source, one after another, as texts: what CSV files and SQLite tables have in
// common.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace pinhole::dataset {

// One record may have this many bytes.
inline constexpr size_t kRecordLimitBytes = size_t{16} << 20;

// Read once, front to back. Not thread-safe.
class Records {
 public:
  virtual ~Records() = default;

  // True: a record is there. False: the source is over. Errors: INVALID_ARGUMENT that says where
  // and why; else the errno.
  virtual absl::StatusOr<bool> Next() = 0;

  // Of the current record, until the next Next. Fields count from 0.
  virtual size_t field_count() const = 0;
  virtual std::string_view Field(size_t index) const = 0;
  virtual bool IsMissing(size_t index) const = 0;

  // An INVALID_ARGUMENT that points at a field of the current record.
  virtual absl::Status ErrorAt(size_t index, std::string_view reason) const = 0;

 protected:
  Records() = default;
  Records(Records&&) = default;
  Records& operator=(Records&&) = default;
};

}  // namespace pinhole::dataset
