#include "release/delta/release_delta.h"

#include <array>

#include <gtest/gtest.h>

namespace vedette::release {
namespace {

FileIdentity file_of(std::string_view text, std::uint64_t size) {
  return {.sha256 = crypto::sha256(as_bytes(text)), .size = size};
}

class ReleaseDeltas : public ::testing::Test {
 protected:
  [[nodiscard]] std::string sign(std::string_view base, std::uint64_t octets,
                                 const FileIdentity& target) const {
    return sign_delta_statement({.model = "m.onnx",
                                 .base = file_of(base, 900),
                                 .target = target,
                                 .delta = file_of(std::string(base) + " to it", octets)},
                                key_)
        .value();
  }
  [[nodiscard]] Result<VerifiedDelta> verify(const std::string& envelope,
                                             const crypto::PrivateKey& trusted) const {
    const std::array publishers{trusted.public_key()};
    return verify_release_delta(envelope, publishers, target_);
  }

  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
  FileIdentity target_ = file_of("target", 1000);
};

TEST_F(ReleaseDeltas, RefuseAStrangersAnotherTargetsAndOneThatSavesNothing) {
  const auto code = [&](const std::string& envelope, const crypto::PrivateKey& trusted) {
    const auto verified = verify(envelope, trusted);
    return verified ? "" : verified.error().code;
  };
  EXPECT_NE(code(sign("base", 10, target_), crypto::PrivateKey::generate_p256()), "");
  EXPECT_EQ(code(sign("base", 10, file_of("another", 1000)), key_), "DELTA-OTHER");
  EXPECT_EQ(code(sign("base", 10, file_of("target", 1001)), key_), "DELTA-OTHER");
  EXPECT_EQ(code(sign("base", 1000, target_), key_), "DELTA-OTHER");
  EXPECT_EQ(code(sign("base", 999, target_), key_), "");
}

TEST_F(ReleaseDeltas, TheSmallestIsTakenThatStartsFromWhatIsThere) {
  std::vector<VerifiedDelta> deltas;
  for (const auto& [base, octets] : {std::pair("a", 30U), {"b", 20U}, {"c", 10U}})
    deltas.push_back(verify(sign(base, octets, target_), key_).value());
  const auto choice = [&](const std::vector<std::string>& having) -> std::uint64_t {
    std::vector<crypto::Sha256Digest> digests;
    digests.reserve(having.size());
    for (const std::string& base : having)
      digests.push_back(file_of(base, 900).sha256);
    const VerifiedDelta* best = smallest_from(deltas, digests);
    return best == nullptr ? 0 : (*best)->delta.size;
  };
  EXPECT_EQ(choice({}), 0U);
  EXPECT_EQ(choice({"target", "x"}), 0U);
  EXPECT_EQ(choice({"a"}), 30U);
  EXPECT_EQ(choice({"a", "b"}), 20U);
  EXPECT_EQ(choice({"b", "a"}), 20U);
}

}  // namespace
}  // namespace vedette::release
