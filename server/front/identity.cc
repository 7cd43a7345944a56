#include "server/front/identity.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/core/base/sha256.h"
#include "server/core/base/status.h"
#include "server/system/random.h"

namespace pinhole::front {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;

constexpr long kDaySeconds = 24L * 3600;
constexpr long kValidSeconds = 20L * 365 * kDaySeconds;
constexpr long kVersion3 = 2;  // X.509 counts from 0

absl::Status Failed(std::string_view step) {
  return absl::InternalError(absl::StrFormat("making the TLS certificate: %s failed", step));
}

absl::Status AddExtension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return Failed(value);
  }
  return absl::OkStatus();
}

absl::Status Fill(X509* certificate, EVP_PKEY* key) {
  auto serial = RandomBytes<16>();
  serial[0] &= 0x7f;  // positive
  const Number number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  X509_NAME* const name = X509_get_subject_name(certificate);
  const auto* const text = reinterpret_cast<const unsigned char*>(kCertificateName);
  const bool filled =
      X509_set_version(certificate, kVersion3) == 1 && number != nullptr &&
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr &&
      X509_gmtime_adj(X509_getm_notBefore(certificate), -kDaySeconds) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(certificate), kValidSeconds) != nullptr &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
      X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1;
  if (!filled) return Failed("filling in its fields");
  // It stands for itself and can vouch for no other.
  RETURN_IF_ERROR(AddExtension(certificate, NID_basic_constraints, "critical,CA:FALSE"));
  RETURN_IF_ERROR(AddExtension(certificate, NID_key_usage, "critical,digitalSignature"));
  RETURN_IF_ERROR(AddExtension(certificate, NID_ext_key_usage, "serverAuth"));
  RETURN_IF_ERROR(AddExtension(certificate, NID_subject_alt_name, "DNS:pinhole"));
  return X509_sign(certificate, key, EVP_sha256()) > 0 ? absl::OkStatus() : Failed("signing");
}

std::string Contents(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<size_t>(size)};
}

absl::StatusOr<std::string> PinOf(EVP_PKEY* key) {
  const int size = i2d_PUBKEY(key, nullptr);
  if (size <= 0) return Failed("encoding the public key");
  std::vector<uint8_t> der(static_cast<size_t>(size));
  uint8_t* end = der.data();
  if (i2d_PUBKEY(key, &end) != size) return Failed("encoding the public key");
  return HexEncode(Sha256(ByteView(der)));
}

}  // namespace

absl::StatusOr<Identity> MakeIdentity() {
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Failed("making the key");
  const Certificate certificate(X509_new());
  if (certificate == nullptr) return Failed("making room");
  RETURN_IF_ERROR(Fill(certificate.get(), key.get()));
  const Bio key_text(BIO_new(BIO_s_secmem()));
  const Bio certificate_text(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1 ||
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1) {
    return Failed("writing it as PEM");
  }
  Identity identity{.key_pem = Contents(key_text.get()),
                    .certificate_pem = Contents(certificate_text.get())};
  ASSIGN_OR_RETURN(identity.pin, PinOf(key.get()));
  return identity;
}

}  // namespace pinhole::front
