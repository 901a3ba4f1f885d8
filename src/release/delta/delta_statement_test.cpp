#include "release/delta/delta_statement.h"

#include <gtest/gtest.h>

#include "codec/json.h"
#include "release/dsse.h"
#include "release/in_toto.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::PrivateKey;

FileIdentity file(std::uint8_t fill, std::uint64_t size) {
  FileIdentity identity{.sha256 = {}, .size = size};
  identity.sha256.fill(fill);
  return identity;
}

class DeltaStatementTest : public ::testing::Test {
 protected:
  [[nodiscard]] Json payload() const {
    const auto envelope = codec::parse_json(*sign_delta_statement(terms, key));
    return *codec::parse_json(
        as_text(verify_dsse(*envelope, kInTotoPayloadType, publishers)->payload));
  }
  // The verdict on a statement that the publisher really signed.
  [[nodiscard]] std::string code(const Json& statement) const {
    const auto envelope = sign_dsse(kInTotoPayloadType, as_bytes(codec::to_json(statement)), key);
    const auto verified = verify_delta_statement(codec::to_json(*envelope), publishers);
    return verified ? "verified" : verified.error().code;
  }
  [[nodiscard]] std::string with_file(const std::string& which, const std::string& member,
                                      Json value) const {
    Json statement = payload();
    Json predicate = *statement.find("predicate");
    Json changed = *predicate.find(which);
    changed.set(member, std::move(value));
    predicate.set(which, std::move(changed));
    statement.set("predicate", std::move(predicate));
    return code(statement);
  }

  PrivateKey key = PrivateKey::generate_p256();
  std::vector<crypto::PublicKey> publishers{key.public_key()};
  DeltaStatement terms{
      .model = "vad.onnx", .base = file(1, 1000), .target = file(2, 1100), .delta = file(3, 20)};
};

TEST_F(DeltaStatementTest, RefusesAStrangersStatement) {
  const auto text = sign_delta_statement(terms, PrivateKey::generate_p256());
  EXPECT_EQ(verify_delta_statement(*text, publishers).error().code, "DSSE-UNTRUSTED");
}

TEST_F(DeltaStatementTest, RefusesASubjectThatIsNotItsTarget) {
  ASSERT_EQ(code(payload()), "verified");
  EXPECT_EQ(with_file("target", "sha256", to_hex(file(9, 1).sha256)), "DELTA-STATEMENT");
}

TEST_F(DeltaStatementTest, RefusesImproperMembers) {
  for (const char* which : {"base", "target", "delta"}) {
    EXPECT_EQ(with_file(which, "size", 0), "DELTA-STATEMENT");
    EXPECT_EQ(with_file(which, "size", -1), "DELTA-STATEMENT");
    EXPECT_EQ(with_file(which, "size", std::uint64_t{1} << 53U), "DELTA-STATEMENT");
    EXPECT_EQ(with_file(which, "sha256", std::string(64, 'A')), "DELTA-STATEMENT");
    EXPECT_EQ(with_file(which, "path", "elsewhere"), "DELTA-STATEMENT");
  }
  Json another = payload();
  another.set("predicateType", "https://vedette.dev/release/v1");
  EXPECT_EQ(code(another), "DELTA-STATEMENT");
  terms.delta.size = 0;
  EXPECT_EQ(sign_delta_statement(terms, key).error().code, "DELTA-STATEMENT");
}

TEST_F(DeltaStatementTest, RefusesAnotherDelta) {
  const Bytes delta(20, 7);
  terms.delta = {.sha256 = crypto::sha256(delta), .size = delta.size()};
  const auto verified = verify_delta_statement(*sign_delta_statement(terms, key), publishers);
  ASSERT_TRUE(verified) << describe(verified.error());
  EXPECT_EQ(check_delta(*verified, MemorySource(Bytes(20, 8))).error().code, "DELTA-DIGEST");
  EXPECT_EQ(check_delta(*verified, MemorySource(Bytes(21, 7))).error().code, "DELTA-DIGEST");
  EXPECT_TRUE(check_delta(*verified, MemorySource(delta)));
}

TEST_F(DeltaStatementTest, CarriesWhatItsPublisherSigned) {
  const auto verified = verify_delta_statement(*sign_delta_statement(terms, key), publishers);
  ASSERT_TRUE(verified);
  EXPECT_EQ((*verified)->model, terms.model);
  EXPECT_EQ((*verified)->base, terms.base);
  EXPECT_EQ((*verified)->target, terms.target);
  EXPECT_EQ((*verified)->delta, terms.delta);
}

}  // namespace
}  // namespace vedette::release
