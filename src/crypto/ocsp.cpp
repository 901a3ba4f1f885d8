#include <utility>

#include <openssl/ocsp.h>

#include "crypto/der.h"
#include "crypto/key_values.h"
#include "crypto/ocsp_request.h"
#include "crypto/revocation.h"

namespace vedette::crypto {
namespace {

using RequestPtr = std::unique_ptr<OCSP_REQUEST, FreeWith<OCSP_REQUEST_free>>;
using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>>;
using IdPtr = std::unique_ptr<OCSP_CERTID, FreeWith<OCSP_CERTID_free>>;
using TimeHandle = std::unique_ptr<ASN1_TIME, FreeWith<ASN1_TIME_free>>;

constexpr std::size_t kMaxRequest = 4096;
constexpr int kMaxCertificates = 16;
constexpr int kMaxNonce = 32;  // RFC 8954, 2.1

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("OCSP-SYNTAX", "this is no OCSP request that is answered", std::move(cause));
}

Result<RequestPtr> parse(ByteView der) {
  if (der.size() > kMaxRequest) return refuse_syntax(std::to_string(der.size()) + " octets");
  if (!is_der(der)) return refuse_syntax("it is not DER");
  const unsigned char* at = der.data();
  RequestPtr request(d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(der.size())));
  if (request == nullptr || at != der.data() + der.size()) return refuse_syntax(drain_errors());
  const int count = OCSP_request_onereq_count(request.get());
  if (count < 1 || count > kMaxCertificates)
    return refuse_syntax(std::to_string(count) + " certificates");
  return request;
}

TimeHandle time_of(TimePoint time) {
  TimeHandle made(ASN1_TIME_set(nullptr, to_unix_seconds(time)));
  require(made != nullptr, "make a time");
  return made;
}

// The hash is the asker's choice and identifies, no more: SHA-1 is what most clients send.
bool names_issuer(OCSP_CERTID* id, const Certificate& issuer) {
  ASN1_OBJECT* algorithm = nullptr;
  require(OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, id) == 1, "read an identifier");
  const int digest = OBJ_obj2nid(algorithm);
  if (digest != NID_sha1 && digest != NID_sha256) return false;
  IdPtr ours(OCSP_cert_id_new(EVP_get_digestbynid(digest), X509_get_subject_name(native(issuer)),
                              X509_get0_pubkey_bitstr(native(issuer)), nullptr));
  require(ours != nullptr, "make an identifier");
  return OCSP_id_issuer_cmp(id, ours.get()) == 0;
}

Result<std::string> serial_of(OCSP_CERTID* id) {
  ASN1_INTEGER* serial = nullptr;
  require(OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial, id) == 1, "read an identifier");
  const BignumHandle number(ASN1_INTEGER_to_BN(serial, nullptr));
  constexpr int kMaxSerialOctets = 20;
  if (number == nullptr || BN_is_negative(number.get()) != 0 ||
      BN_num_bytes(number.get()) > kMaxSerialOctets)
    return refuse_syntax("a serial number that no certificate has");
  Bytes octets(std::max<std::size_t>(1, static_cast<std::size_t>(BN_num_bytes(number.get()))));
  (void)BN_bn2binpad(number.get(), octets.data(), static_cast<int>(octets.size()));
  return to_hex(octets);
}

Result<CertificateStanding> standing_of(OCSP_CERTID* id, const Certificate& issuer,
                                        const FindStanding& standing) {
  if (!names_issuer(id, issuer)) return CertificateStanding{};
  VEDETTE_TRY(const std::string serial, serial_of(id));
  return standing(serial);
}

struct Validity {
  TimeHandle from;
  TimeHandle until;
};

int status_of(CertificateStanding::Kind kind) {
  switch (kind) {
    case CertificateStanding::Kind::good:
      return V_OCSP_CERTSTATUS_GOOD;
    case CertificateStanding::Kind::revoked:
      return V_OCSP_CERTSTATUS_REVOKED;
    case CertificateStanding::Kind::unknown:
      return V_OCSP_CERTSTATUS_UNKNOWN;
  }
  std::unreachable();
}

