// Two macros that pass an absl::Status up; absl 20220623 has none.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define PINHOLE_CONCAT_INNER_(a, b) a##b
#define PINHOLE_CONCAT_(a, b) PINHOLE_CONCAT_INNER_(a, b)

// Returns the status of `expression` from the enclosing function when it is an error.
#define RETURN_IF_ERROR(expression)                                               \
  do {                                                                            \
    if (absl::Status returned_ = (expression); !returned_.ok()) return returned_; \
  } while (false)

// Moves the value of a StatusOr into `target`, or returns its error from the enclosing function.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_IMPL_(PINHOLE_CONCAT_(statusor_, __LINE__), target, expression)
#define ASSIGN_OR_RETURN_IMPL_(holder, target, expression) \
  auto holder = (expression);                              \
  if (!holder.ok()) return std::move(holder).status();     \
  target = *std::move(holder)
