#include "server/dataset/row_keys.h"

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"

namespace pinhole::dataset {
namespace {

uint64_t BigEndianAt(const Digest& digest, size_t at) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) value = value << 8 | digest[at + i];
  return value;
}

}  // namespace

Digest RowKeys::OfRow(int64_t row) {
  message_.clear();
  absl::StrAppend(&message_, table_, ":", row);
  return hmac_.Mac(AsBytes(message_));
}

Digest RowKeys::OfPerson(std::string_view person) {
  message_ = table_;
  message_ += ":person:";
  message_ += person;
  return hmac_.Mac(AsBytes(message_));
}

SortKey OrderOf(const Digest& digest) {
  return {.high = BigEndianAt(digest, 0), .low = BigEndianAt(digest, 8)};
}

Part PartOf(const Digest& digest, const Shares& shares) {
  const auto total = static_cast<uint64_t>(shares.train + shares.public_rows + shares.final_rows);
  const absl::uint128 scaled = absl::uint128(BigEndianAt(digest, 24)) * total;
  const auto ticket = static_cast<int64_t>(absl::Uint128High64(scaled));  // 0 … total - 1
  if (ticket < shares.train) return Part::kTrain;
  return ticket < shares.train + shares.public_rows ? Part::kPublic : Part::kFinal;
}

}  // namespace pinhole::dataset
