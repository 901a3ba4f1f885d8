// Admission by a maker's certificate.
#include <gtest/gtest.h>

#include "testing/endorsement_fixture.h"
#include "testing/enrollment_scene.h"

namespace vedette::identity {
namespace {

using crypto::Certificate;
using vedette::testing::kFixtureClient;
using vedette::testing::kFixtureEndorsement;
using vedette::testing::kFixtureIssuer;
using vedette::testing::kFixtureRoot;
using vedette::testing::kFixtureStranger;

Certificate certificate(const char* pem) {
  return Certificate::from_pem(pem).value();
}

EndorsementRoot root(const char* pem, const char* group) {
  return {GroupId::parse(group).value(), certificate(pem).der()};
}

class EnrollmentRoots : public ::testing::Test {
 protected:
  // A request by the fixture's EK, whose private part nobody has: admission does not need it.
  [[nodiscard]] EnrollmentRequest request(const char* certificate_pem) const {
    auto made = scene_.request();
    const auto ek = certificate(kFixtureEndorsement).public_key().value();
    made.endorsement_key =
        codec::parse_tpmt_public(vedette::testing::forge_public(ek, scene_.ek_shape)).value();
    made.endorsement_certificate = certificate(certificate_pem).der();
    return made;
  }
  [[nodiscard]] EnrollmentContext context(std::span<const EndorsementRoot> roots) const {
    return {.channel_binding = scene_.channel, .allowed = {}, .roots = roots, .now = scene_.now};
  }
  [[nodiscard]] std::string code(const EnrollmentRequest& made,
                                 std::span<const EndorsementRoot> roots) const {
    return code_of(verify_enrollment(made, context(roots)));
  }

  EnrollmentScene scene_;
  std::vector<EndorsementRoot> roots_ = {root(kFixtureStranger, "strangers"),
                                         root(kFixtureIssuer, "drones"),
                                         root(kFixtureRoot, "drones")};
};

TEST_F(EnrollmentRoots, a_certificate_of_an_unknown_maker_is_refused) {
  EXPECT_EQ(code(request(kFixtureEndorsement), std::span(roots_).first(1)), "ENR-EK-UNKNOWN");
}

TEST_F(EnrollmentRoots, a_certificate_without_any_configured_root_is_refused) {
  EXPECT_EQ(code(request(kFixtureEndorsement), {}), "ENR-EK-UNKNOWN");
}

TEST_F(EnrollmentRoots, a_request_without_certificate_is_refused_where_only_roots_admit) {
  auto made = request(kFixtureEndorsement);
  made.endorsement_certificate.reset();
  EXPECT_EQ(code(made, roots_), "ENR-EK-UNKNOWN");
}

// Case 9: a genuine EK certificate beside another EK.
TEST_F(EnrollmentRoots, a_genuine_certificate_for_another_key_is_refused) {
  auto made = request(kFixtureEndorsement);
  made.endorsement_key = scene_.ek_public();
  EXPECT_EQ(code(made, roots_), "ENR-EK-MISMATCH");
}

TEST_F(EnrollmentRoots, a_certificate_for_another_purpose_is_refused) {
  EXPECT_EQ(code(request(kFixtureClient), roots_), "ENR-EK-UNKNOWN");
}

TEST_F(EnrollmentRoots, an_expired_certificate_is_refused) {
  scene_.now = from_unix_seconds(6'000'000'000);  // the year 2160
  EXPECT_EQ(code(request(kFixtureEndorsement), roots_), "ENR-EK-UNKNOWN");
}

TEST_F(EnrollmentRoots, a_certificate_that_cannot_be_read_is_refused) {
  auto made = request(kFixtureEndorsement);
  made.endorsement_certificate->push_back(0);
  EXPECT_EQ(code(made, roots_), "ENR-EK-CERTIFICATE");
}

TEST_F(EnrollmentRoots, a_certified_tpm_is_admitted_under_the_name_of_its_key) {
  const auto made = request(kFixtureEndorsement);
  const auto claim = verify_enrollment(made, context(roots_));
  ASSERT_TRUE(claim.has_value()) << describe(claim.error());
  EXPECT_EQ((*claim)->admission, Admission::endorsement_root);
  EXPECT_EQ((*claim)->group.str(), "drones");
  EXPECT_EQ((*claim)->device.str(),
            "ek-" + to_hex(endorsement_sha256(made.endorsement_key)).substr(0, 20));
}

TEST_F(EnrollmentRoots, the_allow_list_needs_no_certificate_and_wins) {
  auto made = request(kFixtureEndorsement);
  made.endorsement_certificate = to_bytes("unreadable");
  auto asked = context(roots_);
  asked.allowed = scene_.allowed();
  asked.allowed->endorsement_sha256 = endorsement_sha256(made.endorsement_key);
  const auto claim = verify_enrollment(made, asked);
  ASSERT_TRUE(claim.has_value()) << describe(claim.error());
  EXPECT_EQ((*claim)->device.str(), "drone-1");
}

}  // namespace
}  // namespace vedette::identity
