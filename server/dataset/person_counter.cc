#include "server/dataset/person_counter.h"

#include <cstring>
#include <utility>

#include "server/core/base/status.h"

namespace pinhole::dataset {
namespace {

constexpr size_t kAsideMemoryBytes = size_t{16} << 20;

void CountSides(uint8_t sides, PersonOverlap& overlap) {
  const bool train = (sides & static_cast<uint8_t>(Side::kTrain)) != 0;
  const bool scored = (sides & static_cast<uint8_t>(Side::kScored)) != 0;
  overlap.train += train ? 1 : 0;
  overlap.scored += scored ? 1 : 0;
  overlap.both += train && scored ? 1 : 0;
}

}  // namespace

PersonCounter::PersonCounter(std::string folder, size_t persons_in_memory)
    : persons_in_memory_(persons_in_memory), aside_(std::move(folder), kAsideMemoryBytes) {}

absl::Status PersonCounter::See(const Digest& person, Side side) {
  std::array<uint64_t, 2> name{};
  std::memcpy(name.data(), person.data(), sizeof(name));
  uint8_t& sides = sides_[name];
  sides = static_cast<uint8_t>(sides | static_cast<uint8_t>(side));
  return sides_.size() <= persons_in_memory_ ? absl::OkStatus() : PutAside();
}

absl::Status PersonCounter::PutAside() {
  any_aside_ = true;
  for (const auto& [name, sides] : sides_) {
    const char byte = static_cast<char>(sides);
    RETURN_IF_ERROR(aside_.Add({.high = name[0], .low = name[1]}, {&byte, 1}));
  }
  sides_.clear();
  return absl::OkStatus();
}

absl::StatusOr<PersonOverlap> PersonCounter::Count() {
  PersonOverlap overlap;
  if (!any_aside_) {
    for (const auto& [name, sides] : sides_) CountSides(sides, overlap);
    return overlap;
  }
  RETURN_IF_ERROR(PutAside());
  sides_ = {};
  RETURN_IF_ERROR(aside_.Seal());
  SortKey person;
  uint8_t sides = 0;  // of `person`; 0 before the first
  while (true) {
    ASSIGN_OR_RETURN(const bool more, aside_.Next());
    if (!more || aside_.key() != person) {
      CountSides(sides, overlap);
      sides = 0;
      person = aside_.key();
    }
    if (!more) return overlap;
    sides = static_cast<uint8_t>(sides | static_cast<uint8_t>(aside_.record()[0]));
  }
}

}  // namespace pinhole::dataset
