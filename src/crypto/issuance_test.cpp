#include "crypto/issuance.h"

#include "crypto/authority_sample.h"

namespace vedette::crypto {
namespace {

// Two roots of one name, as a rollover leaves them: `old_` signed the issuing CA of its sample.
class CrossCertificate : public ::testing::Test {
 protected:
  [[nodiscard]] Certificate cross(const AuthoritySample& subject,
                                  const AuthoritySample& issuer) const {
    return issue_cross_certificate(subject.root, issuer.root, issuer.root_key, kStart).value();
  }
  [[nodiscard]] static std::string code(const AuthoritySample& leafs,
                                        const std::vector<Certificate>& intermediates,
                                        const Certificate& anchor) {
    const auto key = PrivateKey::generate_p256();
    const auto leaf = leafs.issue(AuthoritySample::client_profile(), key.public_key()).value();
    return code_of(
        verify_chain(leaf, intermediates, std::array{anchor}, kStart + kDay, Purpose::tls_client));
  }

  AuthoritySample old_;
  AuthoritySample new_;
  AuthoritySample newest_;
};

TEST_F(CrossCertificate, IsNotMadeByAnothersKeyOrForALeaf) {
  EXPECT_EQ(code_of(issue_cross_certificate(new_.root, old_.root, new_.root_key, kStart)),
            "CERT-PROFILE");
  const auto leaf =
      old_.issue(AuthoritySample::client_profile(), new_.root_key.public_key()).value();
  EXPECT_EQ(code_of(issue_cross_certificate(leaf, old_.root, old_.root_key, kStart)),
            "CERT-PROFILE");
  EXPECT_EQ(code_of(issue_cross_certificate(new_.root, leaf, new_.root_key, kStart)),
            "CERT-PROFILE");
  EXPECT_EQ(code_of(issue_cross_certificate(new_.root, old_.root, old_.root_key,
                                            old_.root.not_after() + kDay)),
            "CERT-PROFILE");
}

TEST_F(CrossCertificate, WithoutItTheOtherRootIsNotTrusted) {
  EXPECT_EQ(code(new_, {new_.issuing}, old_.root), "CERT-UNTRUSTED");
  EXPECT_EQ(code(old_, {old_.issuing}, new_.root), "CERT-UNTRUSTED");
  // The other direction's does not help either.
  EXPECT_EQ(code(new_, {new_.issuing, cross(old_, new_)}, old_.root), "CERT-UNTRUSTED");
}

TEST_F(CrossCertificate, LeadsFromEitherRootToTheOther) {
  EXPECT_EQ(code(new_, {new_.issuing, cross(new_, old_)}, old_.root), "");
  EXPECT_EQ(code(old_, {old_.issuing, cross(old_, new_)}, new_.root), "");
}

TEST_F(CrossCertificate, LeadsOverTwoRollovers) {
  const std::vector<Certificate> chain{newest_.issuing, cross(newest_, new_), cross(new_, old_)};
  EXPECT_EQ(code(newest_, chain, old_.root), "");
  EXPECT_EQ(code(newest_, {chain[0], chain[1]}, old_.root), "CERT-UNTRUSTED") << "one is missing";
}

TEST_F(CrossCertificate, EndsWithTheFirstOfTheTwo) {
  auto longer = AuthoritySample::profile(CertificateKind::root_ca, "Test root");
  longer.not_after = kStart + 300 * kDay;
  const auto root =
      issue_certificate(longer, new_.root_key.public_key(), std::nullopt, new_.root_key).value();
  const auto made = issue_cross_certificate(root, old_.root, old_.root_key, kStart);
  EXPECT_EQ(made.value().not_after(), old_.root.not_after());
}

TEST_F(CrossCertificate, IsKnownByWhoSignedIt) {
  const auto leaf =
      old_.issue(AuthoritySample::client_profile(), new_.root_key.public_key()).value();
  EXPECT_FALSE(is_issued_by(leaf, new_.issuing));
  EXPECT_FALSE(names_issuer(leaf, new_.issuing)) << "the same name, another key";
  EXPECT_FALSE(is_issued_by(leaf, old_.root));
  EXPECT_TRUE(is_issued_by(leaf, old_.issuing) && names_issuer(leaf, old_.issuing));
}

}  // namespace
}  // namespace vedette::crypto
