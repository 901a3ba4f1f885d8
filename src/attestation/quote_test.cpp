#include "attestation/quote.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/quote_scene.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;
using vedette::testing::AttestShape;
using vedette::testing::forge_signature;

class QuoteChecks : public ::testing::Test {
 protected:
  // Signed as it is bent, by the enrolled key: what is refused is refused for the bend alone.
  [[nodiscard]] std::string code(const AttestShape& shape) const {
    return code_of(verify_quote(scene_.evidence(shape), expected_));
  }
  [[nodiscard]] std::string code(const QuoteEvidence& evidence) const {
    return code_of(verify_quote(evidence, expected_));
  }

  QuoteScene scene_;
  AttestShape shape_ = scene_.quote();
  QuoteEvidence evidence_ = scene_.evidence(shape_);
  QuoteExpectation expected_ = scene_.expectation();
};

// Class 5: the key.

TEST_F(QuoteChecks, a_key_that_could_sign_anything_or_live_elsewhere_is_refused) {
  for (const std::uint32_t flipped : {vedette::testing::kFixedTpm, vedette::testing::kFixedParent,
                                      vedette::testing::kSensitiveDataOrigin,
                                      vedette::testing::kRestricted, vedette::testing::kSign}) {
    scene_.ak_shape.attributes = vedette::testing::kAttestationAttributes ^ flipped;
    expected_.attestation_key = scene_.ak_public();
    EXPECT_EQ(code(evidence_), "ATT-KEY") << std::hex << flipped;
  }
}

// Check 1.

TEST_F(QuoteChecks, a_quote_by_another_tpms_key_is_refused) {
  evidence_.signature = forge_signature(crypto::PrivateKey::generate_p256(), evidence_.attest);
  EXPECT_EQ(code(evidence_), "ATT-SIGNATURE");
}

TEST_F(QuoteChecks, a_flipped_bit_anywhere_is_refused) {
  for (std::size_t i = 0; i < evidence_.attest.size(); ++i) {
    auto bent = evidence_;
    bent.attest[i] ^= 0x80U;
    EXPECT_EQ(code(bent), "ATT-SIGNATURE") << i;
  }
}

TEST_F(QuoteChecks, a_signature_that_claims_sha1_is_refused) {
  evidence_.signature = forge_signature(scene_.ak, evidence_.attest, TpmAlgorithm::sha1);
  EXPECT_EQ(code(evidence_), "ATT-SIGNATURE");
}

TEST_F(QuoteChecks, a_key_without_a_fixed_scheme_is_refused) {
  scene_.ak_shape.scheme = TpmAlgorithm::null;
  expected_.attestation_key = scene_.ak_public();
  EXPECT_EQ(code(evidence_), "ATT-SIGNATURE");
}

TEST_F(QuoteChecks, an_empty_or_malformed_signature_is_refused) {
  evidence_.signature.clear();
  EXPECT_EQ(code(evidence_), "ATT-SIGNATURE");
  evidence_.signature = scene_.evidence(shape_).signature;
  evidence_.signature.push_back(0);
  EXPECT_EQ(code(evidence_), "ATT-SIGNATURE");
}

// Checks 2, 3 and 11.

// CVE-2024-29040: magic unchecked.
TEST_F(QuoteChecks, what_no_tpm_generated_is_refused) {
  shape_.magic = 0;
  EXPECT_EQ(code(shape_), "ATT-MAGIC");
}

TEST_F(QuoteChecks, a_certification_or_creation_is_refused) {
  shape_.type = 0x8017;
  EXPECT_EQ(code(shape_), "ATT-TYPE");
  shape_.type = 0x801A;
  EXPECT_EQ(code(shape_), "ATT-TYPE");
}

TEST_F(QuoteChecks, octets_too_many_or_too_few_are_refused) {
  shape_.trailing = {0};
  EXPECT_EQ(code(shape_), "ATT-SYNTAX");
  evidence_.attest.pop_back();
  evidence_.signature = forge_signature(scene_.ak, evidence_.attest);
  EXPECT_EQ(code(evidence_), "ATT-SYNTAX");
}

// Check 4, class 1.

