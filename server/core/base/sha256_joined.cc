#include "server/core/base/sha256_joined.h"

// OpenSSL 3 calls these deprecated in favour of EVP, which looks its algorithm up by name for each
// message: that costs more than hashing a ledger entry. The code behind both is the same.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <cstdlib>

namespace pinhole {

Digest Sha256Joined(std::initializer_list<ByteView> parts) {
  SHA256_CTX context;
  Digest digest;
  // These fail for no input.
  if (SHA256_Init(&context) != 1) std::abort();
  for (const ByteView part : parts) {
    if (SHA256_Update(&context, part.data(), part.size()) != 1) std::abort();
  }
  if (SHA256_Final(digest.data(), &context) != 1) std::abort();
  return digest;
}

}  // namespace pinhole
