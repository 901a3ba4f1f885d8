// What a TPM says for a key that is not its own: every lie, then the truth.
#include "identity/key_statement.h"

#include <gtest/gtest.h>

#include "testing/enrollment_scene.h"

namespace vedette::identity {
namespace {

using vedette::testing::AttestShape;

class KeyStatements : public ::testing::Test {
 protected:
  [[nodiscard]] Result<StatedKey> verify(const KeyStatement& statement) const {
    const auto attestation_key = scene_.ak_public();
    return verify_key_statement(
        statement,
        {.attestation_key = attestation_key, .freshness = scene_.channel, .allowed = allowed_});
  }
  [[nodiscard]] std::string code(const KeyStatement& statement) const {
    return code_of(verify(statement));
  }
  [[nodiscard]] std::string code_with(const AttestShape& quote) const {
    return code(scene_.outside_request(quote).device_key);
  }
  [[nodiscard]] QuotedKey quoted() const {
    return std::get<QuotedKey>(scene_.outside_request().device_key);
  }

  EnrollmentScene scene_;
  KeyKinds allowed_{.pkcs11 = true, .memory = true};
};

TEST_F(KeyStatements, a_key_outside_is_refused_where_nobody_allowed_it) {
  const auto refused = [&](KeyKind kind) {
    return code(scene_.outside_request(scene_.key_quote(), kind).device_key);
  };
  allowed_ = {};
  EXPECT_EQ(refused(KeyKind::pkcs11), "ENR-KEY-PLACE");
  EXPECT_EQ(refused(KeyKind::memory), "ENR-KEY-PLACE");
  allowed_.pkcs11 = true;
  EXPECT_EQ(refused(KeyKind::memory), "ENR-KEY-PLACE");
  EXPECT_EQ(refused(KeyKind::pkcs11), "accepted");
  allowed_ = {.memory = true};
  EXPECT_EQ(refused(KeyKind::pkcs11), "ENR-KEY-PLACE");
}

TEST_F(KeyStatements, a_quote_that_claims_the_tpm_is_refused) {
  EXPECT_EQ(code(scene_.outside_request(scene_.key_quote(), KeyKind::tpm).device_key),
            "ENR-QUOTE-KIND");
}

TEST_F(KeyStatements, a_quote_over_another_key_is_refused) {
  QuotedKey other = quoted();
  other.public_key = crypto::PrivateKey::generate_p256().public_key().spki_der();
  EXPECT_EQ(code(other), "ENR-QUOTE-BINDING");
}

TEST_F(KeyStatements, a_stale_quote_of_another_exchange_is_refused) {
  const QuotedKey old = quoted();
  scene_.channel[0] ^= 1U;
  EXPECT_EQ(code(old), "ENR-QUOTE-BINDING");
}

TEST_F(KeyStatements, a_binding_that_is_missing_or_padded_is_refused) {
  auto shape = scene_.key_quote();
  shape.extra_data.push_back(0);
  EXPECT_EQ(code_with(shape), "ENR-QUOTE-BINDING");
  shape.extra_data.clear();
  EXPECT_EQ(code_with(shape), "ENR-QUOTE-BINDING");
}

// Each form has a label of its own: what a TPM said for one serves no other.
TEST_F(KeyStatements, the_binding_of_a_certification_or_an_attestation_is_refused) {
  auto shape = scene_.key_quote();
  shape.extra_data =
      to_bytes(enrollment_binding(scene_.channel, scene_.key.public_key().spki_sha256()));
  EXPECT_EQ(code_with(shape), "ENR-QUOTE-BINDING");
  auto certification = scene_.certification();
  certification.extra_data = scene_.key_quote().extra_data;
  EXPECT_EQ(code(scene_.request(certification).device_key), "ENR-CERTIFY-BINDING");
}

TEST_F(KeyStatements, a_certification_presented_as_quote_is_refused_and_the_reverse) {
  auto certification = scene_.certification();
  certification.extra_data = scene_.key_quote().extra_data;
  EXPECT_EQ(code_with(certification), "ENR-QUOTE-TYPE");
  auto quote = scene_.key_quote();
  quote.extra_data = scene_.certification().extra_data;
  EXPECT_EQ(code(scene_.request(quote).device_key), "ENR-CERTIFY-TYPE");
}

TEST_F(KeyStatements, a_statement_that_no_tpm_made_is_refused) {
  auto shape = scene_.key_quote();
  shape.magic = 0xFF544346;
  EXPECT_EQ(code_with(shape), "ENR-QUOTE-MAGIC");
  shape = scene_.key_quote();
  shape.type = 0x801A;
  EXPECT_EQ(code_with(shape), "ENR-QUOTE-TYPE");
  shape = scene_.key_quote();
  shape.trailing = {0};
  EXPECT_EQ(code_with(shape), "ENR-QUOTE-SYNTAX");
  shape = scene_.key_quote();
  shape.qualified_signer = crypto::tpm_name(scene_.ak_public()).value();
  EXPECT_EQ(code_with(shape), "ENR-QUOTE-SIGNER");
}

TEST_F(KeyStatements, a_quote_that_another_key_signed_is_refused) {
  QuotedKey by_itself = quoted();
  by_itself.signature = vedette::testing::forge_signature(scene_.key, by_itself.attest);
  EXPECT_EQ(code(by_itself), "ENR-QUOTE-SIGNATURE");
  QuotedKey sha1 = quoted();
  sha1.signature =
      vedette::testing::forge_signature(scene_.ak, sha1.attest, codec::TpmAlgorithm::sha1);
  EXPECT_EQ(code(sha1), "ENR-QUOTE-SIGNATURE");
  for (std::size_t i = 0; i < quoted().attest.size(); ++i) {
    QuotedKey bent = quoted();
    bent.attest[i] ^= 1U;
    EXPECT_EQ(code(bent), "ENR-QUOTE-SIGNATURE") << i;
  }
}

// An unrestricted attestation key signs whatever its owner writes, quotes too.
TEST_F(KeyStatements, a_quote_by_an_unrestricted_attestation_key_is_refused) {
  scene_.ak_shape.attributes &= ~vedette::testing::kRestricted;
  auto context = scene_.context();
  context.allowed->keys = allowed_;
  EXPECT_EQ(code_of(verify_enrollment(scene_.outside_request(), context)), "ENR-AK-ATTRIBUTES");
}

TEST_F(KeyStatements, a_key_that_is_no_p256_key_is_refused) {
  QuotedKey other = quoted();
  other.public_key = crypto::PrivateKey::generate_ed25519().public_key().spki_der();
  EXPECT_EQ(code(other), "ENR-KEY-KIND");
  other.public_key = quoted().public_key;
  other.public_key.push_back(0);
  EXPECT_EQ(code(other), "ENR-KEY-KIND");
  other.public_key.clear();
  EXPECT_EQ(code(other), "ENR-KEY-KIND");
}

TEST_F(KeyStatements, the_binding_of_a_key_outside_is_the_one_of_the_protocol) {
  const crypto::Sha256Digest key_sha256 = crypto::sha256(as_bytes("key"));
  Bytes message = to_bytes("vedette outside key v1");
  message.push_back(0);
  append(message, scene_.channel);
  append(message, key_sha256);
  EXPECT_EQ(outside_key_binding(scene_.channel, key_sha256), crypto::sha256(message));
}

TEST_F(KeyStatements, a_key_in_the_tpm_needs_no_leave_and_no_boot) {
  allowed_ = {};
  const auto stated = verify(scene_.request().device_key);
  ASSERT_TRUE(stated.has_value()) << describe(stated.error());
  EXPECT_EQ(stated->kind, KeyKind::tpm);
  EXPECT_EQ(stated->boot, std::nullopt);
  EXPECT_EQ(stated->key, scene_.key.public_key());
}

TEST_F(KeyStatements, a_key_outside_is_stated_with_its_kind_and_the_boot_of_the_quote) {
  auto shape = scene_.key_quote();
  shape.reset_count = 7;
  shape.restart_count = 2;
  const auto stated = verify(scene_.outside_request(shape, KeyKind::memory).device_key);
  ASSERT_TRUE(stated.has_value()) << describe(stated.error());
  EXPECT_EQ(stated->kind, KeyKind::memory);
  EXPECT_EQ(stated->boot, (TpmBoot{7, 2}));
  EXPECT_EQ(stated->key, scene_.key.public_key());
  EXPECT_EQ(stated->sha256, scene_.key.public_key().spki_sha256());
}

}  // namespace
}  // namespace vedette::identity