void add_status(OCSP_BASICRESP* basic, OCSP_CERTID* id, const CertificateStanding& found,
                const Validity& validity) {
  const bool revoked = found.kind == CertificateStanding::Kind::revoked;
  const TimeHandle at = time_of(found.revocation.at);
  require(OCSP_basic_add1_status(
              basic, id, status_of(found.kind), static_cast<int>(found.revocation.reason),
              revoked ? at.get() : nullptr, validity.from.get(), validity.until.get()) != nullptr,
          "add a certificate's status");
}

Result<void> copy_nonce(OCSP_BASICRESP* basic, OCSP_REQUEST* request) {
  const int at = OCSP_REQUEST_get_ext_by_NID(request, NID_id_pkix_OCSP_Nonce, -1);
  if (at < 0) return {};
  const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(OCSP_REQUEST_get_ext(request, at));
  const int wrapped = ASN1_STRING_length(value) - 2;  // an OCTET STRING within
  if (wrapped < 1 || wrapped > kMaxNonce) return refuse_syntax("a nonce of another length");
  require(OCSP_copy_nonce(basic, request) == 1, "copy a nonce");
  return {};
}

Result<Bytes> signed_by(const OcspResponder& responder, OCSP_BASICRESP* basic) {
  if (OCSP_basic_sign(basic, native(responder.certificate), native(responder.key),
                      message_digest(Hash::sha256), nullptr, OCSP_RESPID_KEY) != 1)
    return refuse("KEY-SIGN", "the OCSP responder's key could not sign", drain_errors());
  const ResponsePtr response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic));
  require(response != nullptr, "make an OCSP response");
  return der_of<i2d_OCSP_RESPONSE>(response.get());
}

Bytes without_content(int status) {
  const ResponsePtr response(OCSP_response_create(status, nullptr));
  require(response != nullptr, "make an OCSP response");
  return der_of<i2d_OCSP_RESPONSE>(response.get());
}

}  // namespace

Result<Bytes> answer_ocsp(ByteView request_der, const OcspResponder& responder,
                          TimePoint this_update, TimePoint next_update,
                          const FindStanding& standing) {
  const ErrorQueueScope errors;
  VEDETTE_TRY(const RequestPtr request, parse(request_der));
  const BasicPtr basic(OCSP_BASICRESP_new());
  require(basic != nullptr, "start an OCSP response");
  const Validity validity{time_of(this_update), time_of(next_update)};
  for (int i = 0; i < OCSP_request_onereq_count(request.get()); ++i) {
    OCSP_CERTID* const id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request.get(), i));
    VEDETTE_TRY(const CertificateStanding found, standing_of(id, responder.issuer, standing));
    add_status(basic.get(), id, found, validity);
  }
  VEDETTE_CHECK(copy_nonce(basic.get(), request.get()));
  return signed_by(responder, basic.get());
}

Result<Bytes> make_ocsp_statement(const Certificate& certificate, const OcspResponder& responder,
                                  TimePoint this_update, TimePoint next_update) {
  const ErrorQueueScope errors;
  const BasicPtr basic(OCSP_BASICRESP_new());
  require(basic != nullptr, "start an OCSP response");
  // By SHA-1, under which clients look for it.
  const IdPtr id(OCSP_cert_to_id(nullptr, native(certificate), native(responder.issuer)));
  require(id != nullptr, "make an identifier");
  add_status(basic.get(), id.get(), {.kind = CertificateStanding::Kind::good, .revocation = {}},
             {time_of(this_update), time_of(next_update)});
  return signed_by(responder, basic.get());
}

bool asks_about_issuer(ByteView request_der, const Certificate& issuer) {
  const ErrorQueueScope errors;
  const auto request = parse(request_der);
  return request &&
         names_issuer(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request->get(), 0)), issuer);
}

Bytes ocsp_malformed_request() {
  return without_content(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
}

Bytes ocsp_try_later() {
  return without_content(OCSP_RESPONSE_STATUS_TRYLATER);
}

}  // namespace vedette::crypto
