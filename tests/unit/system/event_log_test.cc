// The operator's log: a closed set of events, each with a closed set of numbers and words.
#include "server/system/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "server/system/files.h"
#include "server/system/service_manager.h"
#include "server/system/temp_dir.h"

namespace pinhole {
namespace {

TEST(EventLog, WritesNumbersAndWords) {
  EXPECT_EQ(FormatEvent(event::ExchangeDone{
                .round = 3, .joined = 1, .admitted = 2, .released = 4, .ledger = 17}),
            "event=exchange round=3 joined=1 admitted=2 released=4 ledger=17");
  EXPECT_EQ(FormatEvent(event::Stopped{.why = StopReason::kDiskFull}),
            "event=stopped why=disk-full");
  EXPECT_EQ(FormatEvent(event::ConnectionOpened{}), "event=connection-opened");
}

TEST(EventLog, HasOneNameAnEventAndWordsWithoutSpaces) {
  std::set<std::string> names;
  for (const EventShape& shape : EventShapes()) {
    EXPECT_TRUE(names.insert(shape.name).second) << shape.name;
    EXPECT_THAT(shape.name, ::testing::MatchesRegex("[a-z-]+"));
    for (const std::string& field : shape.fields)
      EXPECT_THAT(field, ::testing::MatchesRegex("[a-z_]+(: [a-z, -]+)?"));
  }
  EXPECT_EQ(names.size(), std::variant_size_v<Event>);
}

// Text, floating point and foreign structs are no events and no fields.
static_assert(!std::is_constructible_v<Event, const char*>);
static_assert(!std::is_constructible_v<Event, std::string>);
static_assert(!std::is_invocable_v<decltype(&EventLog::Write), EventLog, std::string>);

// The document for operators names exactly these events and fields, in this order.
TEST(EventLog, IsTheTableOfTheOperatorsDocument) {
  const char* source = std::getenv("PINHOLE_SOURCE");
  ASSERT_NE(source, nullptr);
  const auto text = ReadFile(std::string(source) + "/docs/OPERATIONS.md");
  ASSERT_TRUE(text.ok()) << text.status();
  std::string table;
  for (const EventShape& shape : EventShapes()) {
    std::string fields;
    for (const std::string& field : shape.fields) fields += (fields.empty() ? "" : "; ") + field;
    table += "| `" + shape.name + "` | " + std::to_string(static_cast<int>(shape.priority)) +
             " | " + fields + " |";
    // The meaning is the document's own.
    const std::string row = "| `" + shape.name + "` | " +
                            std::to_string(static_cast<int>(shape.priority)) + " | " + fields +
                            " | ";
    EXPECT_THAT(*text, ::testing::HasSubstr(row));
  }
  size_t rows = 0;
  for (size_t at = text->find("\n| `", text->find("<!-- events -->"));
       at != std::string::npos && at < text->find("<!-- end of events -->");
       at = text->find("\n| `", at + 1)) {
    ++rows;
  }
  EXPECT_EQ(rows, std::variant_size_v<Event>);
}

std::string Line(EventLog::Style style) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  EventLog(ends[1], style).Write(event::Serving{.ledger = 4});
  ::close(ends[1]);
  char text[256];
  const ssize_t got = ::read(ends[0], text, sizeof text);
  ::close(ends[0]);
  return {text, got > 0 ? static_cast<size_t>(got) : 0};
}

TEST(EventLog, BeginsWithTheTimeOrThePriority) {
  EXPECT_THAT(Line(EventLog::Style::kPlain),
              ::testing::MatchesRegex(
                  "time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z event=serving ledger=4\n"));
  EXPECT_EQ(Line(EventLog::Style::kJournal), "<6>event=serving ledger=4\n");
}

TEST(ServiceManager, IsToldOnItsSocket) {
  const auto folder = TempDir::Make();
  ASSERT_TRUE(folder.ok());
  const std::string path = folder->path() + "/notify";
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  const ServiceManager manager = ServiceManager::FromEnvironment();
  ::unsetenv("NOTIFY_SOCKET");
  manager.Tell(ServiceState::kReady);
  char text[64];
  EXPECT_EQ(std::string(text, static_cast<size_t>(::read(socket.get(), text, sizeof text))),
            "READY=1");
  ServiceManager::FromEnvironment().Tell(
      ServiceState::kStopping);  // nobody listens: nothing happens
  EXPECT_EQ(::recv(socket.get(), text, sizeof text, MSG_DONTWAIT), -1);
}

}  // namespace
}  // namespace pinhole
