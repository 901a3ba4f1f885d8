// OpenSSL's objects with an owner, and the way into our values.
//
// The one header that names OpenSSL's types. Only the sources of src/crypto and the TLS adapter
// (src/platform/net/beast) include it; everybody else sees PublicKey, PrivateKey and Certificate.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/certificate.h"
#include "crypto/key.h"

namespace vedette::crypto {

// A stateless deleter out of a C function.
template <auto Function>
struct FreeWith {
  template <class T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};

struct FreeCertificateStack {  // sk_X509_pop_free is a macro
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_pop_free(stack, X509_free); }
};
struct FreeExtensionStack {
  void operator()(STACK_OF(X509_EXTENSION) * stack) const noexcept {
    sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
  }
};
struct FreeMemory {
  void operator()(void* memory) const noexcept { OPENSSL_free(memory); }
};

using BioHandle = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using BignumHandle = std::unique_ptr<BIGNUM, FreeWith<BN_clear_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using KeyContextHandle = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using DigestContextHandle = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using EcdsaSigHandle = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;
using CertificateHandle = std::unique_ptr<X509, FreeWith<X509_free>>;
using CertificateStackHandle = std::unique_ptr<STACK_OF(X509), FreeCertificateStack>;
using CertificateStoreHandle = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using ExtensionStackHandle = std::unique_ptr<STACK_OF(X509_EXTENSION), FreeExtensionStack>;
using GeneralNamesHandle = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using RequestHandle = std::unique_ptr<X509_REQ, FreeWith<X509_REQ_free>>;
using SpkiHandle = std::unique_ptr<X509_PUBKEY, FreeWith<X509_PUBKEY_free>>;

// Borrowed from the value, valid as long as any copy of it. Safe to use from several threads for
// reading; X509_up_ref and EVP_PKEY_up_ref make an owner of one's own.
[[nodiscard]] EVP_PKEY* native(const PublicKey& key);
[[nodiscard]] EVP_PKEY* native(const PrivateKey& key);
[[nodiscard]] X509* native(const Certificate& certificate);

// Takes a certificate that OpenSSL has read, such as a TLS peer's, as it is: reading it again would
// cost as much as a verification. Refuses what Certificate::from_der refuses.
[[nodiscard]] Result<Certificate> adopt_certificate(CertificateHandle handle);
// As Certificate::spki_sha256.
[[nodiscard]] Sha256Digest spki_sha256(const X509* certificate);
// A certificate made here, read again as others will read it. Refuses as from_der.
[[nodiscard]] Result<Certificate> certificate_from_native(const X509* certificate);

// Empties this thread's error queue into one line of text, for an Error's cause. A queue left full
// makes the next SSL_get_error lie, so every path that fails in OpenSSL ends here.
[[nodiscard]] std::string drain_errors();

// Empties the queue when a scope ends in which a failure is expected and explained by the caller.
class ErrorQueueScope {
 public:
  ErrorQueueScope() = default;
  ErrorQueueScope(const ErrorQueueScope&) = delete;
  ErrorQueueScope& operator=(const ErrorQueueScope&) = delete;
  ~ErrorQueueScope();
};

// For calls that no input can make fail: throws std::runtime_error with the drained queue.
void require(bool ok, const char* what);

}  // namespace vedette::crypto
