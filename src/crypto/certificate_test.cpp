#include "crypto/certificate.h"

#include <gtest/gtest.h>

#include "crypto/authority_sample.h"
#include "crypto/openssl_handles.h"

namespace vedette::crypto {
namespace {

struct CertificateValue : testing::Test {
  const AuthoritySample authority;
  const PrivateKey key = PrivateKey::generate_p256();
  const Certificate leaf =
      authority.issue(AuthoritySample::client_profile(), key.public_key()).value();
};

TEST_F(CertificateValue, RefusesRubbishAndOctetsBehind) {
  Bytes longer = leaf.der();
  longer.push_back(0);
  const Bytes shorter(leaf.der().begin(), leaf.der().end() - 1);
  for (const Bytes& bad : {Bytes(), Bytes(10, 0x30), longer, shorter, Bytes(70'000, 0x30)})
    EXPECT_EQ(code_of(Certificate::from_der(bad)), "CERT-SYNTAX");
}

TEST_F(CertificateValue, RefusesALengthInALongerForm) {
  // 30 82 hh ll ... becomes 30 83 00 hh ll ...
  Bytes bytes = leaf.der();
  ASSERT_EQ(bytes[1], 0x82);
  bytes[1] = 0x83;
  bytes.insert(bytes.begin() + 2, 0);
  EXPECT_EQ(code_of(Certificate::from_der(bytes)), "CERT-SYNTAX");
}

TEST_F(CertificateValue, RefusesPemOfAnotherKind) {
  EXPECT_EQ(code_of(Certificate::from_pem(key.public_key().pem())), "CERT-SYNTAX");
  EXPECT_EQ(code_of(Certificate::from_pem("")), "CERT-SYNTAX");
  EXPECT_EQ(code_of(Certificate::all_from_pem(leaf.pem() + key.public_key().pem())), "CERT-SYNTAX");
  EXPECT_EQ(code_of(Certificate::all_from_pem(leaf.pem() + "-----BEGIN CERTIFICATE-----\nAA")),
            "CERT-SYNTAX");
}

TEST_F(CertificateValue, SurvivesItsEncodings) {
  EXPECT_EQ(Certificate::from_pem(leaf.pem())->der(), leaf.der());
  EXPECT_EQ(Certificate::from_der(leaf.der())->fingerprint(), leaf.fingerprint());
  EXPECT_EQ(leaf.fingerprint(), sha256(leaf.der()));
  const auto both = Certificate::all_from_pem(leaf.pem() + authority.root.pem());
  ASSERT_TRUE(both.has_value());
  ASSERT_EQ(both->size(), 2U);
  EXPECT_EQ(both->back().der(), authority.root.der());
}

TEST_F(CertificateValue, SaysWhatItHolds) {
  EXPECT_EQ(leaf.subject(), "CN=device-1");
  EXPECT_EQ(leaf.not_before(), kStart);
  EXPECT_EQ(leaf.not_after(), kStart + 10 * kDay);
  EXPECT_EQ(leaf.public_key().value(), key.public_key());
  EXPECT_EQ(leaf.spki_sha256(), key.public_key().spki_sha256());
  EXPECT_NE(leaf.spki_sha256(), authority.root.spki_sha256());
  EXPECT_EQ(leaf.uri_names(), std::vector<std::string>{"spiffe://example.org/device/device-1"});
  EXPECT_EQ(leaf.alternative_name_count(), 1U);
  EXPECT_FALSE(leaf.is_ca());
  EXPECT_TRUE(authority.root.is_ca());
  EXPECT_EQ(authority.root.alternative_name_count(), 0U);
  EXPECT_GE(leaf.serial_hex().size(), 30U);
  EXPECT_LE(leaf.serial_hex().size(), 40U);
  EXPECT_NE(leaf.serial_hex(), authority.issuing.serial_hex());
}

struct IssueCertificate : CertificateValue {
  [[nodiscard]] std::string code(const CertificateProfile& profile) const {
    return code_of(authority.issue(profile, key.public_key()));
  }
};

TEST_F(IssueCertificate, RefusesAnIssuerThatCannotIssue) {
  const CertificateProfile profile = AuthoritySample::client_profile();
  const PublicKey shown = key.public_key();
  EXPECT_EQ(code_of(issue_certificate(profile, shown, std::nullopt, authority.issuing_key)),
            "CERT-PROFILE");
  EXPECT_EQ(code_of(issue_certificate(profile, shown, authority.issuing, key)), "CERT-PROFILE");
  EXPECT_EQ(code_of(issue_certificate(profile, shown, leaf, key)), "CERT-PROFILE");
  EXPECT_EQ(
      code_of(issue_certificate(profile, shown, authority.issuing, PrivateKey::generate_ed25519())),
      "CERT-PROFILE");
  const auto root = AuthoritySample::profile(CertificateKind::root_ca, "root");
  EXPECT_EQ(code_of(issue_certificate(root, shown, authority.root, authority.root_key)),
            "CERT-PROFILE");
  EXPECT_EQ(code_of(issue_certificate(root, shown, std::nullopt, authority.root_key)),
            "CERT-PROFILE");
}

TEST_F(IssueCertificate, RefusesToOutliveTheIssuerOrToEndBeforeItStarts) {
  CertificateProfile profile = AuthoritySample::client_profile();
  profile.not_after = authority.issuing.not_after() + std::chrono::seconds(1);
  EXPECT_EQ(code(profile), "CERT-PROFILE");
  profile.not_after = authority.issuing.not_after();
  EXPECT_EQ(code(profile), "");
  profile.not_after = profile.not_before;
  EXPECT_EQ(code(profile), "CERT-PROFILE");
}

TEST_F(IssueCertificate, RefusesNamesThatAreNone) {
  CertificateProfile profile = AuthoritySample::client_profile();
  for (const char* uri : {"no scheme", "spiffe://a b", "spiffe://a\n", ":x", "spiffe://\xC3\xA4"}) {
    profile.uri_name = uri;
    EXPECT_EQ(code(profile), "CERT-PROFILE") << uri;
  }
  profile.uri_name.clear();
  profile.common_name.clear();
  EXPECT_EQ(code(profile), "CERT-PROFILE");
  profile.common_name = std::string(65, 'x');
  EXPECT_EQ(code(profile), "CERT-PROFILE");
  profile.common_name = "\xFF";
  EXPECT_EQ(code(profile), "CERT-PROFILE");
}

TEST_F(IssueCertificate, RefusesHostNamesThatAreNoneOrNotForServers) {
  CertificateProfile profile = AuthoritySample::profile(CertificateKind::server, "server");
  for (const char* name : {"", "a..b", ".a", "a.", "a,DNS:evil", "a b", "*", "*.*.a", "-a"}) {
    profile.dns_names = {name};
    EXPECT_EQ(code(profile), "CERT-PROFILE") << name;
  }
  profile.dns_names = {"server.example.org"};
  profile.ip_addresses = {"300.1.1.1"};
  EXPECT_EQ(code(profile), "CERT-PROFILE");
  profile.ip_addresses = {"127.0.0.1", "::1"};
  EXPECT_EQ(code(profile), "");
  profile.kind = CertificateKind::client;
  EXPECT_EQ(code(profile), "CERT-PROFILE");
}

TEST_F(IssueCertificate, RefusesAuthoritiesWithAUriAndDomainsForLeaves) {
  CertificateProfile profile = AuthoritySample::client_profile();
  profile.permitted_uri_domain = "example.org";
  EXPECT_EQ(code(profile), "CERT-PROFILE");
  profile.permitted_uri_domain.clear();
  profile.kind = CertificateKind::issuing_ca;
  EXPECT_EQ(code(profile), "CERT-PROFILE");
}

TEST_F(IssueCertificate, PutsACommaIntoTheUriAsItIs) {
  CertificateProfile profile = AuthoritySample::client_profile();
  profile.uri_name = "spiffe://example.org/device/a,DNS:evil";
  const Certificate made = authority.issue(profile, key.public_key()).value();
  EXPECT_EQ(made.uri_names(), std::vector<std::string>{profile.uri_name});
  EXPECT_EQ(made.alternative_name_count(), 1U);
}

bool is_critical(const Certificate& certificate, int nid) {
  const int at = X509_get_ext_by_NID(native(certificate), nid, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(native(certificate), at)) != 0;
}

TEST_F(IssueCertificate, SaysWhatEachKindMayDo) {
  X509* const client = native(leaf);
  EXPECT_EQ(X509_get_key_usage(client), std::uint32_t{KU_DIGITAL_SIGNATURE});
  EXPECT_EQ(X509_get_extended_key_usage(client), std::uint32_t{XKU_SSL_CLIENT | XKU_SSL_SERVER});
  EXPECT_TRUE(is_critical(leaf, NID_basic_constraints));
  EXPECT_TRUE(is_critical(leaf, NID_key_usage));
  EXPECT_FALSE(is_critical(leaf, NID_subject_alt_name));

  X509* const issuing = native(authority.issuing);
  EXPECT_EQ(X509_get_key_usage(issuing), std::uint32_t{KU_KEY_CERT_SIGN | KU_CRL_SIGN});
  EXPECT_EQ(X509_get_pathlen(issuing), 0);
  EXPECT_EQ(X509_get_pathlen(native(authority.root)), -1);
  EXPECT_EQ(
      ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(client), X509_get0_subject_key_id(issuing)),
      0);

  CertificateProfile server = AuthoritySample::profile(CertificateKind::server, "server");
  const Certificate made = authority.issue(server, key.public_key()).value();
  EXPECT_EQ(X509_get_extended_key_usage(native(made)), std::uint32_t{XKU_SSL_SERVER});
}

TEST_F(IssueCertificate, MakesTheAlternativeNamesCriticalWithoutASubject) {
  CertificateProfile profile = AuthoritySample::client_profile();
  profile.common_name.clear();
  const Certificate made = authority.issue(profile, key.public_key()).value();
  EXPECT_TRUE(is_critical(made, NID_subject_alt_name));
  EXPECT_EQ(made.subject(), "");
}

TEST_F(IssueCertificate, ConstrainsTheIssuingAuthority) {
  EXPECT_TRUE(is_critical(authority.make_issuing("example.org"), NID_name_constraints));
  EXPECT_FALSE(is_critical(authority.issuing, NID_name_constraints));
}

}  // namespace
}  // namespace vedette::crypto
