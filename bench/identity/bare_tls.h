// TLS 1.3 and a little HTTP by OpenSSL alone: the devices of these measurements, and a load that is
// the same whichever server answers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "base/fd.h"
#include "crypto/certificate.h"
#include "crypto/key.h"

namespace vedette::bench {

template <class T, void (*Free)(T*)>
struct FreeBy {
  void operator()(T* object) const { Free(object); }
};
using BareContext = std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX, SSL_CTX_free>>;
using BareKey = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY, EVP_PKEY_free>>;
using BareCertificate = std::unique_ptr<X509, FreeBy<X509, X509_free>>;

// X25519, P-256 and SHA-256, as the server has them; trusts `root` alone. Shared by all devices.
[[nodiscard]] BareContext bare_context(const crypto::Certificate& root);
[[nodiscard]] BareKey bare_key(const crypto::PrivateKey& key);
[[nodiscard]] BareCertificate bare_certificate(ByteView der);

// Who a device is. Borrowed.
struct BareIdentity {
  X509* leaf = nullptr;
  X509* issuing = nullptr;
  EVP_PKEY* key = nullptr;
};

struct BareAnswer {
  int status = 0;
  unsigned retry_after = 0;  // seconds; 0 for none
  std::string body;
};

// One connection to 127.0.0.1. Closed hard, so that no port waits for what may still be under way.
class BareTls {
 public:
  // Connects and shakes hands, with a certificate. Nothing when either fails.
  [[nodiscard]] static std::optional<BareTls> open(SSL_CTX* context, std::uint16_t port,
                                                   const BareIdentity& who);

  [[nodiscard]] bool send(std::string_view text);
  // Nothing when the connection ends, or 20 seconds have gone.
  [[nodiscard]] std::optional<BareAnswer> receive();
  // The same for a GET or a POST without headers of its own.
  [[nodiscard]] std::optional<BareAnswer> ask(std::string_view request);

 private:
  using Tls = std::unique_ptr<SSL, FreeBy<SSL, SSL_free>>;
  BareTls(UniqueFd socket, Tls tls) : socket_(std::move(socket)), tls_(std::move(tls)) {}
  [[nodiscard]] bool read_more();

  UniqueFd socket_;
  Tls tls_;
  std::string inbox_;
};

// A TCP port that is free at this moment.
[[nodiscard]] std::uint16_t free_port();

}  // namespace vedette::bench
