#include "identity/peer.h"

#include <gtest/gtest.h>

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
