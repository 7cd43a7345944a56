// RFC 4180, section 2, and what is refused, by line and column.
#include "server/dataset/csv.h"

#include "tests/unit/dataset/dataset_fixture.h"

namespace pinhole::dataset {
namespace {

using Record = std::vector<std::string>;

struct Good {
  const char* name;
  std::string text;
  std::vector<Record> records;  // "<missing>" for an empty unquoted field
};

class CsvTest : public DatasetTest {
 protected:
  absl::StatusOr<std::vector<Record>> ReadAll(const std::string& text) {
    Put("t.csv", text);
    absl::StatusOr<CsvReader> reader = CsvReader::Open(Path("t.csv"));
    if (!reader.ok()) return reader.status();
    std::vector<Record> records;
    while (true) {
      const absl::StatusOr<bool> more = reader->Next();
      if (!more.ok()) return more.status();
      if (!*more) return records;
      Record record;
      for (size_t i = 0; i < reader->field_count(); ++i) {
        record.push_back(reader->IsMissing(i) ? "<missing>" : std::string(reader->Field(i)));
      }
      records.push_back(std::move(record));
    }
  }
};

class CsvAccepts : public CsvTest, public testing::WithParamInterface<Good> {};

TEST_P(CsvAccepts, Text) {
  const absl::StatusOr<std::vector<Record>> records = ReadAll(GetParam().text);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(*records, GetParam().records);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc4180, CsvAccepts,
    testing::Values(
        Good{"crlf",
             "aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n",
             {{"aaa", "bbb", "ccc"}, {"zzz", "yyy", "xxx"}}},
        Good{"lf", "aaa,bbb\nzzz,yyy\n", {{"aaa", "bbb"}, {"zzz", "yyy"}}},
        Good{"no_last_line_end", "aaa,bbb\r\nzzz,yyy", {{"aaa", "bbb"}, {"zzz", "yyy"}}},
        Good{"quoted", "\"aaa\",\"bbb\"\r\nzzz,yyy", {{"aaa", "bbb"}, {"zzz", "yyy"}}},
        Good{"line_ends_in_quotes", "\"aaa\",\"b\r\nb\nb\",c\n", {{"aaa", "b\r\nb\nb", "c"}}},
        Good{"doubled_quotes", "\"aaa\",\"b\"\"bb\",\"\"\"\"\n", {{"aaa", "b\"bb", "\""}}},
        Good{"comma_in_quotes", "\"a,a\",b\n", {{"a,a", "b"}}},
        Good{"spaces_are_part_of_a_field", " a , b\n", {{" a ", " b"}}},
        Good{"byte_order_mark",
             "\xEF\xBB\xBF"
             "a,b\n",
             {{"a", "b"}}},
        Good{"mark_before_a_quote", "\xEF\xBB\xBF\"a\",b\n", {{"a", "b"}}},
        Good{"missing_and_empty", "a,,\"\",\n", {{"a", "<missing>", "", "<missing>"}}},
        Good{"quoted_at_the_end_of_the_file", "a\n\"b\"", {{"a"}, {"b"}}},
        Good{"one_column_empty_line", "a\n\nb\n", {{"a"}, {"<missing>"}, {"b"}}},
        Good{"utf8",
             "\xC3\xA9,\xE2\x82\xAC,\xF0\x9F\x8E\xAC\n",
             {{"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8E\xAC"}}},
        Good{"line_ends_mixed",
             "a,b\r\n1,2\n\"3\",4\r\n5,6",
             {{"a", "b"}, {"1", "2"}, {"3", "4"}, {"5", "6"}}},
        Good{"header_only", "a,b\r\n", {{"a", "b"}}}, Good{"mark_only", "\xEF\xBB\xBF", {}},
        Good{"missing_in_every_place",
             ",,\n,x,\n",
             {{"<missing>", "<missing>", "<missing>"}, {"<missing>", "x", "<missing>"}}},
        Good{"empty_file", "", {}}),
    [](const auto& tested) { return tested.param.name; });

struct Bad {
  const char* name;
  std::string text;
  const char* where;   // line:column
  const char* reason;  // a part of it
};

class CsvRefuses : public CsvTest, public testing::WithParamInterface<Bad> {};

TEST_P(CsvRefuses, Text) {
  const absl::Status status = ReadAll(GetParam().text).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  const std::string message(status.message());
  EXPECT_TRUE(message.starts_with(Path("t.csv") + ":" + GetParam().where + ": ")) << message;
  EXPECT_NE(message.find(GetParam().reason), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Malformed, CsvRefuses,
    testing::Values(Bad{"quote_in_unquoted", "a,b\n1,x\"y\n", "2:4", "quote inside an unquoted"},
                    Bad{"text_after_quote", "a,b\n\"1\"x,2\n", "2:4", "closing quote"},
                    Bad{"space_after_quote", "\"a\" ,b\n", "1:4", "closing quote"},
                    Bad{"never_closed", "a,b\n1,\"x\ny\nz\n", "2:3", "never closed"},
                    Bad{"lone_quote_at_the_end", "a\n\"", "2:1", "never closed"},
                    Bad{"lone_carriage_return", "a,b\n1,2\r3,4\n", "2:4", "carriage return"},
                    Bad{"carriage_return_at_the_end", "a\r", "1:2", "carriage return"},
                    Bad{"nul", std::string("a,b\n1,\0\n", 8), "2:3", "NUL"},
                    Bad{"nul_in_quotes", std::string("a\n\"x\0\"\n", 7), "2:3", "NUL"},
                    Bad{"too_few", "a,b\n1\n", "2:1", "1 fields, the header has 2"},
                    Bad{"too_many", "a,b\n1,2\n1,2,3\n", "3:1", "3 fields, the header has 2"},
                    Bad{"empty_line", "a,b\n1,2\n\n", "3:1", "1 fields"},
                    Bad{"line_after_a_long_field", "a,b\n\"x\n\n\",2\n3\n", "5:1", "1 fields"},
                    Bad{"latin1", "a,b\n1,caf\xE9\n", "2:3", "UTF-8"},
                    Bad{"overlong", "a\n\xC0\xAF\n", "2:1", "UTF-8"},
                    Bad{"surrogate", "a\n\xED\xA0\x80\n", "2:1", "UTF-8"},
                    Bad{"character_across_fields", "a,b\n\"\xE2\x82\",\"\xAC\"\n", "2:1", "UTF-8"},
                    Bad{"character_across_plain_fields", "a,b\n1,\xE2\x82,\xAC\n", "2:1",
                        "3 fields"},
                    Bad{"latin1_in_the_last_field", "a,b,c\r\n1,2,\xE9\r\n", "2:5", "UTF-8"},
                    Bad{"cut_off", "a\n\xE2\x82\n", "2:1", "UTF-8"},
                    Bad{"beyond_unicode", "a\n\xF4\x90\x80\x80\n", "2:1", "UTF-8"},
                    Bad{"second_mark", "\xEF\xBB\xBF\"a\"\xEF\xBB\xBF\n", "1:4", "closing quote"}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(CsvTest, CarriesFieldsAcrossChunks) {
  // Records of 37 bytes and a chunk of 2^20: every place in a record falls on a border somewhere.
  std::string text = "n,text\n";
  std::vector<Record> wanted = {{"n", "text"}};
  for (int i = 0; i < 120'000; ++i) {
    const std::string number = std::to_string(1'000'000 + i);
    text += number + ",\"quote \"\" and\r\nline, " + number + "\"\r\n";
    wanted.push_back({number, "quote \" and\r\nline, " + number});
  }
  const absl::StatusOr<std::vector<Record>> records = ReadAll(text);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_TRUE(*records == wanted);
}

TEST_F(CsvTest, StopsAtARecordThatNeverEnds) {
  const absl::Status status = ReadAll("a\n\"" + std::string(kRecordLimitBytes + 1, 'x')).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_TRUE(ReadAll("a\n\"" + std::string(kRecordLimitBytes, 'x') + "\"").ok());
}

TEST_F(CsvTest, NamesAMissingFile) {
  EXPECT_TRUE(absl::IsNotFound(CsvReader::Open(Path("none.csv")).status()));
}

}  // namespace
}  // namespace pinhole::dataset
