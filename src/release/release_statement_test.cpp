#include "release/release_statement.h"

#include <gtest/gtest.h>

#include "codec/json.h"
#include "release/dsse.h"
#include "release/oms_bundle.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::PrivateKey;
using crypto::PublicKey;

crypto::Sha256Digest filled(std::uint8_t value) {
  crypto::Sha256Digest digest{};
  digest.fill(value);
  return digest;
}

class ReleaseStatementTest : public ::testing::Test {
 protected:
  [[nodiscard]] ReleaseStatement terms() const {
    return {.model = *ModelName::parse("silero-vad"),
            .number = 7,
            .tier = Tier::high,
            .model_root = manifest_.root,
            .file_name = "vad.onnx",
            .file_sha256 = filled(1),
            .file_size = 1000,
            .issued_at = from_unix_seconds(1'795'438'387)};
  }

  [[nodiscard]] Result<VerifiedRelease> verify(const ReleaseStatement& statement) const {
    return verify_release(bundle_, *sign_release_statement(statement, key_), publishers_);
  }

  [[nodiscard]] std::string code(const ReleaseStatement& statement) const {
    const auto verified = verify(statement);
    return verified ? "verified" : verified.error().code;
  }

  [[nodiscard]] Json payload() const {
    const auto envelope = codec::parse_json(*sign_release_statement(terms(), key_));
    return *codec::parse_json(
        as_text(verify_dsse(*envelope, kInTotoPayloadType, publishers_)->payload));
  }

  // The verdict on a statement that the publisher really signed.
  [[nodiscard]] std::string signed_code(const Json& statement) const {
    const auto envelope = sign_dsse(kInTotoPayloadType, as_bytes(codec::to_json(statement)), key_);
    const auto verified = verify_release(bundle_, codec::to_json(*envelope), publishers_);
    return verified ? "verified" : verified.error().code;
  }

  [[nodiscard]] std::string with(const std::string& member, Json value) const {
    Json changed = payload();
    changed.set(member, std::move(value));
    return signed_code(changed);
  }

  [[nodiscard]] std::string with_predicate(const std::string& member, Json value) const {
    Json predicate = *payload().find("predicate");
    predicate.set(member, std::move(value));
    return with("predicate", predicate);
  }

  PrivateKey key_ = PrivateKey::generate_p256();
  std::vector<PublicKey> publishers_{key_.public_key()};
  Manifest manifest_ = *build_manifest("folder", {{.name = "vad.onnx", .sha256 = filled(1)},
                                                  {.name = "README.md", .sha256 = filled(2)}});
  std::string bundle_ = *sign_model(manifest_, key_);
};

// What may run once this release is blocked is this release's publisher to say, and no newer one.
TEST_F(ReleaseStatementTest, RefusesAFloorThatIsNoneOrAboveTheRelease) {
  for (const std::uint64_t floor : {std::uint64_t{0}, std::uint64_t{8}}) {
    ReleaseStatement statement = terms();
    statement.never_below = floor;
    EXPECT_EQ(sign_release_statement(statement, key_).error().code, "REL-STATEMENT") << floor;
    EXPECT_EQ(with_predicate("never_below", floor), "REL-STATEMENT") << floor;
  }
  EXPECT_EQ(with_predicate("never_below", "6"), "REL-STATEMENT");
  EXPECT_FALSE((*verify(terms()))->never_below.has_value());
  ReleaseStatement statement = terms();
  statement.never_below = 7;
  EXPECT_EQ((*verify(statement))->never_below, 7U);
}

TEST_F(ReleaseStatementTest, RefusesAStatementByAStranger) {
  const auto statement = sign_release_statement(terms(), PrivateKey::generate_p256());
  EXPECT_EQ(verify_release(bundle_, *statement, publishers_).error().code, "DSSE-UNTRUSTED");
}

TEST_F(ReleaseStatementTest, RefusesABundleByAStranger) {
  const auto theirs = sign_model(manifest_, PrivateKey::generate_p256());
  const auto statement = sign_release_statement(terms(), key_);
  EXPECT_EQ(verify_release(*theirs, *statement, publishers_).error().code, "OMS-UNTRUSTED");
}

TEST_F(ReleaseStatementTest, RefusesABundleInTheStatementsPlaceAndTheReverse) {
  const auto statement = *sign_release_statement(terms(), key_);
  EXPECT_FALSE(verify_release(statement, bundle_, publishers_));
  EXPECT_FALSE(verify_release(bundle_, bundle_, publishers_));
  const Json envelope = *codec::parse_json(bundle_)->find("dsseEnvelope");
  EXPECT_EQ(verify_release(bundle_, codec::to_json(envelope), publishers_).error().code,
            "REL-STATEMENT")
      << "a model signature is no release, though the publisher made it";
}

TEST_F(ReleaseStatementTest, RefusesAStatementAboutAnotherModel) {
  ReleaseStatement other = terms();
  other.model_root = filled(9);
  EXPECT_EQ(code(other), "REL-ROOT");
}

TEST_F(ReleaseStatementTest, RefusesAFileThatTheBundleDoesNotList) {
  ReleaseStatement other = terms();
  other.file_name = "other.onnx";
  EXPECT_EQ(code(other), "REL-FILE");
  other = terms();
  other.file_sha256 = filled(2);
  EXPECT_EQ(code(other), "REL-FILE");
}

TEST_F(ReleaseStatementTest, RefusesModelsWithoutExactlyOneOnnxFile) {
  ReleaseStatement readme = terms();
  readme.file_name = "README.md";
  readme.file_sha256 = filled(2);
  EXPECT_EQ(code(readme), "REL-ONNX");
  for (const char* second : {"b.onnx", "B.ONNX", "sub/c.Onnx"}) {
    manifest_ = *build_manifest("folder", {{.name = "vad.onnx", .sha256 = filled(1)},
                                           {.name = second, .sha256 = filled(2)}});
    bundle_ = *sign_model(manifest_, key_);
    EXPECT_EQ(code(terms()), "REL-ONNX") << second;
  }
}

TEST_F(ReleaseStatementTest, RefusesToSignWhatIsOutOfRange) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1} << 53U}) {
    ReleaseStatement bad = terms();
    bad.number = number;
    EXPECT_EQ(sign_release_statement(bad, key_).error().code, "REL-STATEMENT") << number;
  }
  ReleaseStatement bad = terms();
  bad.file_size = 0;
  EXPECT_FALSE(sign_release_statement(bad, key_));
  bad = terms();
  bad.file_name = "../vad.onnx";
  EXPECT_FALSE(sign_release_statement(bad, key_));
}