TEST_F(QuoteChecks, a_replayed_quote_is_refused) {
  scene_.nonce[0] ^= 1U;
  expected_ = scene_.expectation();
  EXPECT_EQ(code(evidence_), "ATT-NONCE");
}

TEST_F(QuoteChecks, a_quote_for_another_devices_certificate_is_refused) {
  scene_.fingerprint[0] ^= 1U;
  expected_ = scene_.expectation();
  EXPECT_EQ(code(evidence_), "ATT-NONCE");
}

TEST_F(QuoteChecks, an_empty_nonce_is_refused_even_where_none_is_expected) {
  shape_.extra_data.clear();
  EXPECT_EQ(code(shape_), "ATT-NONCE");
  expected_.extra_data.clear();
  EXPECT_EQ(code(shape_), "ATT-NONCE");
}

TEST_F(QuoteChecks, a_padded_truncated_or_textual_nonce_is_refused) {
  const Bytes right = shape_.extra_data;
  shape_.extra_data.push_back(0);
  EXPECT_EQ(code(shape_), "ATT-NONCE");
  shape_.extra_data = Bytes(right.begin(), right.end() - 1);
  EXPECT_EQ(code(shape_), "ATT-NONCE");
  shape_.extra_data = to_bytes(to_hex(right));
  EXPECT_EQ(code(shape_), "ATT-NONCE");
}

// Check 5.

TEST_F(QuoteChecks, a_signer_that_cannot_be_the_key_is_refused) {
  shape_.qualified_signer.clear();
  EXPECT_EQ(code(shape_), "ATT-SIGNER");
  shape_.qualified_signer = {0x40, 0x00, 0x00, 0x07};
  EXPECT_EQ(code(shape_), "ATT-SIGNER");
  shape_.qualified_signer = vedette::testing::forge_qualified_name();
  shape_.qualified_signer[1] = 0x0C;  // SHA-384
  EXPECT_EQ(code(shape_), "ATT-SIGNER");
  shape_.qualified_signer = crypto::tpm_name(scene_.ak_public()).value();
  EXPECT_EQ(code(shape_), "ATT-SIGNER");
}

// Check 6, class 7.

class QuoteClock : public QuoteChecks {
 protected:
  QuoteClock() {
    expected_.last = AttestationState{};
    expected_.last->clock = 1000;
    expected_.last->reset_count = 5;
    expected_.last->restart_count = 2;
    shape_.clock = 1000;
    shape_.reset_count = 5;
    shape_.restart_count = 2;
  }
};

TEST_F(QuoteClock, a_reset_count_that_went_back_is_refused) {
  shape_.reset_count = 4;
  EXPECT_EQ(code(shape_), "ATT-CLOCK");
}

TEST_F(QuoteClock, a_restart_count_that_went_back_within_a_boot_is_refused) {
  shape_.restart_count = 1;
  EXPECT_EQ(code(shape_), "ATT-CLOCK");
}

TEST_F(QuoteClock, a_clock_that_went_back_within_a_boot_is_refused_safe_or_not) {
  shape_.clock = 999;
  EXPECT_EQ(code(shape_), "ATT-CLOCK");
  shape_.safe = 0;
  EXPECT_EQ(code(shape_), "ATT-CLOCK");
}

TEST_F(QuoteClock, a_clock_that_claims_to_be_safe_and_went_back_over_a_reset_is_refused) {
  shape_.reset_count = 6;
  shape_.clock = 10;
  EXPECT_EQ(code(shape_), "ATT-CLOCK");
}

TEST_F(QuoteClock, a_clock_may_lose_time_in_a_power_failure) {
  shape_.reset_count = 6;
  shape_.restart_count = 0;
  shape_.clock = 10;
  shape_.safe = 0;
  EXPECT_EQ(code(shape_), "accepted");
}

TEST_F(QuoteClock, obfuscated_counters_may_wrap_around) {
  expected_.last->reset_count = 0xFFFFFFFF;
  shape_.reset_count = 0;
  EXPECT_EQ(code(shape_), "accepted");
  expected_.last->reset_count = 0;
  shape_.reset_count = 0xFFFFFFFF;
  EXPECT_EQ(code(shape_), "ATT-CLOCK");
}

