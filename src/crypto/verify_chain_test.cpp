#include <gtest/gtest.h>

#include "crypto/authority_sample.h"
#include "crypto/openssl_handles.h"

namespace vedette::crypto {
namespace {

struct VerifyChain : testing::Test {
  const AuthoritySample authority;
  const PrivateKey key = PrivateKey::generate_p256();
  const CertificateProfile profile = AuthoritySample::client_profile();
  const Certificate leaf = authority.issue(profile, key.public_key()).value();
  const TimePoint now = kStart + kDay;

  [[nodiscard]] std::string code(const Certificate& certificate, TimePoint time,
                                 Purpose purpose = Purpose::tls_client) const {
    return code_of(authority.verify(certificate, time, purpose));
  }
};

TEST_F(VerifyChain, AcceptsWithinItsValidity) {
  const auto verified = authority.verify(leaf, now, Purpose::tls_client);
  EXPECT_TRUE(verified.has_value()) << describe(verified.error());
  EXPECT_EQ(code(leaf, leaf.not_before()), "");
  EXPECT_EQ(code(leaf, leaf.not_after() - std::chrono::seconds(1)), "");
}

TEST_F(VerifyChain, RefusesOutsideItsValidity) {
  // OpenSSL takes the last second for expired, a second earlier than RFC 5280 (4.1.2.5).
  EXPECT_EQ(code(leaf, leaf.not_after()), "CERT-EXPIRED");
  EXPECT_EQ(code(leaf, leaf.not_after() + 1000 * kDay), "CERT-EXPIRED");
  EXPECT_EQ(code(leaf, leaf.not_before() - std::chrono::seconds(1)), "CERT-NOT-YET-VALID");
}

TEST_F(VerifyChain, NamesTheIntermediateThatHasExpired) {
  CertificateProfile old = AuthoritySample::profile(CertificateKind::issuing_ca, "Old CA");
  old.not_after = kStart + kDay;
  const Certificate expired =
      issue_certificate(old, authority.issuing_key.public_key(), authority.root, authority.root_key)
          .value();
  const Certificate child = Certificate(leaf);
  const auto refused = verify_chain(child, std::array{expired}, std::array{authority.root},
                                    kStart + 2 * kDay, Purpose::tls_client);
  // Its subject is another, so the path breaks; with its own leaf the date speaks.
  EXPECT_EQ(code_of(refused), "CERT-UNTRUSTED");
  CertificateProfile shorter = profile;
  shorter.not_after = expired.not_after();
  const Certificate under =
      issue_certificate(shorter, key.public_key(), expired, authority.issuing_key).value();
  const auto dated = verify_chain(under, std::array{expired}, std::array{authority.root},
                                  kStart + 2 * kDay, Purpose::tls_client);
  ASSERT_EQ(code_of(dated), "CERT-EXPIRED");
  EXPECT_NE(dated.error().cause.find("Old CA"), std::string::npos) << dated.error().cause;
}

TEST_F(VerifyChain, RefusesWithoutTheRootOrTheIntermediate) {
  const AuthoritySample stranger;
  EXPECT_EQ(code_of(verify_chain(leaf, std::array{authority.issuing}, std::array{stranger.root},
                                 now, Purpose::tls_client)),
            "CERT-UNTRUSTED");
  EXPECT_EQ(code_of(verify_chain(leaf, {}, std::array{authority.root}, now, Purpose::tls_client)),
            "CERT-UNTRUSTED");
  EXPECT_EQ(
      code_of(verify_chain(leaf, std::array{authority.issuing}, {}, now, Purpose::tls_client)),
      "CERT-UNTRUSTED");
  EXPECT_EQ(code_of(verify_chain(leaf, std::array{authority.issuing, authority.root}, {}, now,
                                 Purpose::tls_client)),
            "CERT-UNTRUSTED");
}

TEST_F(VerifyChain, DoesNotEndAtAnIntermediateGivenAsRoot) {
  EXPECT_EQ(
      code_of(verify_chain(leaf, {}, std::array{authority.issuing}, now, Purpose::tls_client)),
      "CERT-UNTRUSTED");
}

TEST_F(VerifyChain, RefusesAnotherAuthorityOfTheSameName) {
  const AuthoritySample impostor;
  const Certificate forged = impostor.issue(profile, key.public_key()).value();
  const auto refused = verify_chain(forged, std::array{authority.issuing, impostor.issuing},
                                    std::array{authority.root}, now, Purpose::tls_client);
  EXPECT_FALSE(refused.has_value());
}

TEST_F(VerifyChain, RefusesASelfSignedLeaf) {
  EXPECT_EQ(code_of(verify_chain(AuthoritySample().root, {}, std::array{authority.root}, now,
                                 Purpose::tls_client)),
            "CERT-UNTRUSTED");
}

TEST_F(VerifyChain, RefusesAServerAsClientAndAnAuthorityAsEither) {
  const Certificate server =
      authority.issue(AuthoritySample::profile(CertificateKind::server, "server"), key.public_key())
          .value();
  EXPECT_EQ(code(server, now, Purpose::tls_server), "");
  EXPECT_EQ(code(server, now, Purpose::tls_client), "CERT-PURPOSE");
  EXPECT_EQ(code(leaf, now, Purpose::endorsement_key), "CERT-PURPOSE");
  EXPECT_EQ(code(authority.issuing, now, Purpose::tls_client), "CERT-PURPOSE");
  EXPECT_EQ(code(authority.root, now, Purpose::tls_server), "CERT-PURPOSE");
}

TEST_F(VerifyChain, RefusesAForeignTrustDomainUnderAConstrainedAuthority) {
  const Certificate constrained = authority.make_issuing("example.org");
  const auto verify = [&](const std::string& uri) {
    CertificateProfile named = profile;
    named.uri_name = uri;
    const Certificate made =
        issue_certificate(named, key.public_key(), constrained, authority.issuing_key).value();
    return code_of(verify_chain(made, std::array{constrained}, std::array{authority.root}, now,
                                Purpose::tls_client));
  };
  EXPECT_EQ(verify("spiffe://example.org/device/a"), "");
  EXPECT_EQ(verify("spiffe://example.com/device/a"), "CERT-CHAIN");
}

TEST_F(VerifyChain, RefusesAnAuthorityBelowTheIssuingOne) {
  const PrivateKey sub_key = PrivateKey::generate_p256();
  const Certificate sub =
      issue_certificate(AuthoritySample::profile(CertificateKind::issuing_ca, "Sub CA"),
                        sub_key.public_key(), authority.issuing, authority.issuing_key)
          .value();
  const Certificate made = issue_certificate(profile, key.public_key(), sub, sub_key).value();
  EXPECT_EQ(code_of(verify_chain(made, std::array{sub, authority.issuing},
                                 std::array{authority.root}, now, Purpose::tls_client)),
            "CERT-CHAIN");
}

TEST_F(VerifyChain, RefusesALeafThatPlaysAuthority) {
  // issue_certificate would not sign it, so OpenSSL does.
  const CertificateHandle made(X509_dup(native(leaf)));
  ASSERT_EQ(X509_set_issuer_name(made.get(), X509_get_subject_name(native(leaf))), 1);
  ASSERT_GT(X509_sign(made.get(), native(key), EVP_sha256()), 0);
  const Certificate child = certificate_from_native(made.get()).value();
  EXPECT_FALSE(verify_chain(child, std::array{leaf, authority.issuing}, std::array{authority.root},
                            now, Purpose::tls_client)
                   .has_value());
}

TEST_F(VerifyChain, RefusesSha1Signatures) {
  const CertificateHandle made(X509_dup(native(leaf)));
  ASSERT_GT(X509_sign(made.get(), native(authority.issuing_key), EVP_sha1()), 0);
  EXPECT_EQ(code(certificate_from_native(made.get()).value(), now), "CERT-WEAK");
}

TEST_F(VerifyChain, RefusesAWeakLeafKey) {
  const KeyHandle weak(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024}));
  const CertificateHandle made(X509_dup(native(leaf)));
  ASSERT_EQ(X509_set_pubkey(made.get(), weak.get()), 1);
  ASSERT_GT(X509_sign(made.get(), native(authority.issuing_key), EVP_sha256()), 0);
  const Certificate certificate = certificate_from_native(made.get()).value();
  EXPECT_EQ(code(certificate, now), "CERT-WEAK");
  EXPECT_EQ(code(certificate, now, Purpose::endorsement_key), "CERT-WEAK");
  EXPECT_EQ(code_of(certificate.public_key()), "KEY-WEAK");
}

TEST_F(VerifyChain, RefusesAChangedCertificate) {
  Bytes bytes = leaf.der();
  const std::string_view name = "device-1";
  const auto at = std::search(bytes.begin(), bytes.end(), name.begin(), name.end());
  ASSERT_NE(at, bytes.end());
  *at = 'D';
  EXPECT_EQ(code(Certificate::from_der(bytes).value(), now), "CERT-CHAIN");
}

TEST_F(VerifyChain, RefusesTooManyIntermediates) {
  const std::vector<Certificate> many(17, authority.issuing);
  EXPECT_EQ(code_of(verify_chain(leaf, many, std::array{authority.root}, now, Purpose::tls_client)),
            "CERT-CHAIN");
}

}  // namespace
}  // namespace vedette::crypto
