#include "attestation/ima/ima_appraisal.h"

#include <gtest/gtest.h>

#include "attestation/ima/ima_signing.h"

namespace vedette::attestation {
namespace {

class ImaAppraisalTest : public ::testing::Test {
 protected:
  // The entry comes second, behind boot_aggregate. `accepted` or the finding's kind.
  [[nodiscard]] std::string judged(const ImaEntry& entry) const {
    const auto appraisal = appraise_ima(believed({boot_entry(), entry}), policy_);
    if (appraisal.affirming()) return "accepted";
    EXPECT_EQ(appraisal.total, 1U);
    EXPECT_EQ(appraisal.findings.at(0).entry, 1U);
    EXPECT_EQ(appraisal.findings.at(0).path, entry.path);
    return std::string(to_string(appraisal.findings.at(0).kind));
  }

  void allow(std::string_view path, const FileDigest& digest) {
    ASSERT_TRUE(policy_.allow_file(path, digest).has_value());
  }

  ImaPolicy policy_;
};

TEST_F(ImaAppraisalTest, FindsEveryFileUnderAnEmptyPolicy) {
  EXPECT_EQ(judged(file_entry("/bin/x", sample_digest("x"))), "unknown-file");
  const auto appraisal = appraise_ima(believed(sample_entries(4)), policy_);
  EXPECT_EQ(appraisal.total, 3U);  // all but boot_aggregate
  EXPECT_FALSE(appraisal.affirming());
}

TEST_F(ImaAppraisalTest, FindsAnotherDigestAndSaysWhichWereExpected) {
  allow("/bin/x", sample_digest("x"));
  allow("/bin/x", sample_digest("x2"));
  EXPECT_EQ(judged(file_entry("/bin/x", sample_digest("x2"))), "accepted");
  const auto appraisal =
      appraise_ima(believed({boot_entry(), file_entry("/bin/x", sample_digest("y"))}), policy_);
  ASSERT_EQ(appraisal.findings.size(), 1U);
  EXPECT_EQ(appraisal.findings[0].kind, ImaFindingKind::other_digest);
  EXPECT_EQ(appraisal.findings[0].actual, sample_digest("y"));
  EXPECT_EQ(appraisal.findings[0].expected, (std::vector{sample_digest("x"), sample_digest("x2")}));
}

TEST_F(ImaAppraisalTest, FindsADigestOfAnotherPath) {
  allow("/bin/x", sample_digest("x"));
  EXPECT_EQ(judged(file_entry("/bin/y", sample_digest("x"))), "unknown-file");
}

TEST_F(ImaAppraisalTest, FindsAViolationOfToMToUOrOpenWriters) {
  EXPECT_EQ(judged(violation_entry("/bin/x")), "violation");
  // Its path is not bound to the register: neither an exclude nor a digest speaks for it.
  ASSERT_TRUE(policy_.exclude("/bin/*").has_value());
  EXPECT_EQ(judged(violation_entry("/bin/x")), "violation");
  EXPECT_EQ(judged(violation_entry(kBootAggregate)), "violation");
  policy_.tolerate_violations();
  EXPECT_EQ(judged(violation_entry("/bin/x")), "accepted");
}

TEST_F(ImaAppraisalTest, FindsDigestsOfSha1UnlessThePolicyAcceptsThem) {
  const FileDigest weak = sample_digest("x", codec::TpmAlgorithm::sha1);
  allow("/bin/x", weak);
  EXPECT_EQ(judged(file_entry("/bin/x", weak)), "weak-digest");
  policy_.insecure_accept_sha1();
  EXPECT_EQ(judged(file_entry("/bin/x", weak)), "accepted");
}

TEST_F(ImaAppraisalTest, FindsASecondBootAggregateThatDiffers) {
  EXPECT_EQ(judged(boot_entry()), "accepted");
  EXPECT_EQ(judged(file_entry(kBootAggregate, sample_digest("another boot"))), "boot-aggregate");
}

TEST_F(ImaAppraisalTest, FindsBuffersThatThePolicyDoesNotKnow) {
  EXPECT_EQ(judged(buffer_entry(".ima", "key")), "unknown-buffer");
  allow(".ima", sample_digest("key"));  // a file of that name is another thing
  EXPECT_EQ(judged(buffer_entry(".ima", "key")), "unknown-buffer");
  ASSERT_TRUE(policy_.allow_buffer(".ima", sample_digest("key")).has_value());
  EXPECT_EQ(judged(buffer_entry(".ima", "key")), "accepted");
  EXPECT_EQ(judged(buffer_entry(".ima", "other key")), "other-buffer");
}

TEST_F(ImaAppraisalTest, LeavesExcludedPathsAlone) {
  ASSERT_TRUE(policy_.exclude("/var/*").has_value());
  EXPECT_EQ(judged(file_entry("/var/x", sample_digest("x"))), "accepted");
  EXPECT_EQ(judged(file_entry("/bin/x", sample_digest("x"))), "unknown-file");
}

TEST_F(ImaAppraisalTest, FindsSignaturesThatAreBadOrOfUnknownKeys) {
  const auto signer = crypto::PrivateKey::generate_p256();
  const Bytes signature = sign_file(signer, "x");
  const ImaEntry sound = signed_entry("/bin/x", sample_digest("x"), signature);
  EXPECT_EQ(judged(sound), "unknown-key");
  ASSERT_TRUE(policy_.trust(ima_key(signer.public_key())).has_value());
  EXPECT_EQ(judged(sound), "accepted");
  EXPECT_EQ(judged(signed_entry("/bin/x", sample_digest("y"), signature)), "bad-signature");
  EXPECT_EQ(judged(signed_entry("/bin/x", sample_digest("x"), {})), "unknown-file");
  Bytes longer = signature;
  longer.push_back(0);
  EXPECT_EQ(judged(signed_entry("/bin/x", sample_digest("x"), longer)), "bad-signature");
}

TEST_F(ImaAppraisalTest, FindsABadSignatureEvenWhereTheDigestIsListed) {
  const auto signer = crypto::PrivateKey::generate_p256();
  allow("/bin/x", sample_digest("x"));
  // Of an unknown key: as without a signature.
  EXPECT_EQ(judged(signed_entry("/bin/x", sample_digest("x"), sign_file(signer, "y"))), "accepted");
  EXPECT_EQ(judged(signed_entry("/bin/x", sample_digest("z"), sign_file(signer, "z"))),
            "other-digest");
  ASSERT_TRUE(policy_.trust(ima_key(signer.public_key())).has_value());
  EXPECT_EQ(judged(signed_entry("/bin/x", sample_digest("x"), sign_file(signer, "y"))),
            "bad-signature");
  EXPECT_EQ(judged(signed_entry("/bin/x", sample_digest("x"), Bytes{3})), "bad-signature");
}

TEST_F(ImaAppraisalTest, CountsAllFindingsAndKeepsTheFirst) {
  const auto appraisal = appraise_ima(believed(sample_entries(kMaxImaFindings + 10)), policy_);
  EXPECT_EQ(appraisal.findings.size(), kMaxImaFindings);
  EXPECT_EQ(appraisal.total, kMaxImaFindings + 9);
  EXPECT_EQ(appraisal.findings.front().path, "/bin/1");
}

TEST_F(ImaAppraisalTest, NumbersEntriesFromTheBoot) {
  const auto entries = sample_entries(6);
  const auto first = believed(part_of(entries, 0, 4).entries);
  const auto second =
      advance(first->replay, part_of(entries, 4, 6), register_after(entries, 6), {}).value();
  EXPECT_EQ(appraise_ima(second, policy_).findings.at(1).entry, 5U);
}

ImaFinding finding(const char* path, ImaFindingKind kind, std::vector<FileDigest> expected = {}) {
  return {.entry = 1,
          .path = path,
          .kind = kind,
          .actual = sample_digest("x"),
          .expected = std::move(expected)};
}

TEST(ImaFinding, IsSaidInWords) {
  const std::string x = to_string(sample_digest("x"));
  const FileDigest y = sample_digest("y");
  EXPECT_EQ(in_words(finding("/usr/bin/x", ImaFindingKind::unknown_file)),
            "IMA: /usr/bin/x is new, digest " + x);
  EXPECT_EQ(in_words(finding("/usr/bin/x", ImaFindingKind::other_digest, {y})),
            "IMA: /usr/bin/x is another, digest " + x + " instead of " + to_string(y));
  EXPECT_EQ(in_words(finding("a\nb", ImaFindingKind::violation)),
            "IMA: a\\x0ab was written to while it was read, so its digest is unknown");
}

}  // namespace
}  // namespace vedette::attestation
