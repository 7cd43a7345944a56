// The front's TLS key and certificate. Clients know it by its pin, not by a certificate authority.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace pinhole::front {

// The one name in the certificate; clients check it and the pin, whatever host they dialed.
inline constexpr char kCertificateName[] = "pinhole";

struct Identity {
  std::string key_pem;          // PKCS #8, P-256; secret
  std::string certificate_pem;  // X.509 v3, signed by the key itself
  std::string pin;  // hex SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469 section 2.4)
};

// A fresh key. Valid from a day ago, for clocks that go slow, for twenty years: the pin is the
// trust, and whoever replaces the key makes a new folder. Errors: INTERNAL when OpenSSL fails.
absl::StatusOr<Identity> MakeIdentity();

}  // namespace pinhole::front
