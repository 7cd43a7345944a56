#include "client/cli/tls_leaf.h"

#include <netdb.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <memory>

#include "absl/strings/str_format.h"
#include "server/core/base/status.h"
#include "server/system/unique_fd.h"

namespace pinhole::cli {
namespace {

template <auto F>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    F(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Context = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, Freer<SSL_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

absl::Status Unreachable(const std::string& address, std::string_view what) {
  return absl::UnavailableError(absl::StrFormat(
      "cannot reach %s: %s; check the address and whether the server runs", address, what));
}

// True once the connection stands. Non-blocking, so that a host that drops packets costs `timeout`
// and not the kernel's minutes.
bool ConnectWithin(int fd, const addrinfo& to, absl::Duration timeout) {
  if (::connect(fd, to.ai_addr, to.ai_addrlen) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd event{fd, POLLOUT, 0};
  if (::poll(&event, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) != 1) return false;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

absl::StatusOr<UniqueFd> ConnectTcp(const std::string& address, absl::Duration timeout) {
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  const addrinfo hints{.ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found) != 0) {
    return Unreachable(address, "the host's name is not known");
  }
  const std::unique_ptr<addrinfo, Freer<freeaddrinfo>> owner(found);
  for (const addrinfo* to = found; to != nullptr; to = to->ai_next) {
    UniqueFd fd(::socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.valid() || !ConnectWithin(fd.get(), *to, timeout)) continue;
    // A peer that accepts and then says nothing must not hold us for ever.
    const timeval limit = absl::ToTimeval(timeout);
    BIO_socket_nbio(fd.get(), 0);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return fd;
  }
  return Unreachable(address, "nobody answers there");
}

absl::StatusOr<TlsLeaf> Describe(X509* certificate) {
  unsigned char* der = nullptr;
  const int der_bytes = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  const Bio memory(BIO_new(BIO_s_mem()));
  if (der_bytes <= 0 || PEM_write_bio_X509(memory.get(), certificate) != 1) {
    OPENSSL_free(der);
    return absl::UnavailableError("the server's certificate cannot be read");
  }
  TlsLeaf leaf{.key = Sha256(ByteView(der, static_cast<size_t>(der_bytes)))};
  OPENSSL_free(der);
  char* text = nullptr;
  const long text_bytes = BIO_get_mem_data(memory.get(), &text);
  leaf.pem.assign(text, static_cast<size_t>(text_bytes));
  return leaf;
}

}  // namespace

absl::StatusOr<TlsLeaf> FetchTlsLeaf(const std::string& address, absl::Duration timeout) {
  ASSIGN_OR_RETURN(const UniqueFd fd, ConnectTcp(address, timeout));
  const Context context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  const Tls tls(SSL_new(context.get()));
  constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  SSL_set_alpn_protos(tls.get(), kHttp2, sizeof kHttp2);
  SSL_set_tlsext_host_name(tls.get(), "pinhole");
  SSL_set_fd(tls.get(), fd.get());
  if (SSL_connect(tls.get()) != 1) return Unreachable(address, "no TLS server answers there");
  const Certificate certificate(SSL_get1_peer_certificate(tls.get()));
  if (certificate == nullptr) return Unreachable(address, "the server shows no certificate");
  return Describe(certificate.get());
}

absl::Status CheckPin(const std::string& address, const TlsLeaf& leaf, const Digest& pin) {
  if (leaf.key == pin) return absl::OkStatus();
  return absl::DataLossError(absl::StrFormat(
      "IMPOSTOR REFUSED: whoever answers at %s does not have the pinned key; nothing was sent. If "
      "the server got a new key, its organizer tells you the new pin in person",
      address));
}

}  // namespace pinhole::cli
