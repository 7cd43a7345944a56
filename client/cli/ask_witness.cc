#include "client/cli/ask_witness.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/core/base/text.h"
#include "server/core/log/witness.h"

namespace pinhole::cli {
namespace {

// From 0, from the size that is named then, and once more when others asked in between.
constexpr int kMostTries = 3;
constexpr size_t kReasonCharacters = 200;

// A stranger's text on one line of a terminal.
std::string Shown(std::string_view text) {
  std::string shown(text.substr(0, kReasonCharacters));
  while (shown.ends_with('\n')) shown.pop_back();
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

// The size that a 409 names.
absl::StatusOr<uint64_t> NamedSize(const HttpAnswer& answer, const ProvableHead& head) {
  if (!answer.content_type.starts_with("text/x.tlog.size") || !answer.body.ends_with('\n')) {
    return absl::DataLossError(absl::StrFormat("REFUSED (409): %s", Shown(answer.body)));
  }
  ASSIGN_OR_RETURN(const int64_t size,
                   ParseIntegerIn(std::string_view(answer.body).substr(0, answer.body.size() - 1),
                                  0, std::numeric_limits<int64_t>::max()));
  if (static_cast<uint64_t>(size) > head.head().size) {
    return absl::DataLossError(absl::StrFormat(
        "the witness signed %d entries, and this ledger has %d: it went back, or this copy is old",
        size, head.head().size));
  }
  return static_cast<uint64_t>(size);
}

}  // namespace

bool IsUrl(const std::string& source) {
  return source.starts_with("http://") || source.starts_with("https://");
}

absl::StatusOr<std::string> AskByHttp(std::string url, const ProvableHead& head,
                                      HttpBreak* broken) {
  while (url.ends_with('/')) url.pop_back();
  uint64_t old_size = 0;
  for (int i = 0; i < kMostTries; ++i) {
    ASSIGN_OR_RETURN(const std::string request, head.RequestFrom(old_size));
    ASSIGN_OR_RETURN(HttpAnswer answer, PostText(url + "/add-checkpoint", request, broken));
    switch (answer.code) {
      case static_cast<int>(WitnessVerdict::kCosign):
        return std::move(answer.body);
      case static_cast<int>(WitnessVerdict::kConflict): {
        ASSIGN_OR_RETURN(old_size, NamedSize(answer, head));
        break;
      }
      case static_cast<int>(WitnessVerdict::kMalformed):
      case static_cast<int>(WitnessVerdict::kBadSignature):
      case static_cast<int>(WitnessVerdict::kUnknownLedger):
      case static_cast<int>(WitnessVerdict::kInconsistent):
        return absl::DataLossError(
            absl::StrFormat("REFUSED (%d): %s", answer.code, Shown(answer.body)));
      default:
        return absl::UnavailableError(
            absl::StrFormat("no answer (%d): %s", answer.code, Shown(answer.body)));
    }
  }
  return absl::UnavailableError("others ask this witness at the same time: ask again");
}

}  // namespace pinhole::cli
