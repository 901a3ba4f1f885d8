#include "release/tuf/key.h"

#include <gtest/gtest.h>

#include "release/tuf/forged_repository.h"

namespace vedette::release::tuf {
namespace {

using codec::Json;

Json key_with(std::string_view type, std::string_view scheme, const std::string& value) {
  return Json::Object{
      {"keytype", type}, {"scheme", scheme}, {"keyval", Json::Object{{"public", value}}}};
}

bool is_usable(const Json& json) {
  const auto key = Key::read(json);
  return key && key->identity().has_value();
}

class TufThreshold : public ::testing::Test {
 protected:
  [[nodiscard]] static Signature sign(const Signer& signer, const std::string& id = {}) {
    return {.key_id = id.empty() ? signer.id : id,
            .value = signer.key.sign(as_bytes("message")).value()};
  }
  [[nodiscard]] std::string verify(const std::vector<Signature>& signatures,
                                   std::vector<std::string> ids, std::int64_t threshold) const {
    const auto result = verify_threshold(
        "message", signatures, keys_, {.key_ids = std::move(ids), .threshold = threshold}, "role");
    return result ? "verified" : result.error().code;
  }
  [[nodiscard]] static Key key_of(const Signer& signer) {
    return Key::read(*keys_json({signer}).find(signer.id)).value();
  }

  Signer a_ = new_signer();
  Signer b_ = new_signer();
  Keys keys_{{a_.id, key_of(a_)}, {b_.id, key_of(b_)}, {"again", key_of(a_)}};
};

TEST_F(TufThreshold, RefusesOneKeyUnderTwoIdentifiers) {
  EXPECT_EQ(verify({sign(a_), sign(a_, "again")}, {a_.id, "again"}, 2), "TUF-SIGNATURES");
}

TEST_F(TufThreshold, RefusesSignaturesOfOthers) {
  EXPECT_EQ(verify({sign(a_), sign(b_)}, {a_.id}, 2), "TUF-SIGNATURES") << "b has not the role";
  EXPECT_EQ(verify({sign(new_signer(), a_.id)}, {a_.id}, 1), "TUF-SIGNATURES");
  EXPECT_EQ(verify({sign(a_, b_.id)}, {a_.id, b_.id}, 1), "TUF-SIGNATURES");
  EXPECT_EQ(verify({}, {a_.id}, 1), "TUF-SIGNATURES");
  EXPECT_EQ(verify({sign(a_)}, {}, 1), "TUF-SIGNATURES");
  EXPECT_EQ(verify({sign(a_)}, {a_.id}, INT64_MAX), "TUF-SIGNATURES");
}

TEST_F(TufThreshold, CountsDifferentKeys) {
  EXPECT_EQ(verify({sign(a_), sign(b_)}, {a_.id, b_.id}, 2), "verified");
  const Signature broken{.key_id = b_.id, .value = {}};
  EXPECT_EQ(verify({broken, sign(a_)}, {a_.id, b_.id, "unknown"}, 1), "verified")
      << "a bad signature beside enough good ones";
}

TEST(TufKey, OfAnotherKindVouchesForNothing) {
  const std::string p256 = crypto::PrivateKey::generate_p256().public_key().pem();
  EXPECT_FALSE(is_usable(key_with("rsa", "rsassa-pss-sha256", p256)));
  EXPECT_FALSE(is_usable(key_with("ecdsa", "ecdsa-sha2-nistp384", p256)));
  EXPECT_FALSE(is_usable(key_with("ed25519", "ed25519", "00")));
  EXPECT_FALSE(is_usable(key_with("ed25519", "ed25519", p256)));
  EXPECT_FALSE(is_usable(key_with("sphincs", "shake", "x")));
  EXPECT_FALSE(is_usable(key_with("ecdsa", "ecdsa-sha2-nistp256", "-----BEGIN")));
  EXPECT_TRUE(is_usable(key_with("ecdsa", "ecdsa-sha2-nistp256", p256)));
  EXPECT_TRUE(is_usable(key_with("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", p256)));
}

TEST(TufKey, RefusesWhatIsNone) {
  for (const Json& bad : {Json(1), Json(Json::Object{}), Json(Json::Object{{"keytype", "x"}})})
    EXPECT_EQ(Key::read(bad).error().code, "TUF-SYNTAX");
}

TEST(TufKey, VerifiesEcdsa) {
  const auto key = crypto::PrivateKey::generate_p256();
  const auto read =
      Key::read(key_with("ecdsa", "ecdsa-sha2-nistp256", key.public_key().pem())).value();
  const Bytes signature = key.sign(as_bytes("message")).value();
  EXPECT_TRUE(read.verifies(as_bytes("message"), signature));
  EXPECT_FALSE(read.verifies(as_bytes("massage"), signature));
  EXPECT_FALSE(read.verifies(as_bytes("message"), {}));
}

TEST(TufKey, IsRotatedWhenOneIsTakenAway) {
  const Signer a = new_signer();
  const Signer b = new_signer();
  const auto keys = [](const Signer& signer) {
    return Key::read(*keys_json({signer}).find(signer.id)).value();
  };
  const Keys both{{a.id, keys(a)}, {b.id, keys(b)}};
  const RoleKeys of_a{.key_ids = {a.id}, .threshold = 1};
  const RoleKeys of_both{.key_ids = {a.id, b.id}, .threshold = 1};
  EXPECT_TRUE(is_rotated(both, of_both, both, of_a));
  EXPECT_TRUE(is_rotated(both, of_a, {{a.id, keys(b)}}, of_a)) << "another key of that name";
  EXPECT_FALSE(is_rotated(both, of_a, both, of_both)) << "one was added";
  EXPECT_FALSE(is_rotated(both, of_both, both, of_both));
}

}  // namespace
}  // namespace vedette::release::tuf
