#include "attestation/ima/ima_policy.h"

#include <gtest/gtest.h>

#include "attestation/ima/ima_samples.h"

namespace vedette::attestation {
namespace {

constexpr auto kRefusal = "ATT-IMA-POLICY";

TEST(ImaPolicy, RefusesPathsAndDigestsThatCannotBe) {
  ImaPolicy policy;
  EXPECT_EQ(code_of(policy.allow_file("", sample_digest("x"))), kRefusal);
  EXPECT_EQ(code_of(policy.allow_file(std::string(4097, 'a'), sample_digest("x"))), kRefusal);
  EXPECT_EQ(code_of(policy.allow_file(std::string_view("a\0b", 3), sample_digest("x"))), kRefusal);
  EXPECT_EQ(code_of(policy.allow_file("/x", {.octets = Bytes(31)})), kRefusal);
  EXPECT_EQ(policy.paths(), 0U);
}

TEST(ImaPolicy, RefusesMoreThanItsBounds) {
  ImaPolicy policy;
  for (std::size_t i = 0; i < kMaxDigestsPerPath; ++i)
    ASSERT_EQ(code_of(policy.allow_file("/x", sample_digest(std::to_string(i)))), "accepted");
  EXPECT_EQ(code_of(policy.allow_file("/x", sample_digest("more"))), kRefusal);
  for (std::size_t i = 0; i < kMaxExcludes; ++i)
    ASSERT_EQ(code_of(policy.exclude("/x/" + std::to_string(i) + (i % 2 == 0 ? "*" : ""))),
              "accepted");
  EXPECT_EQ(code_of(policy.exclude("/more")), kRefusal);
}

TEST(ImaPolicy, RefusesPatternsOfTwoStars) {
  ImaPolicy policy;
  EXPECT_EQ(code_of(policy.exclude("/a/*/b/*")), kRefusal);
  EXPECT_EQ(code_of(policy.exclude("")), kRefusal);
}

TEST(ImaPolicy, RefusesTwoKeysOfOneIdentifier) {
  ImaPolicy policy;
  const ImaKey key = ima_key(crypto::PrivateKey::generate_p256().public_key());
  EXPECT_EQ(code_of(policy.trust(key)), "accepted");
  EXPECT_EQ(code_of(policy.trust(key)), "accepted");
  EXPECT_EQ(code_of(policy.trust(
                {.key = crypto::PrivateKey::generate_p256().public_key(), .id = key.id})),
            kRefusal);
  EXPECT_EQ(policy.key(key.id + 1), nullptr);
}

TEST(ImaPolicy, ExcludesWhatItsPatternsSayAndNoMore) {
  ImaPolicy policy;
  for (const char* pattern : {"/etc/hosts", "/var/log/*", "*.pyc", "/opt/a*b"})
    ASSERT_EQ(code_of(policy.exclude(pattern)), "accepted");
  for (const char* path :
       {"/etc/hosts", "/var/log/", "/var/log/a/b", "/x.pyc", "/opt/ab", "/opt/a/b"})
    EXPECT_TRUE(policy.excludes(path)) << path;
  for (const char* path :
       {"/etc/hosts2", "/etc/host", "/var/log", "/x.py", "/opt/a", "/opt/b", "x/var/log/a"})
    EXPECT_FALSE(policy.excludes(path)) << path;
  // The star stands for octets of its own: prefix and suffix do not overlap.
  ImaPolicy overlap;
  ASSERT_EQ(code_of(overlap.exclude("/aa*aa")), "accepted");
  EXPECT_FALSE(overlap.excludes("/aaa"));
}

TEST(ImaPolicy, KnowsPathsAsTheKernelListsThem) {
  ImaPolicy policy;
  ASSERT_EQ(code_of(policy.allow_file("/opt/my app", sample_digest("x"))), "accepted");
  EXPECT_NE(policy.file("/opt/my_app"), nullptr);
  EXPECT_EQ(policy.buffer("/opt/my_app"), nullptr);
}

}  // namespace
}  // namespace vedette::attestation