TEST_F(ReleaseStatementTest, RefusesMembersOutOfRange) {
  EXPECT_EQ(with_predicate("release", 0), "REL-STATEMENT");
  EXPECT_EQ(with_predicate("release", -1), "REL-STATEMENT");
  EXPECT_EQ(with_predicate("release", 1.5), "REL-STATEMENT");
  EXPECT_EQ(with_predicate("release", std::int64_t{1} << 53U), "REL-STATEMENT");
  EXPECT_EQ(with_predicate("tier", "HIGH"), "REL-STATEMENT");
  EXPECT_EQ(with_predicate("model", "other"), "REL-STATEMENT") << "subject and predicate disagree";
  EXPECT_EQ(with_predicate("issued_at", "now"), "REL-STATEMENT");
  EXPECT_EQ(with_predicate("extra", 1), "REL-STATEMENT");
  EXPECT_EQ(with_predicate("file", Json::Object{{"name", "vad.onnx"}}), "REL-STATEMENT");
}

TEST_F(ReleaseStatementTest, RefusesAnyOtherStatementType) {
  EXPECT_EQ(with("_type", "https://in-toto.io/Statement/v0.1"), "REL-STATEMENT");
  EXPECT_EQ(with("predicateType", "https://slsa.dev/provenance/v1"), "REL-STATEMENT");
  EXPECT_EQ(with("subject", Json::Array{}), "REL-STATEMENT");
  EXPECT_EQ(with("more", Json::Array{}), "REL-STATEMENT");
}

TEST_F(ReleaseStatementTest, RefusesAnOlderRelease) {
  const auto release = verify(terms());
  ASSERT_TRUE(release);
  const auto checked = check_not_older(*release, 8);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, "REL-ROLLBACK");
  EXPECT_TRUE(check_not_older(*release, 7));
  EXPECT_TRUE(check_not_older(*release, 0));
}

TEST_F(ReleaseStatementTest, CarriesEverythingThatWasSigned) {
  const auto release = verify(terms());
  ASSERT_TRUE(release) << describe(release.error());
  EXPECT_EQ((*release)->model.str(), "silero-vad");
  EXPECT_EQ((*release)->number, 7U);
  EXPECT_EQ((*release)->tier, Tier::high);
  EXPECT_EQ((*release)->model_root, manifest_.root);
  EXPECT_EQ((*release)->file_name, "vad.onnx");
  EXPECT_EQ((*release)->file_sha256, filled(1));
  EXPECT_EQ((*release)->file_size, 1000U);
  EXPECT_EQ((*release)->issued_at, terms().issued_at);
  EXPECT_EQ((*release)->publisher_sha256, key_.public_key().spki_sha256());
}

TEST_F(ReleaseStatementTest, AcceptsASingleFileModel) {
  manifest_ = *build_manifest("vad.onnx", {{.name = ".", .sha256 = filled(1)}});
  bundle_ = *sign_model(manifest_, key_);
  EXPECT_EQ(code(terms()), "verified");
}

TEST_F(ReleaseStatementTest, AcceptsBundleAndStatementByTwoOfThePublishers) {
  const auto second = PrivateKey::generate_p256();
  publishers_.push_back(second.public_key());
  bundle_ = *sign_model(manifest_, second);
  EXPECT_EQ(code(terms()), "verified");
}

TEST(TierName, RefusesUnknownTiers) {
  for (const char* bad : {"", "High", "low ", "medium\n"})
    EXPECT_EQ(parse_tier(bad).error().code, "REL-TIER") << bad;
}

TEST(TierName, ReadsWhatItWrites) {
  for (const Tier tier : {Tier::low, Tier::medium, Tier::high})
    EXPECT_EQ(parse_tier(to_string(tier)), tier);
}

}  // namespace
}  // namespace vedette::release
