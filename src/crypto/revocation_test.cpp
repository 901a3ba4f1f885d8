// Lists and answers, judged by OpenSSL's own verification as a relying party uses it.
#include "crypto/revocation.h"

#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <openssl/x509_vfy.h>

#include "crypto/authority_sample.h"
#include "crypto/openssl_handles.h"

namespace vedette::crypto {
namespace {

using ListHandle = std::unique_ptr<X509_CRL, FreeWith<X509_CRL_free>>;
using ContextHandle = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;

constexpr const char* kUrl = "https://ca.example.org/revocation";

class Revocations : public testing::Test {
 protected:
  [[nodiscard]] Certificate leaf(const std::string& url) const {
    CertificateProfile profile = AuthoritySample::client_profile();
    profile.revocation_url = url;
    return authority_.issue(profile, PrivateKey::generate_p256().public_key()).value();
  }

  [[nodiscard]] Bytes list(std::span<const RevokedCertificate> entries,
                           const std::optional<std::string>& address) const {
    return make_revocation_list({address, now_, now_ + std::chrono::minutes(10)}, entries,
                                authority_.issuing, authority_.issuing_key)
        .value();
  }

  // X509_V_OK, or why a relying party that wants a list refuses.
  [[nodiscard]] int judge(const Certificate& certificate, const Bytes& list_der,
                          TimePoint time) const {
    const CertificateStoreHandle store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), native(authority_.root));
    const unsigned char* at = list_der.data();
    const ListHandle parsed(d2i_X509_CRL(nullptr, &at, static_cast<long>(list_der.size())));
    EXPECT_NE(parsed, nullptr);
    EXPECT_EQ(X509_STORE_add_crl(store.get(), parsed.get()), 1);
    const CertificateStackHandle between(sk_X509_new_null());
    X509_up_ref(native(authority_.issuing));
    sk_X509_push(between.get(), native(authority_.issuing));
    const ContextHandle context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), native(certificate), between.get());
    X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(rules, to_unix_seconds(time));
    X509_VERIFY_PARAM_set_flags(
        rules, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_EXTENDED_CRL_SUPPORT | X509_V_FLAG_X509_STRICT);
    return X509_verify_cert(context.get()) == 1 ? X509_V_OK
                                                : X509_STORE_CTX_get_error(context.get());
  }

  [[nodiscard]] std::string address_of(const Certificate& certificate) const {
    return revocation_list_address(kUrl, revocation_shard(certificate.serial_hex()).value());
  }
  [[nodiscard]] RevokedCertificate revoked(const Certificate& certificate) const {
    return {certificate.serial_hex(), {now_, RevocationReason::privilege_withdrawn}};
  }

  const AuthoritySample authority_;
  const TimePoint now_ = kStart + kDay;
};

TEST_F(Revocations, AListRefusesTheCertificatesThatItNamesAndNoOthers) {
  const Certificate bad = leaf("");
  const Certificate good = leaf("");
  const Bytes made = list(std::array{revoked(bad)}, std::nullopt);
  EXPECT_EQ(judge(bad, made, now_), X509_V_ERR_CERT_REVOKED);
  EXPECT_EQ(judge(good, made, now_), X509_V_OK);
  EXPECT_EQ(judge(good, made, now_ + std::chrono::minutes(11)), X509_V_ERR_CRL_HAS_EXPIRED);
  EXPECT_EQ(judge(good, made, now_ - std::chrono::minutes(1)), X509_V_ERR_CRL_NOT_YET_VALID);
}

TEST_F(Revocations, AListOfAnotherShardSaysNothing) {
  const Certificate certificate = leaf(kUrl);
  const unsigned shard = revocation_shard(certificate.serial_hex()).value();
  const std::string other = revocation_list_address(kUrl, (shard + 1) % kRevocationShards);
  EXPECT_EQ(judge(certificate, list({}, address_of(certificate)), now_), X509_V_OK);
  EXPECT_EQ(judge(certificate, list({}, other), now_), X509_V_ERR_DIFFERENT_CRL_SCOPE);
  EXPECT_EQ(
      judge(certificate, list(std::array{revoked(certificate)}, address_of(certificate)), now_),
      X509_V_ERR_CERT_REVOKED);
}

