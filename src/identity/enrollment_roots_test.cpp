// Admission by a maker's certificate.
#include <filesystem>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "crypto/authority_sample.h"
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

// Which of a maker's roots is found first is no operator's word about a device that is there.
TEST_F(EnrollmentRoots, a_root_takes_no_device_out_of_the_group_that_it_has) {
  const auto claim = verify_enrollment(request(kFixtureEndorsement), context(roots_)).value();
  Device device = apply_enrollment({}, claim, scene_.now).value();
  EXPECT_EQ(device.group.str(), "drones");
  device.group = GroupId::parse("moved").value();
  EXPECT_EQ(apply_enrollment({device, device}, claim, scene_.now)->group, device.group);
  EXPECT_TRUE(is_enrolled_already({device, device}, *claim)) << "its retry is one";
  auto allowed = context(roots_);
  allowed.allowed = AllowedEndorsement{claim->endorsement_sha256, claim->device, claim->group};
  const auto by_entry = verify_enrollment(request(kFixtureEndorsement), allowed).value();
  EXPECT_EQ(apply_enrollment({device, device}, by_entry, scene_.now)->group, claim->group)
      << "the allow-list is an operator's word about this TPM";
}

// Else one group's operators could keep what another's have dismissed.
TEST_F(EnrollmentRoots, a_device_on_record_is_admitted_by_roots_of_its_group_alone) {
  auto known = context(roots_);
  known.group_on_record = GroupId::parse("drones").value();
  EXPECT_EQ(code_of(verify_enrollment(request(kFixtureEndorsement), known)), "accepted");
  known.group_on_record = GroupId::parse("strangers").value();
  EXPECT_EQ(code_of(verify_enrollment(request(kFixtureEndorsement), known)), "ENR-EK-UNKNOWN");
}

TEST_F(EnrollmentRoots, an_issuer_of_another_group_leads_to_no_root_of_this_one) {
  roots_[1].group = GroupId::parse("strangers").value();
  EXPECT_EQ(code(request(kFixtureEndorsement), roots_), "ENR-EK-UNKNOWN");
  roots_.push_back(root(kFixtureIssuer, "drones"));
  EXPECT_EQ(code(request(kFixtureEndorsement), roots_), "accepted");
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

// A collection of vendors' certificates, as it is published, is larger than a path.
TEST_F(EnrollmentRoots, many_makers_do_not_stand_in_each_others_way) {
  for (int i = 0; i < 40; ++i) {
    const crypto::AuthoritySample other;
    roots_.insert(roots_.begin(), {GroupId::parse("others").value(), other.root.der()});
  }
  const auto claim = verify_enrollment(request(kFixtureEndorsement), context(roots_));
  ASSERT_TRUE(claim.has_value()) << describe(claim.error());
  EXPECT_EQ((*claim)->group.str(), "drones");
  EXPECT_EQ(code(request(kFixtureEndorsement), std::span(roots_).first(41)), "ENR-EK-UNKNOWN");
}

TEST_F(EnrollmentRoots, a_certified_tpm_is_of_the_sku_of_the_root_that_admits_it) {
  roots_[0].sku = SkuId::parse("mk1").value();
  roots_[2].sku = SkuId::parse("mk2").value();
  const auto claim = verify_enrollment(request(kFixtureEndorsement), context(roots_));
  ASSERT_TRUE(claim.has_value()) << describe(claim.error());
  EXPECT_EQ((*claim)->sku, roots_[2].sku);
}

// The certificate of a real TPM: its key is named OAEP, its signature rests on SHA-1, it has
// expired.
class EnrollmentOfARealMaker : public EnrollmentRoots {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no vectors in " << folder_;
    roots_.clear();
    for (const char* name : {"stmtpmekint02.crt", "stmtpmekroot.crt", "gstpmroot.crt"})
      roots_.push_back({GroupId::parse("drones").value(), file(name)});
    scene_.now = from_unix_seconds(1'790'000'000);  // in 2026
  }
  [[nodiscard]] Bytes file(const std::string& name) const {
    return read_file(folder_ + name, 1 << 20).value();
  }
  [[nodiscard]] std::string judge(crypto::EndorsementTolerance tolerance) {
    const auto leaf = Certificate::from_der(file("ek_cert_7_byte_header_removed.cer")).value();
    auto made = scene_.request();
    constexpr std::size_t kModulusOffset = 33;  // in the SPKI of every RSA-2048 key
    const Bytes spki = endorsement_public_key(leaf).value().spki_der();
    made.endorsement_key =
        codec::parse_tpmt_public(vedette::testing::forge_rsa_public(
                                     ByteView(spki).subspan(kModulusOffset, 256), scene_.ek_shape))
            .value();
    made.endorsement_certificate = leaf.der();
    roots_.back().tolerance = tolerance;
    return code(made, roots_);
  }

  const std::string folder_ = VEDETTE_VECTORS "/ek-cert/stm/";
};

TEST_F(EnrollmentOfARealMaker, needs_each_power_that_its_certificate_needs) {
  EXPECT_EQ(judge({}), "ENR-EK-UNKNOWN");
  EXPECT_EQ(judge({.sha1_signature = true}), "ENR-EK-UNKNOWN");
  EXPECT_EQ(judge({.expired = true}), "ENR-EK-UNKNOWN");
  EXPECT_EQ(judge({.sha1_signature = true, .expired = true}), "accepted");
}

// A power that was given for one maker weakens no other.
TEST_F(EnrollmentOfARealMaker, is_not_helped_by_powers_of_another_root) {
  roots_.insert(roots_.begin(), root(kFixtureRoot, "drones"));
  roots_.front().tolerance = {.sha1_signature = true, .expired = true};
  roots_[1].tolerance = {.sha1_signature = true, .expired = true};
  EXPECT_EQ(judge({}), "ENR-EK-UNKNOWN");
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
