#include "identity/enrollment_token.h"

#include <gtest/gtest.h>

#include "testing/enrollment_scene.h"

namespace vedette::identity {
namespace {

class Token : public ::testing::Test {
 protected:
  [[nodiscard]] std::string code() const {
    return code_of(check_enrollment_token(token_, *claim_, scene_.now));
  }

  EnrollmentScene scene_;
  Verified<EnrollmentClaim> claim_ = scene_.claim();
  std::optional<EnrollmentToken> token_ =
      EnrollmentToken{.group = claim_->group,
                      .endorsement_sha256 = claim_->endorsement_sha256,
                      .expires_at = scene_.now + std::chrono::hours(1)};
};

TEST_F(Token, that_nobody_made_is_refused) {
  token_.reset();
  EXPECT_EQ(code(), "ENR-TOKEN-UNKNOWN");
}

TEST_F(Token, of_another_tpm_is_refused) {
  (*token_->endorsement_sha256)[0] ^= 1U;
  EXPECT_EQ(code(), "ENR-TOKEN-EK");
  token_->endorsement_sha256.reset();
  EXPECT_EQ(code(), "ENR-TOKEN-EK") << "a token that is for nobody";
  token_->certificate_serial = "0a";
  EXPECT_EQ(code(), "ENR-TOKEN-EK") << "no certificate admitted this TPM";
}

TEST_F(Token, of_another_group_is_refused) {
  token_->group = GroupId::parse("others").value();
  EXPECT_EQ(code(), "ENR-TOKEN-GROUP");
}

TEST_F(Token, that_expired_or_was_used_is_refused) {
  token_->used = true;
  EXPECT_EQ(code(), "ENR-TOKEN-USED");
  token_->expires_at = scene_.now;
  EXPECT_EQ(code(), "ENR-TOKEN-EXPIRED");
}

TEST_F(Token, of_this_tpm_and_group_is_good) {
  EXPECT_EQ(code(), "accepted");
}

TEST_F(Token, is_found_by_its_digest_and_by_no_other_text) {
  const MadeToken made = make_enrollment_token();
  const std::string text(as_text(made.text.expose()));
  EXPECT_EQ(enrollment_token_sha256(text).value(), made.sha256);
  EXPECT_NE(make_enrollment_token().sha256, made.sha256);
  for (const std::string& bad : {std::string(), text.substr(1), text + "A", text + "\n",
                                 text.substr(0, text.size() - 1), std::string("vedette-enrol-")})
    EXPECT_EQ(code_of(enrollment_token_sha256(bad)), "ENR-TOKEN-SYNTAX") << bad;
}

}  // namespace
}  // namespace vedette::identity
