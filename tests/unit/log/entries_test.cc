// A DATASET entry says every column type and which column weighs, in one text.
#include "server/core/log/entries.h"

#include <gmock/gmock.h>

namespace pinhole::log {
namespace {

DatasetEntry Signed(std::string_view weight) {
  const auto owner = SigningKey::FromSeedHex(std::string(64, '7'));
  EXPECT_TRUE(owner.ok());
  const auto shape = contest::ParseShape(
      "visit(id:i64,day:date[2019-01-01..2023-12-31],born:date,cost:f64[0..5.5],days:i16,note:str)",
      "visit", "cost", weight);
  EXPECT_TRUE(shape.ok()) << shape.status();
  DatasetEntry entry{.dataset = "clinic",
                     .shape = *shape,
                     .train_rows = 80,
                     .public_rows = 10,
                     .final_rows = 10,
                     .declassified = counting::Bits::Whole(96),
                     .budget = counting::Bits::Whole(4096),
                     .commitment = Sha256("data"),
                     .owner = owner->public_key()};
  entry.signature = owner->Sign(DatasetStatement(entry));
  return entry;
}

TEST(DatasetEntry, IsReadBackWithDatesAndWeight) {
  for (const std::string_view weight : {"", "days"}) {
    const DatasetEntry entry = Signed(weight);
    const auto encoded = Encode(entry);
    ASSERT_TRUE(encoded.ok()) << encoded.status();
    const auto read = ParseEntry(encoded->bytes());
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_TRUE(std::holds_alternative<DatasetEntry>(*read));
    EXPECT_EQ(std::get<DatasetEntry>(*read), entry);
    EXPECT_THAT(std::string(encoded->bytes()),
                testing::AllOf(testing::HasSubstr("day:date[2019-01-01..2023-12-31],born:date"),
                               testing::HasSubstr(weight.empty() ? "weight=-" : "weight=days")));
  }
}

}  // namespace
}  // namespace pinhole::log
