#include "crypto/alternative_names.h"
#include "crypto/attestation_bundle.h"
#include "crypto/certificate.h"
#include "crypto/der.h"
#include "crypto/key_values.h"
#include "crypto/name_text.h"

namespace vedette::crypto {
namespace {

constexpr std::size_t kMaxRequest = 16 << 10;
constexpr int kMostAttributes = 16;
constexpr const char* kAttestation = "1.2.840.113549.1.9.16.2.59";  // id-aa-attestation
constexpr long kUnusedBits = 0x07;  // of a BIT STRING's flags, as OpenSSL keeps them

std::unexpected<Error> malformed(std::string cause) {
  return refuse("CSR-SYNTAX", "this is not a well-formed certification request", std::move(cause));
}

std::unexpected<Error> badly_signed(std::string cause) {
  return refuse("CSR-SIGNATURE", "the request is not signed by the key it asks for",
                std::move(cause));
}

Result<RequestHandle> decode(ByteView der) {
  if (der.size() > kMaxRequest) return malformed("larger than 16 KiB");
  if (!is_der(der)) return malformed("not DER, or octets behind it");
  const unsigned char* in = der.data();
  RequestHandle request(d2i_X509_REQ(nullptr, &in, static_cast<long>(der.size())));
  if (request == nullptr) return malformed(drain_errors());
  if (!equal(der_of<i2d_X509_REQ>(request.get()), der))
    return malformed("it encodes otherwise again");
  if (X509_REQ_get_version(request.get()) != X509_REQ_VERSION_1)
    return malformed("not of version 1");
  return request;
}

Result<Hash> hash_of_signature(const X509_REQ* request, const PublicKey& key) {
  const int nid = X509_REQ_get_signature_nid(request);
  const bool rsa = key.type() == KeyType::rsa;
  const bool ecdsa = field_bytes(key.type()) != 0;
  switch (nid) {
    case NID_ecdsa_with_SHA256:
      if (ecdsa) return Hash::sha256;
      break;
    case NID_ecdsa_with_SHA384:
      if (ecdsa) return Hash::sha384;
      break;
    case NID_ecdsa_with_SHA512:
      if (ecdsa) return Hash::sha512;
      break;
    case NID_sha256WithRSAEncryption:
      if (rsa) return Hash::sha256;
      break;
    case NID_sha384WithRSAEncryption:
      if (rsa) return Hash::sha384;
      break;
    case NID_sha512WithRSAEncryption:
      if (rsa) return Hash::sha512;
      break;
    case NID_ED25519:
      if (key.type() == KeyType::ed25519) return Hash::sha512;
      break;
    default:
      break;
  }
  return badly_signed(std::string("signature algorithm ") + OBJ_nid2ln(nid));
}

Result<void> check_signature(X509_REQ* request, const PublicKey& key) {
  VEDETTE_TRY(const Hash hash, hash_of_signature(request, key));
  const ASN1_BIT_STRING* bits = nullptr;
  X509_REQ_get0_signature(request, &bits, nullptr);
  // A signature is whole octets; unused bits would give one request several encodings.
  if ((bits->flags & kUnusedBits) != 0) return badly_signed("a signature with unused bits");
  const ByteView signature(ASN1_STRING_get0_data(bits),
                           static_cast<std::size_t>(ASN1_STRING_length(bits)));
  // Over the part as it encodes anew: what is not DER does not verify.
  if (const auto verified = key.verify(hash, der_of<i2d_re_X509_REQ_tbs>(request), signature);
      !verified.has_value())
    return badly_signed(describe(verified.error()));
  return {};
}

// The attributes by which a request may ask for extensions (RFC 2985, 5.4.2, and Microsoft's).
int count_extension_requests(const X509_REQ* request) {
  int count = 0;
  for (const int nid : {NID_ext_req, NID_ms_ext_req})
    for (int at = -1; (at = X509_REQ_get_attr_by_NID(request, nid, at)) >= 0;)
      ++count;
  return count;
}

// A type stands once in a set of attributes (X.501, 8.2). Of two, one reader would judge the first
// and another the second: a request with two attestations among them.
Result<void> check_attributes(const X509_REQ* request) {
  const int count = X509_REQ_get_attr_count(request);
  if (count > kMostAttributes) return malformed("too many attributes");
  for (int at = 0; at < count; ++at) {
    const auto* const type = X509_ATTRIBUTE_get0_object(X509_REQ_get_attr(request, at));
    if (X509_REQ_get_attr_by_OBJ(request, type, at) >= 0)
      return malformed("an attribute stands twice");
  }
  return {};
}

Result<AlternativeNames> requested_names(X509_REQ* request) {
  const int asked = count_extension_requests(request);
  if (asked == 0) return AlternativeNames{};
  if (asked > 1) return malformed("it asks for extensions twice");
  const ExtensionStackHandle extensions(X509_REQ_get_extensions(request));
  if (extensions == nullptr) return malformed("extensions that cannot be read");
  int critical = 0;
  GeneralNamesHandle names(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(extensions.get(), NID_subject_alt_name, &critical, nullptr)));
  return read_alternative_names(std::move(names), critical, "CSR-SYNTAX");
}

void add_uri_request(X509_REQ* request, const std::string& uri_name) {
  const GeneralNamesHandle names(GENERAL_NAMES_new());
  require(names != nullptr, "make general names");
  add_uri(names.get(), uri_name);
  STACK_OF(X509_EXTENSION)* made = nullptr;
  const int added =
      X509V3_add1_i2d(&made, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT);
  const ExtensionStackHandle extensions(made);
  require(added == 1 && X509_REQ_add_extensions(request, extensions.get()) == 1,
          "ask for an extension");
}

}  // namespace

