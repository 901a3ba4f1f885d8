#include "identity/authority.h"

#include <gtest/gtest.h>

namespace vedette::identity {
namespace {

using crypto::Certificate;
using crypto::PrivateKey;
using crypto::Purpose;

constexpr Duration kHour = std::chrono::hours(1);
constexpr Duration kYear = std::chrono::hours(24 * 365);

class Authority : public ::testing::Test {
 protected:
  [[nodiscard]] Result<void> verify(const Certificate& leaf, Purpose purpose, TimePoint at) const {
    return verify_chain(leaf, std::span(&authority_.issuing(), 1), std::span(&authority_.root(), 1),
                        at, purpose);
  }
  [[nodiscard]] std::string code_of_opening(AuthorityMaterial material, TimePoint at) const {
    const auto opened = CertificateAuthority::open(domain_, std::move(material), at);
    return opened.has_value() ? "opened" : opened.error().code;
  }

  TimePoint now_ = from_unix_seconds(1'900'000'000);
  TrustDomain domain_ = TrustDomain::parse("edge.example").value();
  NewAuthority created_ = CertificateAuthority::create(domain_, now_).value();
  CertificateAuthority authority_ =
      CertificateAuthority::open(domain_, created_.material, now_).value();
  PrivateKey key_ = PrivateKey::generate_p256();
  DeviceId drone_ = DeviceId::parse("drone-1").value();
};

TEST_F(Authority, does_not_open_with_anothers_key) {
  auto material = created_.material;
  material.issuing_key = PrivateKey::generate_p256();
  EXPECT_EQ(code_of_opening(std::move(material), now_), "CA-MATERIAL");
}

TEST_F(Authority, does_not_open_under_anothers_root) {
  auto material = created_.material;
  material.root = CertificateAuthority::create(domain_, now_).value().material.root;
  EXPECT_EQ(code_of_opening(std::move(material), now_), "CA-MATERIAL");
}

TEST_F(Authority, does_not_open_for_another_trust_domain_than_its_own) {
  const auto other = TrustDomain::parse("other.example").value();
  const auto opened = CertificateAuthority::open(other, created_.material, now_);
  ASSERT_FALSE(opened.has_value()) << "the name constraint must refuse the foreign domain";
  EXPECT_EQ(opened.error().code, "CA-MATERIAL");
}

TEST_F(Authority, does_not_open_once_the_issuing_certificate_has_expired) {
  EXPECT_EQ(code_of_opening(created_.material, now_ + kYear + kHour), "CA-MATERIAL");
  EXPECT_EQ(code_of_opening(created_.material, now_ + kYear - kHour), "opened");
}

TEST_F(Authority, issues_for_p256_keys_alone) {
  const auto issued =
      authority_.issue_device(drone_, PrivateKey::generate_ed25519().public_key(), now_, kHour);
  ASSERT_FALSE(issued.has_value());
  EXPECT_EQ(issued.error().code, "CA-KEY");
}

TEST_F(Authority, issues_nothing_that_would_end_before_it_begins) {
  const auto capped = authority_.issue_device(drone_, key_.public_key(), now_, kHour, now_);
  ASSERT_FALSE(capped.has_value());
  EXPECT_EQ(capped.error().code, "CA-LIFETIME");
  const auto late = authority_.issue_device(drone_, key_.public_key(), now_ + 2 * kYear, kHour);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, "CA-LIFETIME");
}

TEST_F(Authority, a_leaf_never_outlives_the_issuing_certificate) {
  const auto leaf = authority_.issue_device(drone_, key_.public_key(), now_, 20 * kYear).value();
  EXPECT_EQ(leaf.not_after(), authority_.issuing().not_after());
  EXPECT_GE(leaf.not_before(), authority_.issuing().not_before());
}

TEST_F(Authority, a_leaf_ends_with_the_trust_behind_it) {
  const TimePoint cap = now_ + std::chrono::minutes(10);
  const auto leaf = authority_.issue_device(drone_, key_.public_key(), now_, kHour, cap).value();
  EXPECT_EQ(leaf.not_after(), cap);
}

TEST_F(Authority, a_leaf_begins_a_minute_ago) {
  const TimePoint later = now_ + kHour;
  const auto leaf = authority_.issue_device(drone_, key_.public_key(), later, kHour).value();
  EXPECT_EQ(leaf.not_before(), later - std::chrono::seconds(60));
  EXPECT_EQ(leaf.not_after(), later + kHour);
}

TEST_F(Authority, the_hierarchy_lives_ten_years_and_one) {
  EXPECT_EQ(authority_.root().not_after(), now_ + 10 * kYear);
  EXPECT_EQ(authority_.issuing().not_after(), now_ + kYear);
  EXPECT_EQ(authority_.root().public_key().value(), created_.root_key.public_key());
}

TEST_F(Authority, a_device_certificate_verifies_to_the_root_and_names_the_device) {
  const auto leaf = authority_.issue_device(drone_, key_.public_key(), now_, kHour).value();
  EXPECT_TRUE(verify(leaf, Purpose::tls_client, now_).has_value());
  EXPECT_EQ(leaf.uri_names(), std::vector<std::string>{"spiffe://edge.example/device/drone-1"});
  EXPECT_EQ(leaf.alternative_name_count(), 1U);
  EXPECT_FALSE(leaf.is_ca());
  EXPECT_FALSE(verify(leaf, Purpose::tls_client, now_ + 2 * kHour).has_value());
}

TEST_F(Authority, a_server_certificate_serves_and_cannot_pose_as_a_client) {
  const auto server = ServerId::parse("control-plane").value();
  const auto leaf =
      authority_
          .issue_server(server, {{"localhost"}, {"127.0.0.1"}}, key_.public_key(), now_, kHour)
          .value();
  EXPECT_TRUE(verify(leaf, Purpose::tls_server, now_).has_value());
  EXPECT_FALSE(verify(leaf, Purpose::tls_client, now_).has_value());
  EXPECT_EQ(leaf.alternative_name_count(), 3U);
}

TEST_F(Authority, certificates_of_one_key_differ_by_their_serial_number) {
  const auto one = authority_.issue_device(drone_, key_.public_key(), now_, kHour).value();
  const auto two = authority_.issue_device(drone_, key_.public_key(), now_, kHour).value();
  EXPECT_NE(one.serial_hex(), two.serial_hex());
}

}  // namespace
}  // namespace vedette::identity
