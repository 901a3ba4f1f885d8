#include "attestation/ima/ima_policy_import.h"

#include <gtest/gtest.h>

#include "attestation/ima/ima_samples.h"
#include "codec/base64.h"

namespace vedette::attestation {
namespace {

const std::string kHex = to_hex(sample_digest("x").octets);

// A policy with these members behind its version.
std::string policy_with(const std::string& members) {
  return R"({"meta":{"version":1})" + (members.empty() ? "" : "," + members) + "}";
}

TEST(KeylimePolicy, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(code_of(import_keylime_policy("{}")), "JSON-MEMBER");
  EXPECT_EQ(code_of(import_keylime_policy(R"({"meta":{"version":2}})")), "ATT-IMA-POLICY");
  EXPECT_EQ(code_of(import_keylime_policy(policy_with(R"("more":1)"))), "JSON-MEMBER");
  EXPECT_EQ(code_of(import_keylime_policy(policy_with(R"("ima":{"more":1})"))), "JSON-MEMBER");
  EXPECT_EQ(code_of(import_keylime_policy("")), "JSON-SYNTAX");
}

TEST(KeylimePolicy, RefusesDigestsAndListsOfAnotherKind) {
  for (const char* members :
       {R"("digests":[])", R"("digests":{"/x":"abc"})", R"("digests":{"/x":[1]})",
        R"("digests":{"/x":["00112233"]})", R"("digests":{"":["00"]})", R"("excludes":{})",
        R"("excludes":[1])", R"("keyrings":{".ima":["zz"]})", R"("verification-keys":1)"})
    EXPECT_EQ(code_of(import_keylime_policy(policy_with(members))), "ATT-IMA-POLICY") << members;
}

TEST(KeylimePolicy, TakesOverFilesBuffersAndKeyrings) {
  const auto import = import_keylime_policy(
      policy_with(R"("digests":{"/x":[")" + kHex + R"("],"boot_aggregate":[")" + kHex +
                  R"("]},"keyrings":{".ima":[")" + kHex + R"("]},"ima-buf":{"dm":["sha256:)" +
                  kHex + R"("]},"excludes":[])"));
  ASSERT_TRUE(import.has_value()) << describe(import.error());
  ASSERT_NE(import->policy.file("/x"), nullptr);
  EXPECT_EQ(import->policy.file("/x")->at(0), sample_digest("x"));
  EXPECT_EQ(import->policy.file(kBootAggregate), nullptr);
  EXPECT_NE(import->policy.buffer(".ima"), nullptr);
  EXPECT_NE(import->policy.buffer("dm"), nullptr);
  EXPECT_EQ(import->left_out, std::vector<std::string>{"a digest of boot_aggregate"});
}

TEST(KeylimePolicy, TakesOnlyExpressionsThatItCanSayAsPatterns) {
  const auto import = import_keylime_policy(policy_with(
      R"json("excludes":["/a/.*","^/b$","/c\\.d",".*\\.pyc","/e(f|g)",".*","/h/.*/i/.*","/j+","/k[0-9]"])json"));
  ASSERT_TRUE(import.has_value()) << describe(import.error());
  for (const char* path : {"/a/x", "/b", "/c.d", "/x.pyc"})
    EXPECT_TRUE(import->policy.excludes(path)) << path;
  for (const char* path : {"/ef", "/h/x/i/y", "/j", "/k1", "/cxd", "/b2", "/anything"})
    EXPECT_FALSE(import->policy.excludes(path)) << path;
  EXPECT_EQ(import->left_out.size(), 5U);
}

TEST(KeylimePolicy, ReportsOptionsThatItLeavesOut) {
  const auto import = import_keylime_policy(policy_with(
      R"("ima":{"ignored_keyrings":["*"],"log_hash_alg":"sha1","dm_policy":{"version":1}})"));
  ASSERT_TRUE(import.has_value());
  EXPECT_EQ(import->left_out, (std::vector<std::string>{"ignored_keyrings", "dm_policy"}));
}

TEST(KeylimePolicy, TakesOverKeysThatAreLoadedHere) {
  const auto key = crypto::PrivateKey::generate_p256().public_key();
  const auto import = import_keylime_policy(
      policy_with(R"("verification-keys":"{\"meta\":{\"version\":1},\"pubkeys\":[\")" +
                  codec::to_base64(key.spki_der()) + R"(\",\"AAAA\"],\"keyids\":[1,2]}")"));
  ASSERT_TRUE(import.has_value()) << describe(import.error());
  EXPECT_NE(import->policy.key(ima_key(key).id), nullptr);
  EXPECT_EQ(import->left_out.size(), 1U);
}

TEST(DigestList, RefusesALineThatIsNotDigestAndPath) {
  for (const std::string& line : {kHex, kHex + " ", kHex + "  ", kHex + " /x", std::string("  /x"),
                                  "\\" + kHex + "  /a\\nb", std::string(32, 'a') + "  /x"}) {
    std::string list = kHex;
    list.append("  /good\n").append(line).append("\n");
    const auto policy = import_digest_list(list);
    EXPECT_EQ(code_of(policy), "ATT-IMA-POLICY") << line;
    if (!policy) {
      EXPECT_EQ(policy.error().cause.substr(0, 7), "line 2:");
    }
  }
}

TEST(DigestList, TakesOverWhatSha256sumPrints) {
  const auto policy = import_digest_list(kHex + "  /bin/x\n\n" + kHex + " */bin/y z");
  ASSERT_TRUE(policy.has_value()) << describe(policy.error());
  EXPECT_EQ(policy->paths(), 2U);
  EXPECT_NE(policy->file("/bin/y_z"), nullptr);
}

}  // namespace
}  // namespace vedette::attestation
