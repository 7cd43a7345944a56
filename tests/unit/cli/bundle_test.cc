#include "server/core/replay/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinhole::replay {
namespace {

using ::testing::HasSubstr;

TEST(Bundle, BytesAreAsDocumented) {
  EXPECT_EQ(EncodeBundle({.checkpoint = "note\n", .entries = {"ab", std::string(258, 'x')}}),
            std::string("pinhole bundle v1\ncheckpoint 5\nnote\n") + std::string("\0\2ab", 4) +
                std::string("\1\2", 2) + std::string(258, 'x'));
}

TEST(Bundle, ComesBackAsItWas) {
  const Bundle bundle{.checkpoint = "a\nsigned\n\nnote\n",
                      .entries = {"one\n", std::string(4096, 'p'), std::string("\0\n", 2),
                                  std::string(65'535, 'z')}};
  const absl::StatusOr<Bundle> decoded = DecodeBundle(EncodeBundle(bundle));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, bundle);
}

TEST(Bundle, WithoutEntriesIsABundle) {
  const absl::StatusOr<Bundle> decoded = DecodeBundle("pinhole bundle v1\ncheckpoint 1\nx");
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(decoded->entries.empty());
}

TEST(Bundle, DamageSaysWhere) {
  const std::string good = EncodeBundle({.checkpoint = "note\n", .entries = {"ab", "cd"}});
  struct Case {
    const char* name;
    std::string bytes;
    const char* says;
  };
  for (const Case& c : {
           Case{"empty", "", "must begin with"},
           Case{"other_version", "pinhole bundle v2\ncheckpoint 1\nx", "must begin with"},
           Case{"no_checkpoint", "pinhole bundle v1\nentries 5\n", "second line"},
           Case{"endless_line", "pinhole bundle v1\ncheckpoint " + std::string(99, '1'),
                "second line"},
           Case{"leading_zero", "pinhole bundle v1\ncheckpoint 01\nx", "no number"},
           Case{"negative", "pinhole bundle v1\ncheckpoint -1\nx", "no number"},
           Case{"cut_note", "pinhole bundle v1\ncheckpoint 9\nnote\n", "checkpoint is cut off"},
           Case{"cut_entry", good.substr(0, good.size() - 1),
                "entry 1: an entry of 2 bytes is cut"},
           Case{"cut_length", good + std::string(1, '\0'), "entry 2: the length"},
           Case{"empty_entry", good + std::string(2, '\0'), "entry 2: an entry of no bytes"},
       }) {
    SCOPED_TRACE(c.name);
    const absl::StatusOr<Bundle> decoded = DecodeBundle(c.bytes);
    EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(decoded.status().message()), HasSubstr(c.says));
  }
}

}  // namespace
}  // namespace pinhole::replay