TEST_F(Revocations, AListOfAnotherAuthorityIsNotTaken) {
  const AuthoritySample other;
  const Bytes forged = make_revocation_list({std::nullopt, now_, now_ + std::chrono::minutes(10)},
                                            {}, other.issuing, other.issuing_key)
                           .value();
  EXPECT_NE(judge(leaf(""), forged, now_), X509_V_OK);
}

TEST_F(Revocations, ASerialThatIsNoneIsRefused) {
  for (const char* serial : {"", "-1", "xyz", "00112233445566778899aabbccddeeff0011223344"}) {
    const std::array entries{RevokedCertificate{serial, {now_}}};
    EXPECT_EQ(make_revocation_list({std::nullopt, now_, now_ + kDay}, entries, authority_.issuing,
                                   authority_.issuing_key)
                  .error()
                  .code,
              "CRL-ENTRY");
    EXPECT_EQ(revocation_shard(serial).error().code, "CERT-SYNTAX");
  }
  EXPECT_EQ(revocation_shard("0a1f").value(), 15U);
  EXPECT_EQ(revocation_shard("0a10").value(), 0U);
}

class Ocsp : public Revocations {
 protected:
  using Request = std::unique_ptr<OCSP_REQUEST, FreeWith<OCSP_REQUEST_free>>;
  using Response = std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>>;
  using Basic = std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>>;

  [[nodiscard]] OcspResponder responder() const {
    CertificateProfile profile = AuthoritySample::profile(CertificateKind::ocsp_responder, "OCSP");
    return {authority_.issuing, authority_.issue(profile, responder_key_.public_key()).value(),
            responder_key_};
  }
  [[nodiscard]] static OCSP_CERTID* id_of(const Certificate& certificate, const Certificate& issuer,
                                          const EVP_MD* digest) {
    return OCSP_cert_to_id(digest, native(certificate), native(issuer));
  }
  [[nodiscard]] static Bytes encoded(OCSP_REQUEST* request) {
    unsigned char* octets = nullptr;
    const int size = i2d_OCSP_REQUEST(request, &octets);
    const std::unique_ptr<unsigned char, FreeMemory> owner(octets);
    return {octets, octets + size};
  }
  // The certificate's status as a relying party finds it in our answer; -1 when it does not verify.
  [[nodiscard]] int status(const Certificate& certificate, const CertificateStanding& standing,
                           const EVP_MD* digest = EVP_sha256(), bool with_nonce = true) {
    const Request request(OCSP_REQUEST_new());
    OCSP_request_add0_id(request.get(), id_of(certificate, authority_.issuing, digest));
    if (with_nonce) OCSP_request_add1_nonce(request.get(), nullptr, 16);
    const auto answer =
        answer_ocsp(encoded(request.get()), responder(), now_, now_ + std::chrono::minutes(2),
                    [&](const std::string& serial) -> Result<CertificateStanding> {
                      asked_ = serial;
                      return standing;
                    });
    if (!answer) return -1;
    const unsigned char* at = answer->data();
    const Response response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(answer->size())));
    const Basic basic(OCSP_response_get1_basic(response.get()));
    const CertificateStoreHandle store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), native(authority_.root));
    X509_VERIFY_PARAM* const rules = X509_STORE_get0_param(store.get());
    X509_VERIFY_PARAM_set_time(rules, to_unix_seconds(now_));
    const CertificateStackHandle between(sk_X509_new_null());
    X509_up_ref(native(authority_.issuing));
    sk_X509_push(between.get(), native(authority_.issuing));
    if (OCSP_basic_verify(basic.get(), between.get(), store.get(), 0) != 1) return -1;
    if (OCSP_check_nonce(request.get(), basic.get()) != (with_nonce ? 1 : 2)) return -1;
    const std::unique_ptr<OCSP_CERTID, FreeWith<OCSP_CERTID_free>> id(
        id_of(certificate, authority_.issuing, digest));
    int found = -1;
    int reason = -1;
    if (OCSP_resp_find_status(basic.get(), id.get(), &found, &reason, nullptr, nullptr, nullptr) !=
        1)
      return -1;
    told_reason_ = reason;
    return found;
  }

  const PrivateKey responder_key_ = PrivateKey::generate_p256();
  std::string asked_;
  int told_reason_ = -1;
};