TEST_F(QuoteClock, a_reboot_is_noticed) {
  auto same = verify_quote(scene_.evidence(shape_), expected_);
  ASSERT_TRUE(same.has_value());
  EXPECT_FALSE((*same)->rebooted);
  shape_.reset_count = 6;
  auto reset = verify_quote(scene_.evidence(shape_), expected_);
  ASSERT_TRUE(reset.has_value());
  EXPECT_TRUE((*reset)->rebooted);
  shape_.reset_count = 5;
  shape_.restart_count = 3;  // woken from suspension
  auto resumed = verify_quote(scene_.evidence(shape_), expected_);
  ASSERT_TRUE(resumed.has_value());
  EXPECT_TRUE((*resumed)->rebooted);
}

// Check 7.

TEST_F(QuoteChecks, firmware_below_the_minimum_or_on_the_list_is_refused) {
  expected_.firmware.minimum = shape_.firmware_version + 1;
  EXPECT_EQ(code(shape_), "ATT-FIRMWARE");
  expected_.firmware = {.minimum = shape_.firmware_version, .refused = {}};
  EXPECT_EQ(code(shape_), "accepted");
  expected_.firmware.refused = {1, shape_.firmware_version};
  EXPECT_EQ(code(shape_), "ATT-FIRMWARE");
}

// Check 8, class 2. CVE-2022-0317 and CVE-2024-29039.

TEST_F(QuoteChecks, a_subset_superset_or_empty_selection_is_refused) {
  shape_.selections = {{TpmAlgorithm::sha256, {0}}};
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
  shape_.selections = {{TpmAlgorithm::sha256, {0, 1, 7}}};
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
  shape_.selections = {{TpmAlgorithm::sha256, {}}};
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
  shape_.selections.clear();
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
}

TEST_F(QuoteChecks, resettable_registers_relabelled_as_those_asked_for_are_refused) {
  shape_.selections = {{TpmAlgorithm::sha256, {16, 23}}};
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
}

TEST_F(QuoteChecks, another_bank_two_banks_or_one_twice_is_refused) {
  shape_.selections = {{TpmAlgorithm::sha1, {0, 7}}};
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
  shape_.selections = {{TpmAlgorithm::sha1, {0, 7}}, {TpmAlgorithm::sha256, {0, 7}}};
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
  shape_.selections = {{TpmAlgorithm::sha256, {0, 7}}, {TpmAlgorithm::sha256, {0, 7}}};
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
}

TEST_F(QuoteChecks, asking_for_nothing_or_for_sha1_accepts_nothing) {
  expected_.selection.registers.clear();
  shape_.selections = {{TpmAlgorithm::sha256, {}}};
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
  expected_.selection = {TpmAlgorithm::sha1, {0, 7}};
  shape_.selections = {expected_.selection};
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
}

TEST_F(QuoteChecks, a_quote_of_the_sha384_bank_is_none_of_the_sha256_bank_and_the_other_way_round) {
  shape_.selections = {{TpmAlgorithm::sha384, {0, 7}}};
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
  shape_.selections = {{TpmAlgorithm::sha256, {0, 7}}};
  expected_.selection.bank = TpmAlgorithm::sha384;
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
  shape_.selections = {{TpmAlgorithm::sha256, {0, 7}}, {TpmAlgorithm::sha384, {0, 7}}};
  EXPECT_EQ(code(shape_), "ATT-SELECTION");
}

// Checks 9 and 10.

TEST_F(QuoteChecks, values_of_another_bank_than_the_quoted_one_are_refused) {
  shape_.selections = {{TpmAlgorithm::sha384, {0, 7}}};
  expected_.selection.bank = TpmAlgorithm::sha384;
  EXPECT_EQ(code(shape_), "ATT-PCR-VALUES") << "they have 32 octets, and the digest is theirs";
}

TEST_F(QuoteChecks, other_values_than_the_signed_ones_are_refused) {
  evidence_.values[1][31] ^= 1U;
  EXPECT_EQ(code(evidence_), "ATT-PCR-DIGEST");
  evidence_ = scene_.evidence(shape_);
  std::swap(evidence_.values[0], evidence_.values[1]);
  EXPECT_EQ(code(evidence_), "ATT-PCR-DIGEST");
}