Result<CertificateRequest> parse_certificate_request(ByteView der) {
  const ErrorQueueScope errors;
  VEDETTE_TRY(const RequestHandle request, decode(der));
  VEDETTE_TRY(auto key, PublicKey::from_spki_der(
                            der_of<i2d_X509_PUBKEY>(X509_REQ_get_X509_PUBKEY(request.get()))));
  VEDETTE_CHECK(check_signature(request.get(), key));
  VEDETTE_CHECK(check_attributes(request.get()));
  VEDETTE_TRY(auto names, requested_names(request.get()));
  const X509_NAME* const subject = X509_REQ_get_subject_name(request.get());
  return CertificateRequest{.public_key = std::move(key),
                            .subject = name_text(subject),
                            .subject_der = der_of<i2d_X509_NAME>(subject),
                            .uri_names = std::move(names.uris),
                            .alternative_name_count = names.count};
}

namespace {

Result<RequestHandle> start_request(const PrivateKey& key, const std::string& common_name,
                                    const std::string& uri_name) {
  if (!uri_name.empty() && !is_uri_name(uri_name)) return malformed("the URI name " + uri_name);
  RequestHandle request(X509_REQ_new());
  const PublicKey public_key = key.public_key();
  require(request != nullptr && X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1,
          "start a request");
  set_public_key(request.get(), public_key);
  if (!add_name_entry(X509_REQ_get_subject_name(request.get()), NID_commonName, common_name))
    return malformed("the common name " + common_name);
  if (!uri_name.empty()) add_uri_request(request.get(), uri_name);
  return request;
}

Result<Bytes> sign_request(const RequestHandle& request, const PrivateKey& key) {
  const KeyType type = key.public_key().type();
  const EVP_MD* const md = type == KeyType::ed25519 ? nullptr : message_digest(own_hash(type));
  if (X509_REQ_sign(request.get(), native(key), md) <= 0)
    return refuse("KEY-SIGN", "the key could not sign the request", drain_errors());
  return der_of<i2d_X509_REQ>(request.get());
}

}  // namespace

Result<Bytes> make_certificate_request(const PrivateKey& key, const std::string& common_name,
                                       const std::string& uri_name) {
  const ErrorQueueScope errors;
  VEDETTE_TRY(const RequestHandle request, start_request(key, common_name, uri_name));
  return sign_request(request, key);
}

Result<Bytes> make_attested_request(const PrivateKey& key, const std::string& common_name,
                                    const std::string& uri_name, ByteView bundle) {
  const ErrorQueueScope errors;
  VEDETTE_TRY(const RequestHandle request, start_request(key, common_name, uri_name));
  require(X509_REQ_add1_attr_by_txt(request.get(), kAttestation, V_ASN1_SEQUENCE, bundle.data(),
                                    static_cast<int>(bundle.size())) == 1,
          "add an attestation");
  return sign_request(request, key);
}

}  // namespace vedette::crypto
