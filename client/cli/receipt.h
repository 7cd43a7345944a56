// What a team keeps of a submission: written before it is sent, so that a retry is the same request
// and spends nothing more.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/core/pipe/requests.h"

namespace pinhole::cli {

struct Receipt {
  // kRefused: the server said that it cannot be admitted; the next try is a new request.
  enum class State { kSigned, kSent, kRefused };
  State state = State::kSigned;
  std::string program_name;  // the file's name, for the person
  pipe::SubmitRequest request;
};

// The request's id in hex; the name of the receipt's file.
std::string RequestIdText(const Receipt& receipt);

std::string FormatReceipt(const Receipt& receipt);
// Errors: INVALID_ARGUMENT, also when the request's signature is wrong.
absl::StatusOr<Receipt> ParseReceipt(std::string_view text);

// True when sending `wanted` would be this submission again: same contest, policy, team and
// program, and not refused. The ledger takes a program once, whatever threshold comes with it.
bool IsSameSubmission(const Receipt& receipt, const pipe::SubmitRequest& wanted);

}  // namespace pinhole::cli