// attestation-rs PR 69: values for registers that nobody signed.
TEST_F(QuoteChecks, values_beyond_the_selection_or_too_few_are_refused) {
  evidence_.values.push_back(Bytes(32, 1));
  EXPECT_EQ(code(evidence_), "ATT-PCR-VALUES");
  evidence_.values.resize(1);
  EXPECT_EQ(code(evidence_), "ATT-PCR-VALUES");
  evidence_.values.clear();
  EXPECT_EQ(code(evidence_), "ATT-PCR-VALUES");
}

TEST_F(QuoteChecks, values_that_only_join_to_the_signed_digest_are_refused) {
  // The same 64 octets, cut elsewhere.
  Bytes joined = evidence_.values[0];
  append(joined, evidence_.values[1]);
  evidence_.values = {Bytes(joined.begin(), joined.begin() + 31),
                      Bytes(joined.begin() + 31, joined.end())};
  EXPECT_EQ(code(evidence_), "ATT-PCR-VALUES");
}

TEST_F(QuoteChecks, a_pcr_digest_of_nothing_is_refused) {
  shape_.pcr_digest.clear();
  EXPECT_EQ(code(shape_), "ATT-PCR-DIGEST");
}

// What is accepted.

TEST_F(QuoteChecks, a_sound_quote_says_what_was_signed) {
  const auto quote = verify_quote(evidence_, expected_);
  ASSERT_TRUE(quote.has_value()) << describe(quote.error());
  EXPECT_EQ((*quote)->registers, scene_.registers);
  EXPECT_EQ((*quote)->clock.reset_count, 5U);
  EXPECT_EQ((*quote)->firmware_version, shape_.firmware_version);
  EXPECT_FALSE((*quote)->rebooted);
}

TEST_F(QuoteChecks, a_sound_quote_of_the_sha384_bank_says_what_was_signed) {
  scene_.registers = {
      {std::uint8_t{0}, crypto::BankDigest::of(TpmAlgorithm::sha384, as_bytes("firmware"))},
      {std::uint8_t{7}, crypto::BankDigest::of(TpmAlgorithm::sha384, as_bytes("secure boot"))}};
  const auto quote = verify_quote(scene_.evidence(scene_.quote()), scene_.expectation());
  ASSERT_TRUE(quote.has_value()) << describe(quote.error());
  EXPECT_EQ((*quote)->registers, scene_.registers);
}

TEST_F(QuoteChecks, what_is_remembered_stops_its_own_rollback) {
  const auto quote = scene_.verified();
  const TimePoint at = from_unix_seconds(1'900'000'000);
  expected_.last = state_after(quote, at, true);
  EXPECT_EQ(expected_.last->at, at);
  EXPECT_TRUE(expected_.last->affirming);
  EXPECT_EQ(expected_.last->registers, scene_.registers);
  EXPECT_EQ(code(shape_), "accepted");
  shape_.clock -= 1;
  EXPECT_EQ(code(shape_), "ATT-CLOCK");
}

TEST(QuoteBinding, DiffersOnAnotherConnection) {
  const crypto::Sha256Digest fingerprint{};
  EXPECT_NE(quote_binding(as_bytes("nonce"), fingerprint, Bytes(kChannelBindingOctets, 1)),
            quote_binding(as_bytes("nonce"), fingerprint, Bytes(kChannelBindingOctets, 2)));
}

TEST(QuoteBinding, is_the_one_of_the_protocol) {
  const crypto::Sha256Digest fingerprint = crypto::sha256(as_bytes("certificate"));
  const Bytes channel(kChannelBindingOctets, 0x22);
  Bytes message = to_bytes("vedette quote v2");
  message.push_back(0);
  append(message, as_bytes("nonce"));
  append(message, fingerprint);
  append(message, channel);
  EXPECT_EQ(quote_binding(as_bytes("nonce"), fingerprint, channel), crypto::sha256(message));
}

}  // namespace
}  // namespace vedette::attestation
