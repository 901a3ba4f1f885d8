#include "release/release_approval.h"

#include <array>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "release/in_toto.h"
#include "release/oms_bundle.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::PrivateKey;

class ReleaseApproval : public ::testing::Test {
 protected:
  [[nodiscard]] static Manifest manifest() {
    return build_manifest("folder", {{.name = "m.onnx", .sha256 = kFile}}).value();
  }
  [[nodiscard]] static ReleaseStatement statement(std::uint64_t number, Tier tier = Tier::high) {
    return {.model = *ModelName::parse("voice"),
            .number = number,
            .tier = tier,
            .model_root = manifest().root,
            .file_name = "m.onnx",
            .file_sha256 = kFile,
            .file_size = 7,
            .issued_at = from_unix_seconds(1'795'438'387)};
  }
  [[nodiscard]] VerifiedRelease release(std::uint64_t number, Tier tier = Tier::high) const {
    return verify_release(*sign_model(manifest(), first_),
                          *sign_release_statement(statement(number, tier), first_), trusted_)
        .value();
  }
  [[nodiscard]] std::string verify(const std::string& envelope) const {
    const auto verified = verify_release_approval(envelope, release(3), trusted_);
    return verified ? "" : verified.error().code;
  }
  // By the second publisher, about release 3, as a strange implementation may sign it.
  [[nodiscard]] std::string of(Json predicate, const crypto::Sha256Digest& root,
                               const std::string& model = "voice",
                               std::string_view type = kApprovalPredicateType) const {
    const InTotoKind kind{.predicate_type = type, .code = "X", .noun = "x", .limits = {}};
    return sign_in_toto({.model = model, .model_root = root, .predicate = std::move(predicate)},
                        kind, second_)
        .value()
        .envelope;
  }

  static inline const crypto::Sha256Digest kFile = crypto::sha256(as_bytes("weights"));
  PrivateKey first_ = PrivateKey::generate_p256();
  PrivateKey second_ = PrivateKey::generate_p256();
  std::vector<crypto::PublicKey> trusted_{first_.public_key(), second_.public_key()};
};

TEST_F(ReleaseApproval, IsNotGivenByTheKeyThatSignedTheRelease) {
  EXPECT_EQ(sign_release_approval(release(3), first_).error().code, "REL-APPROVAL");
  const auto honest = sign_release_approval(release(3), second_).value();
  trusted_ = {second_.public_key(), first_.public_key()};
  EXPECT_EQ(verify(honest), "");
  std::swap(first_, second_);  // the second one's release, approved by itself
  EXPECT_EQ(verify(honest), "REL-APPROVAL");
}

TEST_F(ReleaseApproval, OfAStrangerIsRefused) {
  EXPECT_EQ(verify(sign_release_approval(release(3), PrivateKey::generate_p256()).value()),
            "DSSE-UNTRUSTED");
}

TEST_F(ReleaseApproval, MeansThisReleaseAndNoOther) {
  EXPECT_EQ(verify(sign_release_approval(release(2), second_).value()), "REL-APPROVAL");
  EXPECT_EQ(verify(sign_release_approval(release(3, Tier::low), second_).value()), "REL-APPROVAL")
      << "the same model and number under another statement";
  const auto right = release(3);
  const std::string digest = to_hex(right->statement_sha256);
  EXPECT_EQ(
      verify(of(Json::Object{{"release", 3}, {"statement_sha256", digest}}, right->model_root)),
      "");
  EXPECT_EQ(verify(of(Json::Object{{"release", 3}, {"statement_sha256", digest}}, right->model_root,
                      "gauge")),
            "REL-APPROVAL");
  EXPECT_EQ(verify(of(Json::Object{{"release", 3}, {"statement_sha256", digest}},
                      crypto::sha256(as_bytes("another")))),
            "REL-APPROVAL");
  for (const Json& predicate :
       {Json(Json::Object{}), Json(Json::Object{{"release", 3}}),
        Json(Json::Object{{"release", "3"}, {"statement_sha256", digest}}),
        Json(Json::Object{{"release", -3}, {"statement_sha256", digest}}),
        Json(Json::Object{{"release", 3}, {"statement_sha256", digest.substr(1)}}),
        Json(Json::Object{{"release", 3}, {"statement_sha256", digest}, {"more", 1}})})
    EXPECT_EQ(verify(of(predicate, right->model_root)), "REL-APPROVAL")
        << codec::to_json(predicate);
}

// The second publisher signed the very same release, and that says nothing of the first one's.
TEST_F(ReleaseApproval, AReleaseStatementIsNone) {
  EXPECT_EQ(verify(*sign_release_statement(statement(3), second_)), "REL-APPROVAL");
  const std::string digest = to_hex(release(3)->statement_sha256);
  const Json approving = Json::Object{{"release", 3}, {"statement_sha256", digest}};
  EXPECT_EQ(verify(of(approving, manifest().root)), "") << "but for its type it would be one";
  EXPECT_EQ(verify(of(approving, manifest().root, "voice", kReleasePredicateType)), "REL-APPROVAL");
}

TEST_F(ReleaseApproval, ByAnotherPublisherHolds) {
  const auto approver = verify_release_approval(sign_release_approval(release(3), second_).value(),
                                                release(3), trusted_);
  ASSERT_TRUE(approver.has_value()) << describe(approver.error());
  EXPECT_EQ(*approver, second_.public_key().spki_sha256());
}

}  // namespace
}  // namespace vedette::release
