#include "identity/rollover.h"

#include "identity/rollover_scene.h"

namespace vedette::identity {
namespace {

using crypto::Certificate;
using crypto::PrivateKey;

class Rollover : public RolloverScene {
 protected:
  // Of the first issuing CA's key, which root rollovers keep.
  [[nodiscard]] std::string code_of_leaf(const Certificate& issuing, const Certificate& anchor,
                                         const std::vector<Certificate>& intermediates) const {
    CertificateAuthority authority =
        CertificateAuthority::open(
            domain, {created.material.root, created.material.issuing, created.material.issuing_key},
            now)
            .value();
    const auto leaf = authority.issue_device(
        DeviceId::parse("drone").value(), PrivateKey::generate_p256().public_key(), now, kOverlap);
    std::vector<Certificate> chain{issuing};
    chain.insert(chain.end(), intermediates.begin(), intermediates.end());
    return code_of(crypto::verify_chain(leaf.value(), chain, std::span(&anchor, 1), now,
                                        crypto::Purpose::tls_client));
  }
};

TEST_F(Rollover, NeedsThePresentRootsKey) {
  const auto key = PrivateKey::generate_p256();
  EXPECT_EQ(code_of(roll_issuing(first, key.public_key(), b, now, kOverlap)), "CA-ROOT-KEY");
  EXPECT_EQ(code_of(roll_root(first, c, b, now, kOverlap)), "CA-ROOT-KEY");
  EXPECT_EQ(code_of(roll_root(first, a, a, now, kOverlap)), "CA-ROOT-KEY") << "another root";
  EXPECT_EQ(code_of(first_bundle(domain, created.material.root, created.material.issuing, b, now)),
            "CA-ROOT-KEY");
  const auto second = root_rolled(first, b, a);
  EXPECT_EQ(code_of(roll_issuing(second, key.public_key(), a, now, kOverlap)), "CA-ROOT-KEY")
      << "the former root's is none";
}

TEST_F(Rollover, ToTheSameIssuingKeyIsNone) {
  const auto key = created.material.issuing_key.public_key();
  EXPECT_EQ(code_of(roll_issuing(first, key, a, now, kOverlap)), "CA-ROLLOVER");
}

TEST_F(Rollover, OfMoreThanABundleHoldsIsRefused) {
  SignedTrustBundle present = first;
  for (int i = 0; i < 7; ++i)
    present = issuing_rolled(present, a);
  EXPECT_EQ(code_of(roll_issuing(present, b.public_key(), a, now, kOverlap)), "CA-ROLLOVER");
  EXPECT_EQ(code_of(roll_issuing(present, b.public_key(), a, now + 2 * kOverlap, kOverlap)), "")
      << "those that nobody trusts any more have gone";
}

TEST_F(Rollover, OfTheIssuingAuthorityKeepsTheFormerForAWhile) {
  const TrustBundle next = issuing_rolled(first, a).bundle();
  ASSERT_EQ(next.issuing.size(), 2U);
  EXPECT_EQ(next.version, 2U);
  EXPECT_EQ(next.issuing[1].certificate.fingerprint(), created.material.issuing.fingerprint());
  EXPECT_EQ(next.issuing[1].until, now + kOverlap);
  EXPECT_EQ(next.issuing_at(now + kOverlap - Duration(1)).size(), 2U);
  EXPECT_EQ(next.issuing_at(now + kOverlap).size(), 1U);
  EXPECT_EQ(next.expires_at, next.issuing[0].certificate.not_after());
}

TEST_F(Rollover, OfTheRootKeepsTheIssuingKeyAndLeadsEitherWay) {
  const TrustBundle next = root_rolled(first, b, a).bundle();
  ASSERT_EQ(next.roots.size(), 2U);
  const Certificate& old_root = created.material.root;
  const Certificate& issuing = next.issuing[0].certificate;
  EXPECT_EQ(code_of_leaf(issuing, old_root, {}), "CERT-UNTRUSTED");
  EXPECT_EQ(code_of_leaf(issuing, old_root, next.new_with_old), "");
  EXPECT_EQ(code_of_leaf(issuing, next.root(), {}), "");
  EXPECT_EQ(code_of_leaf(created.material.issuing, next.root(), {}), "CERT-UNTRUSTED");
  EXPECT_EQ(code_of_leaf(created.material.issuing, next.root(), next.old_with_new), "");
  EXPECT_EQ(next.roots[1].until, now + kOverlap);
}

TEST_F(Rollover, OfTheRootTwiceLeadsFromTheFirstToTheThird) {
  const TrustBundle last = root_rolled(root_rolled(first, b, a), c, b).bundle();
  ASSERT_EQ(last.new_with_old.size(), 2U);
  EXPECT_EQ(code_of_leaf(last.issuing[0].certificate, created.material.root, last.new_with_old),
            "");
  EXPECT_EQ(last.roots.size(), 3U);
}

TEST_F(Rollover, WithoutOverlapEndsTheFormerRootAtOnceWithItsIssuingAuthorities) {
  const TrustBundle next = root_rolled(issuing_rolled(first, a), b, a, Duration{0}).bundle();
  EXPECT_EQ(next.roots_at(now).size(), 1U);
  EXPECT_EQ(next.issuing_at(now).size(), 1U);
  EXPECT_EQ(next.issuing_at(now)[0].fingerprint(), next.issuing[0].certificate.fingerprint());
}

}  // namespace
}  // namespace vedette::identity
