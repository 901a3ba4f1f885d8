#include "identity/issued_certificate.h"

#include <gtest/gtest.h>

namespace vedette::identity {
namespace {

using crypto::CertificateStanding;
using crypto::RevocationReason;

const TimePoint kIssued = from_unix_seconds(1'790'000'000);
constexpr Duration kHour = std::chrono::hours(1);

struct Issued : ::testing::Test {
  Device device{.id = DeviceId::parse("drone").value(),
                .group = GroupId::parse("drones").value(),
                .status = DeviceStatus::active,
                .epoch = Epoch{1},
                .endorsement_sha256 = {},
                .attestation_key = {},
                .device_key_sha256 = crypto::sha256(as_bytes("key")),
                .enrolled_at = kIssued,
                .status_since = kIssued,
                .status_reason = {}};
  IssuedCertificate certificate{.device = device.id,
                                .serial_hex = "0a",
                                .key_sha256 = device.device_key_sha256,
                                .issued_at = kIssued,
                                .not_after = kIssued + kHour,
                                .der = {}};
};

TEST_F(Issued, IsRevokedWithItsDeviceAndHeldInQuarantine) {
  device.status = DeviceStatus::revoked;
  auto found = standing_of(certificate, device);
  EXPECT_EQ(found.kind, CertificateStanding::Kind::revoked);
  EXPECT_EQ(found.revocation.reason, RevocationReason::privilege_withdrawn);
  EXPECT_EQ(found.revocation.at, device.status_since);
  device.status = DeviceStatus::quarantined;
  found = standing_of(certificate, device);
  EXPECT_EQ(found.kind, CertificateStanding::Kind::revoked);
  EXPECT_EQ(found.revocation.reason, RevocationReason::certificate_hold);
  device.status = DeviceStatus::active;
  EXPECT_EQ(standing_of(certificate, device).kind, CertificateStanding::Kind::good);
}

TEST_F(Issued, IsSupersededByAnEnrolmentWithAnotherKey) {
  certificate.key_sha256 = crypto::sha256(as_bytes("former"));
  const auto found = standing_of(certificate, device);
  EXPECT_EQ(found.kind, CertificateStanding::Kind::revoked);
  EXPECT_EQ(found.revocation.reason, RevocationReason::superseded);
  EXPECT_EQ(found.revocation.at, device.enrolled_at);
}

// Of keys A, B and A again, what was issued before B is over, though it is for the present key.
TEST_F(Issued, IsSupersededWhenItsKeyWasAwayMeanwhile) {
  device.key_since = kIssued + Duration(1);
  auto found = standing_of(certificate, device);
  EXPECT_EQ(found.kind, CertificateStanding::Kind::revoked);
  EXPECT_EQ(found.revocation.reason, RevocationReason::superseded);
  EXPECT_EQ(found.revocation.at, device.key_since);
  EXPECT_FALSE(answers_a_retry(certificate, device, "09", kIssued + Duration(2)));
  device.key_since = kIssued;
  EXPECT_EQ(standing_of(certificate, device).kind, CertificateStanding::Kind::good)
      << "of the enrolment that brought the key";
}

// RFC 5280, 5.3: a list that moved the date would unsay what was revoked meanwhile.
TEST_F(Issued, StaysSupersededFromTheSameMomentOnWhateverComesLater) {
  certificate.superseded_at = kIssued + kHour / 4;
  auto later = device;
  later.key_since = kIssued + kHour / 2;
  later.enrolled_at = later.key_since;
  for (const auto status :
       {DeviceStatus::active, DeviceStatus::quarantined, DeviceStatus::revoked}) {
    later = with_status(later, status, "stolen", kIssued + kHour * 3 / 4);
    const auto found = standing_of(certificate, later);
    EXPECT_EQ(found.kind, CertificateStanding::Kind::revoked);
    EXPECT_EQ(found.revocation.reason, RevocationReason::superseded);
    EXPECT_EQ(found.revocation.at, *certificate.superseded_at);
  }
}

// Group 19 of the identity attacks: handover in the middle, the answer lost.
TEST_F(Issued, AnswersARetryWhileHalfOfItsLifeIsLeft) {
  EXPECT_TRUE(answers_a_retry(certificate, device, "09", kIssued + kHour / 2));
  EXPECT_FALSE(answers_a_retry(certificate, device, "09", kIssued + kHour / 2 + Duration(1)));
  EXPECT_TRUE(answers_a_retry(certificate, device, std::nullopt, kIssued));
}

TEST_F(Issued, IsNoRenewalOfItself) {
  EXPECT_FALSE(answers_a_retry(certificate, device, certificate.serial_hex, kIssued));
}

TEST_F(Issued, AnswersNoRetryWhenItDoesNotStand) {
  auto other = device;
  other.status = DeviceStatus::quarantined;
  EXPECT_FALSE(answers_a_retry(certificate, other, "09", kIssued));
  other = with_status(device, DeviceStatus::quarantined, "lost", kIssued + Duration(1));
  other = with_status(other, DeviceStatus::active, "", kIssued + Duration(2));
  EXPECT_FALSE(answers_a_retry(certificate, other, "09", kIssued + Duration(3)))
      << "it is from before the quarantine";
  other = device;
  other.device_key_sha256 = {};
  EXPECT_FALSE(answers_a_retry(certificate, other, "09", kIssued));
  other = device;
  other.id = DeviceId::parse("camera").value();
  EXPECT_FALSE(answers_a_retry(certificate, other, "09", kIssued));
}

}  // namespace
}  // namespace vedette::identity
