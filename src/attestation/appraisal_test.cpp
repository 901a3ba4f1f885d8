#include "attestation/appraisal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/quote_scene.h"

namespace vedette::attestation {
namespace {

using ::testing::HasSubstr;

class Appraising : public ::testing::Test {
 protected:
  // Whatever the reason, the verdict must hold together.
  [[nodiscard]] Appraisal appraised(const std::optional<ReferenceValues>& references) const {
    Appraisal appraisal = appraise(scene_.verified(), references);
    EXPECT_GE(appraisal.status, appraisal.vector.worst());
    EXPECT_EQ(appraisal.error.has_value(), appraisal.status != TrustTier::affirming);
    return appraisal;
  }
  [[nodiscard]] std::string code(const std::optional<ReferenceValues>& references) const {
    const Appraisal appraisal = appraised(references);
    EXPECT_NE(appraisal.status, TrustTier::warning);
    return appraisal.error ? appraisal.error->code : "affirming";
  }

  QuoteScene scene_;
  ReferenceValues good_ = learn(scene_.verified());
};

TEST_F(Appraising, without_reference_values_nothing_is_affirmed) {
  EXPECT_EQ(code(std::nullopt), "ATT-NO-REFERENCE");
  EXPECT_EQ(code(ReferenceValues{}), "ATT-NO-REFERENCE") << "an empty policy accepts nothing";
  EXPECT_THAT(appraised(std::nullopt).error->hint, HasSubstr("vedette reference learn"));
}

// AR4SI, 2.3.4: a claim is not to be better than what was shown.
TEST_F(Appraising, of_a_key_that_no_hardware_was_shown_to_hold_nothing_is_claimed) {
  TrustVector vector = appraised(good_).vector;
  ASSERT_NE(vector[TrustClaim::hardware], 0);
  const auto executables = vector[TrustClaim::executables];
  leave_out_hardware(vector);
  EXPECT_EQ(vector[TrustClaim::instance_identity], 0);
  EXPECT_EQ(vector[TrustClaim::hardware], 0);
  EXPECT_EQ(vector[TrustClaim::executables], executables);
  vector.set(TrustClaim::hardware, 96);
  leave_out_hardware(vector);
  EXPECT_EQ(vector[TrustClaim::hardware], 96) << "what speaks against it stays";
}

TEST_F(Appraising, a_key_of_another_boot_is_contraindicated) {
  const Appraisal appraisal = unvouched_key();
  EXPECT_EQ(appraisal.status, TrustTier::contraindicated);
  EXPECT_EQ(appraisal.vector.worst(), TrustTier::contraindicated);
  ASSERT_TRUE(appraisal.error.has_value());
  EXPECT_EQ(appraisal.error->code, "ATT-KEY-BOOT");
}

// lf-edge/eve PR 6162, "TPM Carte Blanche".
TEST_F(Appraising, a_boot_that_nothing_measured_is_refused_even_where_it_was_learnt) {
  for (const std::uint8_t pcr : {std::uint8_t{0}, std::uint8_t{4}}) {
    scene_ = {};
    scene_.registers[pcr] = crypto::Sha256Digest{};
    EXPECT_EQ(code(learn(scene_.verified())), "ATT-PCR-UNEXTENDED") << int{pcr};
  }
}

TEST_F(Appraising, another_register_may_be_zero_if_that_is_expected) {
  scene_.registers[9] = crypto::Sha256Digest{};
  EXPECT_EQ(code(learn(scene_.verified())), "affirming");
}

TEST_F(Appraising, a_quoted_register_without_reference_is_refused) {
  good_.registers.erase(7);
  EXPECT_EQ(code(good_), "ATT-PCR-UNKNOWN");
}

TEST_F(Appraising, a_reference_that_was_not_quoted_is_refused) {
  good_.registers[4] = {crypto::sha256(as_bytes("boot loader"))};
  EXPECT_EQ(code(good_), "ATT-PCR-MISSING");
}

TEST_F(Appraising, a_changed_register_is_named_with_what_was_expected_and_found) {
  const auto before = good_.registers.at(7);
  scene_.registers[7] = crypto::sha256(as_bytes("secure boot off"));
  const Appraisal appraisal = appraised(good_);
  EXPECT_EQ(appraisal.status, TrustTier::contraindicated);
  ASSERT_EQ(appraisal.mismatches.size(), 1U);
  EXPECT_EQ(appraisal.mismatches[0], (RegisterMismatch{7, before, scene_.registers[7]}));
  ASSERT_TRUE(appraisal.error.has_value());
  EXPECT_EQ(appraisal.error->code, "ATT-PCR-MISMATCH");
  EXPECT_THAT(appraisal.error->message, HasSubstr("PCR 7"));
  EXPECT_THAT(appraisal.error->cause, HasSubstr(to_string(before[0])));
  EXPECT_THAT(appraisal.error->cause, HasSubstr(to_string(scene_.registers[7])));
  EXPECT_THAT(appraisal.error->hint, HasSubstr("quarantine"));
}

TEST_F(Appraising, every_changed_register_is_named) {
  scene_.registers[0] = crypto::sha256(as_bytes("x"));
  scene_.registers[7] = crypto::sha256(as_bytes("y"));
  const Appraisal appraisal = appraised(good_);
  ASSERT_EQ(appraisal.mismatches.size(), 2U);
  EXPECT_THAT(appraisal.error->message, HasSubstr("PCR 0, PCR 7"));
}

TEST_F(Appraising, code_and_configuration_are_blamed_apart) {
  scene_.registers[7] = crypto::sha256(as_bytes("secure boot off"));
  const Appraisal configuration = appraised(good_);
  EXPECT_EQ(configuration.vector[TrustClaim::configuration], 96);
  EXPECT_EQ(configuration.vector[TrustClaim::executables], 0);
  scene_ = {};
  scene_.registers[0] = crypto::sha256(as_bytes("other firmware"));
  const Appraisal executables = appraised(good_);
  EXPECT_EQ(executables.vector[TrustClaim::configuration], 0);
  EXPECT_EQ(executables.vector[TrustClaim::executables], 96);
}

TEST_F(Appraising, a_register_that_accepts_no_value_accepts_none) {
  good_.registers[7].clear();
  EXPECT_EQ(code(good_), "ATT-PCR-MISMATCH");
  EXPECT_THAT(appraised(good_).error->cause, HasSubstr("no value at all"));
}

TEST_F(Appraising, any_of_several_accepted_values_will_do) {
  good_.registers[7].insert(good_.registers[7].begin(), crypto::sha256(as_bytes("older")));
  EXPECT_EQ(code(good_), "affirming");
}

TEST_F(Appraising, the_expected_state_is_affirmed_and_only_what_was_looked_at) {
  const Appraisal appraisal = appraised(good_);
  EXPECT_EQ(appraisal.status, TrustTier::affirming);
  EXPECT_TRUE(appraisal.mismatches.empty());
  EXPECT_EQ(appraisal.vector[TrustClaim::instance_identity], 2);
  EXPECT_EQ(appraisal.vector[TrustClaim::hardware], 2);
  EXPECT_EQ(appraisal.vector[TrustClaim::executables], 3);
  EXPECT_EQ(appraisal.vector[TrustClaim::configuration], 2);
  for (const auto claim : {TrustClaim::file_system, TrustClaim::runtime_opaque,
                           TrustClaim::storage_opaque, TrustClaim::sourced_data})
    EXPECT_EQ(appraisal.vector[claim], 0);
}

}  // namespace
}  // namespace vedette::attestation
