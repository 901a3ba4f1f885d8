#include "identity/pending_enrollments.h"

#include <gtest/gtest.h>

#include "testing/enrollment_scene.h"

namespace vedette::identity {
namespace {

class Pending : public ::testing::Test {
 protected:
  std::string redeem(const OpenedEnrollment& opened, TimePoint at) {
    return code_of(book_.redeem(opened.id, opened.secret.expose(), claim_->device_key_sha256, at));
  }
  std::string redeem(const OpenedEnrollment& opened) { return redeem(opened, scene_.now); }

  EnrollmentScene scene_;
  Verified<EnrollmentClaim> claim_ = scene_.claim();
  Applicant here_{Bytes(32, 1), "192.0.2.1"};
  PendingEnrollments book_;
};

TEST_F(Pending, an_id_that_was_never_given_is_refused) {
  EXPECT_EQ(code_of(book_.redeem("00", Bytes(32), claim_->device_key_sha256, scene_.now)),
            "ENR-UNKNOWN");
}

TEST_F(Pending, after_two_minutes_it_is_too_late) {
  const auto opened = book_.open(claim_, here_, scene_.now).value();
  EXPECT_EQ(redeem(opened, opened.expires_at - Duration(1)), "accepted");
  EXPECT_EQ(redeem(opened, opened.expires_at), "ENR-EXPIRED");
  EXPECT_EQ(opened.expires_at, scene_.now + std::chrono::minutes(2));
}

TEST_F(Pending, the_third_wrong_secret_ends_it) {
  const auto opened = book_.open(claim_, here_, scene_.now).value();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(code_of(book_.redeem(opened.id, Bytes(32, 1), claim_->device_key_sha256, scene_.now)),
              "ENR-SECRET");
  EXPECT_EQ(redeem(opened), "ENR-UNKNOWN");
}

TEST_F(Pending, two_wrong_secrets_are_forgiven) {
  const auto opened = book_.open(claim_, here_, scene_.now).value();
  for (int i = 0; i < 2; ++i)
    (void)book_.redeem(opened.id, {}, claim_->device_key_sha256, scene_.now);
  EXPECT_EQ(redeem(opened), "accepted");
}

TEST_F(Pending, a_secret_of_another_enrolment_is_refused) {
  const auto opened = book_.open(claim_, here_, scene_.now).value();
  EnrollmentScene other;
  const auto others = book_.open(other.claim(), here_, scene_.now).value();
  EXPECT_EQ(code_of(book_.redeem(opened.id, others.secret.expose(), claim_->device_key_sha256,
                                 scene_.now)),
            "ENR-SECRET");
}

TEST_F(Pending, a_secret_does_not_serve_another_key) {
  const auto opened = book_.open(claim_, here_, scene_.now).value();
  EXPECT_EQ(code_of(book_.redeem(opened.id, opened.secret.expose(),
                                 crypto::sha256(as_bytes("other")), scene_.now)),
            "ENR-CSR-KEY");
}

TEST_F(Pending, the_same_key_may_ask_again_for_an_answer_that_was_lost) {
  const auto opened = book_.open(claim_, here_, scene_.now).value();
  EXPECT_EQ(redeem(opened), "accepted");
  EXPECT_EQ(redeem(opened, scene_.now + std::chrono::minutes(1)), "accepted");
}

TEST_F(Pending, a_newer_enrolment_of_the_same_tpm_and_connection_replaces_the_older) {
  const auto older = book_.open(claim_, here_, scene_.now).value();
  const auto newer = book_.open(claim_, here_, scene_.now).value();
  EXPECT_EQ(redeem(older), "ENR-UNKNOWN");
  EXPECT_EQ(redeem(newer), "accepted");
  EXPECT_EQ(book_.size(), 1U);
}

// The public half of an EK is no secret: it stands on delivery notes.
TEST_F(Pending, a_stranger_who_begins_with_a_victims_tpm_does_not_end_the_victims_enrolment) {
  const auto victims = book_.open(claim_, here_, scene_.now).value();
  for (std::uint8_t i = 2; i < 40; ++i)
    (void)book_.open(claim_, {Bytes(32, i), "198.51.100.9"}, scene_.now);
  EXPECT_EQ(redeem(victims), "accepted");
  EXPECT_EQ(book_.size(), 1U + PendingEnrollments::kMostFromAddress);
  EXPECT_TRUE(book_.open(claim_, {Bytes(32, 90), "192.0.2.1"}, scene_.now).has_value())
      << "nor is there no room for another of the victim's";
}

TEST_F(Pending, of_one_tpm_so_many_wait_and_no_more_from_wherever_they_are) {
  for (std::uint8_t i = 0; i < 40; ++i)
    (void)book_.open(
        claim_, {Bytes(32, static_cast<std::uint8_t>(100 + i)), "198.51.100." + std::to_string(i)},
        scene_.now);
  EXPECT_EQ(book_.size(), PendingEnrollments::kMostOfEndorsement);
  EXPECT_EQ(code_of(book_.open(claim_, here_, scene_.now)), "ENR-BUSY");
  EXPECT_TRUE(book_.open(claim_, here_, scene_.now + std::chrono::minutes(2)).has_value());
}

TEST_F(Pending, a_full_book_refuses_until_something_expires) {
  PendingEnrollments small(1);
  ASSERT_TRUE(small.open(claim_, here_, scene_.now).has_value());
  EnrollmentScene other;
  EXPECT_EQ(code_of(small.open(other.claim(), here_, scene_.now)), "ENR-BUSY");
  EXPECT_TRUE(small.open(other.claim(), here_, scene_.now + std::chrono::minutes(2)).has_value());
  EXPECT_EQ(small.size(), 1U);
}

TEST_F(Pending, ids_and_secrets_are_random_and_of_full_length) {
  const auto one = book_.open(claim_, here_, scene_.now).value();
  const auto two = book_.open(claim_, here_, scene_.now).value();
  EXPECT_EQ(one.id.size(), 32U);
  EXPECT_NE(one.id, two.id);
  EXPECT_EQ(one.secret.size(), 32U);
  EXPECT_FALSE(equal(one.secret.expose(), two.secret.expose()));
}

TEST_F(Pending, the_right_secret_returns_the_claim) {
  const auto opened = book_.open(claim_, here_, scene_.now).value();
  const auto claim =
      book_.redeem(opened.id, opened.secret.expose(), claim_->device_key_sha256, scene_.now);
  ASSERT_TRUE(claim.has_value());
  EXPECT_EQ((*claim)->device, claim_->device);
}

}  // namespace
}  // namespace vedette::identity
