#include <gtest/gtest.h>

#include "identity/authority.h"
#include "testing/enrollment_scene.h"

namespace vedette::identity {
namespace {

using crypto::CertificateRequest;
using crypto::PrivateKey;

class Completion : public ::testing::Test {
 protected:
  static CertificateRequest csr(const PrivateKey& key, const std::string& common_name,
                                const std::string& uri) {
    return crypto::parse_certificate_request(
               crypto::make_certificate_request(key, common_name, uri).value())
        .value();
  }

  EnrollmentScene scene_;
  Verified<EnrollmentClaim> claim_ = scene_.claim();
  TrustDomain domain_ = TrustDomain::parse("edge.example").value();
  SpiffeId id_{domain_, claim_->device};
};

TEST_F(Completion, a_request_for_another_key_is_refused) {
  EXPECT_EQ(code_of(check_enrollment_csr(csr(PrivateKey::generate_p256(), "drone-1", id_.str()),
                                         claim_, id_)),
            "ENR-CSR-KEY");
}

TEST_F(Completion, a_request_for_another_name_is_refused) {
  EXPECT_EQ(code_of(check_enrollment_csr(
                csr(scene_.key, "drone-1", "spiffe://edge.example/device/drone-2"), claim_, id_)),
            "ENR-CSR-SAN");
  EXPECT_EQ(code_of(check_enrollment_csr(
                csr(scene_.key, "drone-1", "spiffe://edge.example/operator/drone-1"), claim_, id_)),
            "ENR-CSR-SAN");
}

TEST_F(Completion, a_request_for_a_second_name_is_refused) {
  auto request = csr(scene_.key, "drone-1", id_.str());
  request.alternative_name_count = 2;  // a DNS name beside the URI
  EXPECT_EQ(code_of(check_enrollment_csr(request, claim_, id_)), "ENR-CSR-SAN");
  request.uri_names.emplace_back("spiffe://edge.example/operator/ada");
  EXPECT_EQ(code_of(check_enrollment_csr(request, claim_, id_)), "ENR-CSR-SAN");
}

TEST_F(Completion, a_request_for_the_certified_key_is_accepted_with_and_without_name) {
  EXPECT_EQ(code_of(check_enrollment_csr(csr(scene_.key, "drone-1", id_.str()), claim_, id_)),
            "accepted");
  EXPECT_EQ(code_of(check_enrollment_csr(csr(scene_.key, "drone-1", ""), claim_, id_)), "accepted");
}

class Renewal : public Completion {
 protected:
  [[nodiscard]] std::string code(const CertificateRequest& request) const {
    return code_of(check_reenrollment_csr(request, current_, id_));
  }

  CertificateAuthority authority_ =
      CertificateAuthority::open(
          domain_, CertificateAuthority::create(domain_, scene_.now).value().material, scene_.now)
          .value();
  crypto::Certificate current_ =
      authority_
          .issue_device(claim_->device, scene_.key.public_key(), scene_.now, std::chrono::hours(1))
          .value();

