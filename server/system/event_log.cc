#include "server/system/event_log.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace pinhole {
namespace {

// The words of a closed set, in the order of its enumerators.
constexpr std::string_view kDegradedWords[] = {"no", "yes"};
constexpr std::string_view kPartWords[] = {"opening", "batch", "hand-over"};
constexpr std::string_view kVerdictWords[] = {"appended", "refused"};
constexpr std::string_view kDiskUseWords[] = {"program", "predictions", "ledger", "reserve",
                                              "request"};
constexpr std::string_view kLossWords[] = {"absent",     "closed",  "protocol",
                                           "unfinished", "storage", "other"};
constexpr std::string_view kFolderWords[] = {"public", "witness"};
constexpr std::string_view kRefusalWords[] = {
    "bad-token",      "bad-request",  "not-found",         "bad-invitation", "not-open",
    "no-try-left",    "bad-program",  "request-id-reused", "no-ledger",      "no-place-left",
    "busy",           "rate-limited", "too-large",         "quota",          "deadline",
    "bad-page-token", "page-expired", "slow-reader",       "stopping",       "too-many-waiting",
    "storage-full"};
constexpr std::string_view kStopWords[] = {"asked", "disk-full", "lane-broke", "ledger-damaged",
                                           "other"};

using Words = std::pair<const std::string_view*, size_t>;
Words WordsOf(Degraded) { return {kDegradedWords, std::size(kDegradedWords)}; }
Words WordsOf(ExchangePart) { return {kPartWords, std::size(kPartWords)}; }
Words WordsOf(ProposalVerdict) { return {kVerdictWords, std::size(kVerdictWords)}; }
Words WordsOf(DiskUse) { return {kDiskUseWords, std::size(kDiskUseWords)}; }
Words WordsOf(VaultLoss) { return {kLossWords, std::size(kLossWords)}; }
Words WordsOf(StaticFolder) { return {kFolderWords, std::size(kFolderWords)}; }
Words WordsOf(CallRefusal) { return {kRefusalWords, std::size(kRefusalWords)}; }
Words WordsOf(StopReason) { return {kStopWords, std::size(kStopWords)}; }

// A field is an int64_t or an enum that WordsOf knows.
struct Formatter {
  std::string text;
  void operator()(std::string_view field, int64_t number) {
    absl::StrAppendFormat(&text, " %s=%d", field, number);
  }
  template <typename Enum>
  void operator()(std::string_view field, Enum word) {
    absl::StrAppendFormat(&text, " %s=%s", field, WordsOf(word).first[static_cast<size_t>(word)]);
  }
};

std::string Joined(const std::string_view* words, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    text += words[i];
  }
  return text;
}

struct Describer {
  std::vector<std::string> fields;
  void operator()(std::string_view field, int64_t /*number*/) { fields.emplace_back(field); }
  template <typename Enum>
  void operator()(std::string_view field, Enum word) {
    const auto [words, count] = WordsOf(word);
    fields.push_back(absl::StrFormat("%s: %s", field, Joined(words, count)));
  }
};

template <size_t... kIndex>
std::vector<Event> OneOfEach(std::index_sequence<kIndex...> /*all*/) {
  return {Event(std::in_place_index<kIndex>)...};
}

}  // namespace

std::string FormatEvent(const Event& event) {
  return std::visit(
      [](const auto& one) {
        Formatter formatter{.text = absl::StrFormat("event=%s", one.kName)};
        one.Visit(formatter);
        return formatter.text;
      },
      event);
}

Priority PriorityOf(const Event& event) {
  if (const auto* stopped = std::get_if<event::Stopped>(&event)) {
    return stopped->why == StopReason::kAsked ? Priority::kInfo : Priority::kError;
  }
  if (std::holds_alternative<event::LedgerAlarm>(event) ||
      std::holds_alternative<event::MirrorAhead>(event) ||
      std::holds_alternative<event::ContestStopped>(event) ||
      std::holds_alternative<event::QuorumMissing>(event) ||
      std::holds_alternative<event::CallsFailed>(event)) {
    return Priority::kError;
  }
  if (std::holds_alternative<event::DiskFull>(event) ||
      std::holds_alternative<event::RoundsMoved>(event) ||
      std::holds_alternative<event::VaultGone>(event) ||
      std::holds_alternative<event::PublishFailed>(event) ||
      std::holds_alternative<event::NoWitnessFolder>(event) ||
      std::holds_alternative<event::RequestSkipped>(event)) {
    return Priority::kWarning;
  }
  return Priority::kInfo;
}

std::vector<EventShape> EventShapes() {
  std::vector<EventShape> shapes;
  for (const Event& event : OneOfEach(std::make_index_sequence<std::variant_size_v<Event>>())) {
    std::visit(
        [&](const auto& one) {
          Describer describer;
          one.Visit(describer);
          shapes.push_back({.name = std::string(one.kName),
                            .priority = PriorityOf(event),
                            .fields = std::move(describer.fields)});
        },
        event);
  }
  return shapes;
}

EventLog EventLog::ToStandardError() {
  return {STDERR_FILENO,
          std::getenv("JOURNAL_STREAM") != nullptr ? Style::kJournal : Style::kPlain};
}

void EventLog::Write(const Event& event) const {
  std::string line =
      style_ == Style::kJournal
          ? absl::StrFormat("<%d>", static_cast<int>(PriorityOf(event)))
          : absl::FormatTime("time=%Y-%m-%dT%H:%M:%SZ ", absl::Now(), absl::UTCTimeZone());
  line += FormatEvent(event) + "\n";
  (void)!::write(fd_, line.data(), line.size());
}

}  // namespace pinhole
