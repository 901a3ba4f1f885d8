#include "crypto/openssl_handles.h"

#include <stdexcept>

#include <openssl/err.h>

#include "crypto/key_values.h"

namespace vedette::crypto {

EVP_PKEY* native(const PublicKey& key) {
  return key.impl().key.get();
}
EVP_PKEY* native(const PrivateKey& key) {
  return key.impl().key.get();
}
X509* native(const Certificate& certificate) {
  return certificate.impl().handle.get();
}

Result<Certificate> certificate_from_native(const X509* certificate) {
  return Certificate::from_der(der_of<i2d_X509>(certificate));
}

std::string drain_errors() {
  std::string text;
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    if (!text.empty()) text += "; ";
    const char* reason = ERR_reason_error_string(code);
    text += reason != nullptr ? reason : "error " + std::to_string(code);
    if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0')
      text += std::string(": ") + data;
  }
  return text;
}

ErrorQueueScope::~ErrorQueueScope() {
  ERR_clear_error();
}

void require(bool ok, const char* what) {
  if (!ok)
    throw std::runtime_error(std::string("OpenSSL failed to ") + what + ": " + drain_errors());
}

}  // namespace vedette::crypto