  [[nodiscard]] CertificateRequest faithful() const {
    return csr(scene_.key, "drone-1", id_.str());
  }
};

TEST_F(Renewal, an_altered_subject_is_refused) {
  auto request = faithful();
  request.subject_der = csr(scene_.key, "drone-2", id_.str()).subject_der;
  EXPECT_EQ(code(request), "ENR-CSR-SUBJECT");
}

TEST_F(Renewal, an_altered_missing_or_additional_name_is_refused) {
  auto request = faithful();
  request.uri_names = {"spiffe://edge.example/device/drone-2"};
  EXPECT_EQ(code(request), "ENR-CSR-SAN");
  request.uri_names.clear();
  request.alternative_name_count = 0;
  EXPECT_EQ(code(request), "ENR-CSR-SAN");
  request.uri_names = {id_.str()};
  request.alternative_name_count = 2;
  EXPECT_EQ(code(request), "ENR-CSR-SAN");
}

TEST_F(Renewal, another_key_is_refused_since_no_tpm_certified_it) {
  auto request = faithful();
  request.public_key = PrivateKey::generate_p256().public_key();
  EXPECT_EQ(code(request), "ENR-CSR-KEY");
}

TEST_F(Renewal, the_same_subject_name_and_key_are_accepted) {
  EXPECT_EQ(code(faithful()), "accepted");
}

class Record : public Completion {
 protected:
  [[nodiscard]] Device known(DeviceStatus status = DeviceStatus::active) const {
    Device device = apply_enrollment({}, claim_, scene_.now).value();
    device.status = status;
    device.epoch = Epoch{7};
    device.status_reason = status == DeviceStatus::active ? "" : "stolen";
    return device;
  }
  [[nodiscard]] std::string code(const KnownDevices& devices) const {
    return code_of(apply_enrollment(devices, claim_, scene_.now));
  }
};

TEST_F(Record, a_revoked_device_stays_revoked) {
  const auto refused = apply_enrollment(
      {known(DeviceStatus::revoked), known(DeviceStatus::revoked)}, claim_, scene_.now);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "ENR-REVOKED");
  EXPECT_EQ(refused.error().cause, "stolen");
  EXPECT_EQ(code({known(DeviceStatus::revoked), std::nullopt}), "ENR-REVOKED");
}

TEST_F(Record, a_revoked_tpm_stays_revoked_under_a_new_name) {
  Device old = known(DeviceStatus::revoked);
  old.id = DeviceId::parse("drone-0").value();
  EXPECT_EQ(code({std::nullopt, old}), "ENR-REVOKED");
}

TEST_F(Record, a_quarantined_device_stays_quarantined) {
  EXPECT_EQ(code({known(DeviceStatus::quarantined), known(DeviceStatus::quarantined)}),
            "ENR-QUARANTINED");
}

// CVE-2025-13609: taking over an enrolled name.
TEST_F(Record, a_name_that_another_tpm_holds_is_refused) {
  Device other = known();
  other.endorsement_sha256[0] ^= 1U;
  EXPECT_EQ(code({other, std::nullopt}), "ENR-ID-TAKEN");
  other.status = DeviceStatus::revoked;
  EXPECT_EQ(code({other, std::nullopt}), "ENR-ID-TAKEN");
}

TEST_F(Record, a_tpm_that_holds_another_name_is_refused) {
  Device other = known();
  other.id = DeviceId::parse("drone-0").value();
  EXPECT_EQ(code({std::nullopt, other}), "ENR-EK-TAKEN");
}

TEST_F(Record, enrolling_again_raises_the_epoch_and_takes_the_new_keys) {
  Device old = known();
  old.device_key_sha256[0] ^= 1U;
  const auto device = apply_enrollment({old, old}, claim_, scene_.now);
  ASSERT_TRUE(device.has_value()) << describe(device.error());
  EXPECT_EQ(device->epoch, Epoch{8});
  EXPECT_EQ(device->device_key_sha256, claim_->device_key_sha256);
}

TEST_F(Record, a_key_that_comes_back_is_the_present_one_from_then_on) {
  const auto later = [&](int hours) { return scene_.now + std::chrono::hours(hours); };
  const Device first = apply_enrollment({}, claim_, scene_.now).value();
  EXPECT_EQ(first.key_since, scene_.now);
  const Device same = apply_enrollment({first, first}, claim_, later(1)).value();
  EXPECT_EQ(same.key_since, scene_.now) << "enrolling with the same key changes nothing of it";
  Device other = same;
  other.device_key_sha256[0] ^= 1U;
  other.key_since = later(2);
  const Device back = apply_enrollment({other, other}, claim_, later(3)).value();
  EXPECT_EQ(back.device_key_sha256, first.device_key_sha256);
  EXPECT_EQ(back.key_since, later(3));
}

TEST_F(Record, enrolling_again_leaves_the_sku_as_an_operator_decided) {
  Device old = known();
  old.sku = SkuId::parse("camera-mk2").value();
  const auto again = apply_enrollment({old, old}, claim_, scene_.now);
  EXPECT_EQ(again->sku, old.sku) << "the rule says none";
  auto context = scene_.context();
  context.allowed->sku = SkuId::parse("camera-mk1").value();
  const auto claim = verify_enrollment(scene_.request(), context).value();
  EXPECT_EQ(apply_enrollment({old, old}, claim, scene_.now)->sku, old.sku);
  old.sku.reset();
  EXPECT_FALSE(apply_enrollment({old, old}, claim, scene_.now)->sku.has_value());
}

TEST_F(Record, a_new_device_is_of_the_sku_that_its_rule_says) {
  EXPECT_FALSE(apply_enrollment({}, claim_, scene_.now)->sku.has_value());
  auto context = scene_.context();
  context.allowed->sku = SkuId::parse("camera-mk1").value();
  const auto claim = verify_enrollment(scene_.request(), context).value();
  EXPECT_EQ(apply_enrollment({}, claim, scene_.now)->sku, context.allowed->sku);
}

TEST_F(Record, a_key_that_no_attestation_has_vouched_for_is_not_renewed) {
  Device device = known();
  EXPECT_EQ(code_of(check_renewable(device)), "accepted");
  device.vouched_in = TpmBoot{5, 0};
  EXPECT_EQ(code_of(check_renewable(device)), "ENR-KEY-UNVOUCHED");
}

// Else a lost answer would leave the record with a boot that has passed.
TEST_F(Record, another_kind_of_key_or_another_boot_is_no_retry) {
  const Device device = known();
  EXPECT_TRUE(is_enrolled_already({device, device}, *claim_));
  auto claim = *claim_;
  claim.key_kind = KeyKind::memory;
  EXPECT_FALSE(is_enrolled_already({device, device}, claim));
  Device outside = device;
  outside.key_kind = KeyKind::memory;
  outside.vouched_in = TpmBoot{5, 0};
  claim.vouched_in = TpmBoot{5, 0};
  EXPECT_TRUE(is_enrolled_already({outside, outside}, claim));
  claim.vouched_in = TpmBoot{6, 0};
  EXPECT_FALSE(is_enrolled_already({outside, outside}, claim));
}

TEST_F(Record, a_key_outside_of_the_tpm_is_recorded_with_its_kind_and_boot) {
  auto context = scene_.context();
  context.allowed->keys.memory = true;
  const auto request = scene_.outside_request(scene_.key_quote(), KeyKind::memory);
  const auto claim = verify_enrollment(request, context).value();
  const Device old = known();
  const auto device = apply_enrollment({old, old}, claim, scene_.now);
  ASSERT_TRUE(device.has_value()) << describe(device.error());
  EXPECT_EQ(device->key_kind, KeyKind::memory);
  EXPECT_EQ(device->vouched_in, (TpmBoot{5, 0}));
  EXPECT_EQ(old.key_kind, KeyKind::tpm);
  EXPECT_EQ(old.vouched_in, std::nullopt);
}

TEST_F(Record, a_new_device_is_recorded_with_its_keys) {
  const auto device = apply_enrollment({}, claim_, scene_.now);
  ASSERT_TRUE(device.has_value());
  EXPECT_EQ(device->id, claim_->device);
  EXPECT_EQ(device->group, claim_->group);
  EXPECT_EQ(device->status, DeviceStatus::active);
  EXPECT_EQ(device->endorsement_sha256, claim_->endorsement_sha256);
  EXPECT_EQ(device->attestation_key, scene_.ak_public().encoded);
  EXPECT_EQ(device->enrolled_at, scene_.now);
}

}  // namespace
}  // namespace vedette::identity
