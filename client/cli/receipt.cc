#include "client/cli/receipt.h"

#include <algorithm>

#include "client/cli/record.h"
#include "server/core/base/status.h"

namespace pinhole::cli {
namespace {

constexpr std::string_view kTitle = "pinhole-receipt-v1";
constexpr std::string_view kStates[] = {"signed", "sent", "refused"};

absl::StatusOr<Receipt::State> ParseState(std::string_view text) {
  for (size_t i = 0; i < std::size(kStates); ++i) {
    if (kStates[i] == text) return static_cast<Receipt::State>(i);
  }
  return absl::InvalidArgumentError("the state is none of signed, sent, refused");
}

}  // namespace

std::string RequestIdText(const Receipt& receipt) { return HexEncode(receipt.request.request_id); }

std::string FormatReceipt(const Receipt& receipt) {
  std::string name = receipt.program_name;
  std::replace(name.begin(), name.end(), '\n', '?');
  return RecordWriter(kTitle)
             .Add("state", kStates[static_cast<size_t>(receipt.state)])
             .Add("program", name)
             .text() +
         pipe::Encode(receipt.request);
}

absl::StatusOr<Receipt> ParseReceipt(std::string_view text) {
  ASSIGN_OR_RETURN(RecordReader reader, RecordReader::Open(text, kTitle));
  ASSIGN_OR_RETURN(const std::string_view state, reader.Take("state"));
  ASSIGN_OR_RETURN(const std::string_view name, reader.Take("program"));
  Receipt receipt{.program_name = std::string(name)};
  ASSIGN_OR_RETURN(receipt.state, ParseState(state));
  ASSIGN_OR_RETURN(pipe::Request request, pipe::ParseRequest(reader.Rest()));
  auto* submit = std::get_if<pipe::SubmitRequest>(&request);
  if (submit == nullptr) return absl::InvalidArgumentError("its request is no submission");
  receipt.request = std::move(*submit);
  return receipt;
}

bool IsSameSubmission(const Receipt& receipt, const pipe::SubmitRequest& wanted) {
  const pipe::SubmitRequest& kept = receipt.request;
  return receipt.state != Receipt::State::kRefused && kept.contest == wanted.contest &&
         kept.policy == wanted.policy && kept.team_key == wanted.team_key &&
         kept.program == wanted.program;
}

}  // namespace pinhole::cli
