#include "raw_issuance.h"

#include <ctime>

#include <openssl/x509.h>

#include "bare_tls.h"

namespace vedette::bench {

namespace {

using Request = std::unique_ptr<X509_REQ, FreeBy<X509_REQ, X509_REQ_free>>;
using Number = std::unique_ptr<BIGNUM, FreeBy<BIGNUM, BN_free>>;

bool set_serial(X509* certificate) {
  const Number serial(BN_new());
  return serial != nullptr &&
         BN_rand(serial.get(), 159, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool encodes(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  OPENSSL_free(der);
  return size > 0;
}

}  // namespace

struct RawIssuance::Impl {
  BareCertificate sample;
  BareCertificate issuing;
  BareKey key;
};

RawIssuance::RawIssuance(const crypto::Certificate& sample, const crypto::Certificate& issuing,
                         const crypto::PrivateKey& key)
    : impl_(new Impl{bare_certificate(sample.der()), bare_certificate(issuing.der()),
                     bare_key(key)}) {}

RawIssuance::~RawIssuance() = default;

bool RawIssuance::issue(ByteView der) const {
  const unsigned char* in = der.data();
  const Request request(d2i_X509_REQ(nullptr, &in, static_cast<long>(der.size())));
  if (request == nullptr) return false;
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  if (key == nullptr || X509_REQ_verify(request.get(), key) != 1) return false;
  const BareCertificate made(X509_new());
  const std::time_t now = std::time(nullptr);
  bool ok = made != nullptr && X509_set_version(made.get(), X509_VERSION_3) == 1 &&
            set_serial(made.get()) &&
            X509_set_issuer_name(made.get(), X509_get_subject_name(impl_->issuing.get())) == 1 &&
            X509_set_subject_name(made.get(), X509_REQ_get_subject_name(request.get())) == 1 &&
            ASN1_TIME_set(X509_getm_notBefore(made.get()), now) != nullptr &&
            ASN1_TIME_set(X509_getm_notAfter(made.get()), now + 3600) != nullptr &&
            X509_set_pubkey(made.get(), key) == 1;
  for (int i = 0; ok && i < X509_get_ext_count(impl_->sample.get()); ++i)
    ok = X509_add_ext(made.get(), X509_get_ext(impl_->sample.get(), i), -1) == 1;
  return ok && X509_sign(made.get(), impl_->key.get(), EVP_sha256()) > 0 && encodes(made.get());
}

}  // namespace vedette::bench
