// Certificates alone in a degenerate SignedData (RFC 2315, 9.1; RFC 7030, 4.1.3).
#include "crypto/certificate.h"
#include "crypto/der.h"
#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

using Pkcs7Handle = std::unique_ptr<PKCS7, FreeWith<PKCS7_free>>;

constexpr std::size_t kMaxMessage = 256 << 10;
constexpr int kMaxCertificates = 32;

std::unexpected<Error> malformed(std::string cause) {
  return refuse("PKCS7-SYNTAX", "this is not a certs-only message", std::move(cause));
}

Result<Pkcs7Handle> decode(ByteView der) {
  if (der.size() > kMaxMessage) return malformed("larger than 256 KiB");
  if (!is_der(der)) return malformed("not DER, or octets behind it");
  const unsigned char* in = der.data();
  Pkcs7Handle message(d2i_PKCS7(nullptr, &in, static_cast<long>(der.size())));
  if (message == nullptr) return malformed(drain_errors());
  if (PKCS7_type_is_signed(message.get()) == 0 || message->d.sign == nullptr)
    return malformed("not SignedData");
  return message;
}

}  // namespace

Result<Bytes> make_certs_only(std::span<const Certificate> certificates) {
  if (certificates.empty() || certificates.size() > kMaxCertificates)
    return malformed("1 to 32 certificates are needed");
  const Pkcs7Handle message(PKCS7_new());
  require(message != nullptr && PKCS7_set_type(message.get(), NID_pkcs7_signed) == 1,
          "start a certs-only message");
  message->d.sign->contents->type = OBJ_nid2obj(NID_pkcs7_data);
  for (const Certificate& certificate : certificates)
    require(PKCS7_add_certificate(message.get(), native(certificate)) == 1, "add a certificate");
  return der_of<i2d_PKCS7>(message.get());
}

Result<std::vector<Certificate>> parse_certs_only(ByteView der) {
  const ErrorQueueScope errors;
  VEDETTE_TRY(const Pkcs7Handle message, decode(der));
  const PKCS7_SIGNED* const content = message->d.sign;
  if (sk_PKCS7_SIGNER_INFO_num(content->signer_info) > 0) return malformed("it has signers");
  const int count = sk_X509_num(content->cert);
  if (count < 1) return malformed("no certificate in it");
  if (count > kMaxCertificates) return malformed("more than 32 certificates");
  std::vector<Certificate> certificates;
  for (int i = 0; i < count; ++i) {
    VEDETTE_TRY(auto certificate, certificate_from_native(sk_X509_value(content->cert, i)));
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

}  // namespace vedette::crypto
