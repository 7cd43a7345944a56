// One witness asked about one head by HTTP (c2sp.org/tlog-witness v1.0.0).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/http.h"
#include "client/cli/witness_request.h"

namespace pinhole::cli {

// True for http://… and https://…
bool IsUrl(const std::string& source);

// What the witness at `url` answers: signature lines, unverified. Asks from the size that it names.
// Errors: DATA_LOSS when it refuses, or has signed more than the head has; UNAVAILABLE when it does
// not answer, so that it may be asked again; as PostText.
absl::StatusOr<std::string> AskByHttp(std::string url, const ProvableHead& head,
                                      HttpBreak* broken = nullptr);

}  // namespace pinhole::cli
