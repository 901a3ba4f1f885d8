#include "identity/peer.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "identity/authority.h"

namespace vedette::identity {
namespace {

using crypto::Certificate;
using crypto::CertificateKind;
using crypto::CertificateProfile;
using crypto::PrivateKey;

class Peer : public ::testing::Test {
 protected:
  // A certificate of our issuing CA that says what an honest CA would never say.
  [[nodiscard]] Certificate odd(CertificateKind kind, const std::string& uri,
                                std::vector<std::string> dns_names = {}) const {
    CertificateProfile profile;
    profile.kind = kind;
    profile.common_name = "odd";
    profile.uri_name = uri;
    profile.dns_names = std::move(dns_names);
    profile.not_before = now_;
    profile.not_after = now_ + std::chrono::hours(1);
    return issue_certificate(profile, key_.public_key(), material_.issuing, material_.issuing_key)
        .value();
  }

  // The device's certificate with other alternative names, signed anew.
  [[nodiscard]] Certificate with_names(const char* names) const {
    const Bytes& der = device_.der();
    const unsigned char* in = der.data();
    X509* const made = d2i_X509(nullptr, &in, static_cast<long>(der.size()));
    const int at = X509_get_ext_by_NID(made, NID_subject_alt_name, -1);
    X509_EXTENSION_free(X509_delete_ext(made, at));
    X509_EXTENSION* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
    const std::string pem = material_.issuing_key.insecure_unencrypted_pem().value();
    BIO* const text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(text, nullptr, nullptr, nullptr);
    EXPECT_GT(X509_sign(made, key, EVP_sha256()), 0);
    unsigned char* out = nullptr;
    const int size = i2d_X509(made, &out);
    auto certificate = Certificate::from_der(ByteView(out, static_cast<std::size_t>(size))).value();
    OPENSSL_free(out);
    EVP_PKEY_free(key);
    BIO_free(text);
    X509_free(made);
    return certificate;
  }

  [[nodiscard]] std::string code_of(const Certificate& certificate, TimePoint at) const {
    const auto peer = identify_peer(certificate, domain_, at);
    return peer.has_value() ? "accepted" : peer.error().code;
  }
  [[nodiscard]] std::string code_of(const Certificate& certificate) const {
    return code_of(certificate, now_);
  }

  TimePoint now_ = from_unix_seconds(1'900'000'000);
  TrustDomain domain_ = TrustDomain::parse("edge.example").value();
  AuthorityMaterial material_ = CertificateAuthority::create(domain_, now_).value().material;
  CertificateAuthority authority_ = CertificateAuthority::open(domain_, material_, now_).value();
  PrivateKey key_ = PrivateKey::generate_p256();
  DeviceId drone_ = DeviceId::parse("drone-1").value();
  Certificate device_ =
      authority_.issue_device(drone_, key_.public_key(), now_, std::chrono::hours(1)).value();
};

TEST_F(Peer, a_certificate_that_expired_during_the_connection_is_refused) {
  EXPECT_EQ(code_of(device_, device_.not_after()), "accepted");
  EXPECT_EQ(code_of(device_, device_.not_after() + std::chrono::seconds(1)), "PEER-EXPIRED");
}

TEST_F(Peer, a_certificate_from_the_future_is_refused) {
  EXPECT_EQ(code_of(device_, device_.not_before() - Duration(1)), "PEER-NOT-YET-VALID");
}

TEST_F(Peer, an_authority_as_leaf_is_refused) {
  EXPECT_EQ(code_of(authority_.issuing()), "PEER-CA");
  EXPECT_EQ(code_of(authority_.root()), "PEER-CA");
}

TEST_F(Peer, a_foreign_trust_domain_is_refused) {
  const auto other = TrustDomain::parse("other.example").value();
  const auto peer = identify_peer(device_, other, now_);
  ASSERT_FALSE(peer.has_value());
  EXPECT_EQ(peer.error().code, "PEER-TRUST-DOMAIN");
  EXPECT_EQ(code_of(odd(CertificateKind::client, "spiffe://edge.example.evil/device/drone-1")),
            "PEER-TRUST-DOMAIN");
}

TEST_F(Peer, a_name_of_another_type_alone_or_beside_the_uri_is_refused) {
  EXPECT_EQ(code_of(odd(CertificateKind::server, "", {"drone-1.edge.example"})), "PEER-SAN");
  EXPECT_EQ(code_of(odd(CertificateKind::server, "spiffe://edge.example/device/drone-1",
                        {"drone-1.edge.example"})),
            "PEER-SAN");
  EXPECT_EQ(code_of(odd(CertificateKind::client, "")), "PEER-SAN");
}

// Group 5 of the identity attacks: of two names, one reader would take the first and another the
// last. The authority signs no such certificate, so OpenSSL does with its key.
TEST_F(Peer, two_uris_are_refused_whichever_comes_first) {
  for (const char* names :
       {"URI:spiffe://edge.example/device/drone-1,URI:spiffe://edge.example/device/drone-2",
        "URI:spiffe://edge.example/device/drone-2,URI:spiffe://edge.example/device/drone-1",
        "URI:spiffe://edge.example/device/drone-1,URI:spiffe://edge.example/device/drone-1"}) {
    const Certificate two = with_names(names);
    ASSERT_EQ(two.uri_names().size(), 2U);
    EXPECT_EQ(code_of(two), "PEER-SAN") << names;
  }
  EXPECT_EQ(code_of(with_names("URI:spiffe://edge.example/device/drone-1")), "accepted");
}

TEST_F(Peer, a_uri_of_lax_spelling_is_refused) {
  EXPECT_EQ(code_of(odd(CertificateKind::client, "spiffe://edge.example/device/drone%2d1")),
            "SPIFFE-NAME");
  EXPECT_EQ(code_of(odd(CertificateKind::client, "spiffe://EDGE.example/device/drone-1")),
            "SPIFFE-TRUST-DOMAIN");
  EXPECT_EQ(code_of(odd(CertificateKind::client, "spiffe://edge.example/device/../drone-1")),
            "SPIFFE-SYNTAX");
}

TEST_F(Peer, a_server_is_no_caller) {
  EXPECT_EQ(code_of(odd(CertificateKind::client, "spiffe://edge.example/server/control-plane")),
            "PEER-KIND");
}

TEST_F(Peer, a_device_is_recognised_and_is_no_operator) {
  const auto peer = identify_peer(device_, domain_, now_);
  ASSERT_TRUE(peer.has_value()) << describe(peer.error());
  EXPECT_EQ(peer->kind(), PrincipalKind::device);
  EXPECT_EQ(peer->device().value(), drone_);
  EXPECT_EQ(peer->name(), "drone-1");
  EXPECT_EQ(peer->certificate_fingerprint(), device_.fingerprint());
  ASSERT_FALSE(peer->operator_id().has_value());
  EXPECT_EQ(peer->operator_id().error().code, "PEER-KIND");
}

TEST_F(Peer, an_operator_is_recognised_and_is_no_device) {
  const auto ada = OperatorId::parse("ada").value();
  const auto certificate =
      authority_.issue_operator(ada, key_.public_key(), now_, std::chrono::hours(1)).value();
  const auto peer = identify_peer(certificate, domain_, now_);
  ASSERT_TRUE(peer.has_value()) << describe(peer.error());
  EXPECT_EQ(peer->kind(), PrincipalKind::operator_);
  EXPECT_EQ(peer->operator_id().value(), ada);
  ASSERT_FALSE(peer->device().has_value());
  EXPECT_EQ(peer->device().error().code, "PEER-KIND");
}

}  // namespace
}  // namespace vedette::identity
