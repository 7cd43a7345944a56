// Fetches the certificate a TLS server presents, to be held against a pin before anything is sent.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/base/sha256.h"

namespace pinhole::cli {

struct TlsLeaf {
  std::string pem;
  Digest key{};  // SHA-256 of the SubjectPublicKeyInfo in DER
};

// Does a TLS handshake with HOST:PORT, sends nothing, and closes. The handshake proves that the
// other side has the key; whose key it is, is the caller's to judge. Errors: UNAVAILABLE.
absl::StatusOr<TlsLeaf> FetchTlsLeaf(const std::string& address, absl::Duration timeout);

// OK when the leaf has the pinned key. Errors: DATA_LOSS.
absl::Status CheckPin(const std::string& address, const TlsLeaf& leaf, const Digest& pin);

}  // namespace pinhole::cli