TEST_F(Ocsp, RefusesWhatIsNoRequest) {
  const auto code = [&](const Bytes& request) {
    const auto answer = answer_ocsp(request, responder(), now_, now_ + kDay,
                                    [](const std::string&) { return CertificateStanding{}; });
    return answer ? std::string("answered") : answer.error().code;
  };
  EXPECT_EQ(code({}), "OCSP-SYNTAX");
  EXPECT_EQ(code(to_bytes("hello")), "OCSP-SYNTAX");
  EXPECT_EQ(code(Bytes(5000, 0x30)), "OCSP-SYNTAX");
  const Request nobody(OCSP_REQUEST_new());
  EXPECT_EQ(code(encoded(nobody.get())), "OCSP-SYNTAX") << "it asks about none";
  const Request many(OCSP_REQUEST_new());
  const Certificate certificate = leaf("");
  for (int i = 0; i < 17; ++i)
    OCSP_request_add0_id(many.get(), id_of(certificate, authority_.issuing, EVP_sha256()));
  EXPECT_EQ(code(encoded(many.get())), "OCSP-SYNTAX");
  const Request one(OCSP_REQUEST_new());
  OCSP_request_add0_id(one.get(), id_of(certificate, authority_.issuing, EVP_sha256()));
  Bytes longer = encoded(one.get());
  EXPECT_EQ(code(longer), "answered");
  longer.push_back(0);
  EXPECT_EQ(code(longer), "OCSP-SYNTAX");
  OCSP_request_add1_nonce(one.get(), nullptr, 33);
  EXPECT_EQ(code(encoded(one.get())), "OCSP-SYNTAX") << "RFC 8954, 2.1";
}

TEST_F(Ocsp, TellsGoodRevokedAndUnknownUnderEitherHash) {
  const Certificate certificate = leaf(kUrl);
  using Kind = CertificateStanding::Kind;
  for (const EVP_MD* digest : {EVP_sha1(), EVP_sha256()}) {
    EXPECT_EQ(status(certificate, {Kind::good, {}}, digest), V_OCSP_CERTSTATUS_GOOD);
    EXPECT_EQ(asked_, certificate.serial_hex());
    EXPECT_EQ(
        status(certificate, {Kind::revoked, {now_, RevocationReason::certificate_hold}}, digest),
        V_OCSP_CERTSTATUS_REVOKED);
    EXPECT_EQ(told_reason_, 6);
    EXPECT_EQ(status(certificate, {}, digest, false), V_OCSP_CERTSTATUS_UNKNOWN);
  }
}

TEST_F(Ocsp, KnowsNothingOfAnotherAuthoritysCertificates) {
  const AuthoritySample other;
  const Certificate foreign =
      other.issue(AuthoritySample::client_profile(), responder_key_.public_key()).value();
  const Request request(OCSP_REQUEST_new());
  OCSP_request_add0_id(request.get(), id_of(foreign, other.issuing, EVP_sha256()));
  bool was_asked = false;
  const auto answer = answer_ocsp(encoded(request.get()), responder(), now_, now_ + kDay,
                                  [&](const std::string&) -> Result<CertificateStanding> {
                                    was_asked = true;
                                    return CertificateStanding{CertificateStanding::Kind::good, {}};
                                  });
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(was_asked);
}

TEST_F(Ocsp, SaysWithoutASignatureThatARequestIsNoneOrComesTooEarly) {
  const auto status_in = [](const Bytes& answer) {
    const unsigned char* at = answer.data();
    const Response response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(answer.size())));
    return OCSP_response_status(response.get());
  };
  EXPECT_EQ(status_in(ocsp_malformed_request()), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
  EXPECT_EQ(status_in(ocsp_try_later()), OCSP_RESPONSE_STATUS_TRYLATER);
}

}  // namespace
}  // namespace vedette::crypto
