// The ledger's entries: what is read is of one spelling, and what is of the same type and length is
// refused or encodes to the same bytes.
#include "server/core/log/entries.h"

#include "tests/fuzz/target.h"
#include "tests/support/ledger_builder.h"

namespace pinhole::fuzz {
namespace {

// Nothing for a RESULT or a FINAL, which only the gate encodes.
struct Again {
  template <typename T>
  absl::StatusOr<log::EncodedEntry> operator()(const T& entry) const {
    return log::Encode(entry);
  }
  absl::StatusOr<log::EncodedEntry> operator()(const log::ResultEntry& /*entry*/) const {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<log::EncodedEntry> operator()(const log::FinalEntry& /*entry*/) const {
    return absl::UnimplementedError("");
  }
};

}  // namespace

void Try(std::span<const uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  // As it came, and with its padding set right: a change of a field's length moves the line's end.
  std::string fitted(text);
  const size_t length = text.size() < 8 ? 0 : log::EntryLength(text);
  if (length != 0 && fitted.size() != length) {
    while (!fitted.empty() && (fitted.back() == ' ' || fitted.back() == '\n')) fitted.pop_back();
    fitted.resize(length - 1, ' ');
    fitted += '\n';
  }
  for (const std::string& input : {std::string(text), fitted}) {
    const auto entry = log::ParseEntry(input);
    if (!entry.ok()) continue;
    const auto again = std::visit(Again(), *entry);
    if (std::holds_alternative<log::ResultEntry>(*entry)) continue;
    Expect(again.ok() && again->bytes() == input, "an entry of two spellings");
    Expect(log::EntryLength(input) == input.size(), "an entry of another length");
  }
}

std::vector<std::string> Seeds() {
  testing::LedgerBuilder ledger;
  ledger.Start();
  ledger.Dataset();
  ledger.OpenContest(testing::DemoPolicy());
  ledger.Join("ada");
  ledger.Admit("ada", 10);
  ledger.EndRound();
  ledger.Shift(1);
  for (int round = 0; round < 4; ++round) ledger.Round();
  ledger.CloseEarly();
  return ledger.entries();
}

std::vector<std::string> Words() {
  return {" ",      "=",   "\n",  "0", "-",        "00", "9223372036854775808",
          "round=", "1 ",  ",",   "%", "\xc3\xa4", "9",  "e",
          ".000",   "f32", "text"};
}

}  // namespace pinhole::fuzz
