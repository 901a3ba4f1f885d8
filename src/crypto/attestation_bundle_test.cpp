#include "crypto/attestation_bundle.h"

#include <gtest/gtest.h>

#include "crypto/authority_sample.h"
#include "crypto/certificate.h"

namespace vedette::crypto {
namespace {

const AttestationStatement kOne{std::string(kTpmCertifyStatement), {0x30, 0x03, 0x02, 0x01, 0x07}};
const AttestationStatement kOther{std::string(kConceptualMessage), make_json_message("[]")};

std::string code(ByteView der) {
  return code_of(parse_attestation_bundle(der));
}

TEST(AttestationBundle, RefusesWhatIsNone) {
  const Bytes sound = make_attestation_bundle(std::array{kOne});
  Bytes longer = sound;
  longer.push_back(0);
  Bytes ber = sound;
  ber[1] = 0x80;
  for (const Bytes& bad : {Bytes(), Bytes{0x30, 0x00}, Bytes{0x05, 0x00}, longer, ber,
                           Bytes{0x30, 0x02, 0x30, 0x00}, Bytes(20'000, 0x30)})
    EXPECT_EQ(code(bad), "CSR-ATTESTATION");
}

TEST(AttestationBundle, RefusesEveryTruncation) {
  const Bytes sound = make_attestation_bundle(std::array{kOne, kOther});
  for (std::size_t size = 0; size < sound.size(); ++size)
    EXPECT_EQ(code(ByteView(sound).first(size)), "CSR-ATTESTATION") << size;
}

TEST(AttestationBundle, RefusesTwoStatementsOfOneTypeAndMoreThanEight) {
  EXPECT_THROW((void)make_attestation_bundle(std::array{kOne, kOne}), std::runtime_error);
  std::vector<AttestationStatement> many;
  for (int i = 0; i < 8; ++i)
    many.push_back({"1.2.3." + std::to_string(i), kOne.content});
  EXPECT_EQ(code(make_attestation_bundle(many)), "");
  many.push_back(kOther);
  EXPECT_THROW((void)make_attestation_bundle(many), std::runtime_error);
}

TEST(AttestationBundle, KeepsTypesAndContents) {
  const auto read =
      parse_attestation_bundle(make_attestation_bundle(std::array{kOne, kOther})).value();
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].type, kTpmCertifyStatement);
  EXPECT_EQ(read[0].content, kOne.content);
  EXPECT_EQ(parse_json_message(read[1].content).value(), "[]");
}

TEST(AttestationBundle, StandsInARequestAndNowhereElse) {
  const PrivateKey key = PrivateKey::generate_p256();
  const Bytes bundle = make_attestation_bundle(std::array{kOne});
  const Bytes with =
      make_attested_request(key, "drone", "spiffe://a.b/device/drone", bundle).value();
  ASSERT_EQ(code_of(parse_certificate_request(with)), "");
  EXPECT_EQ(attestation_bundle_of(with).value(), bundle);
  const Bytes without = make_certificate_request(key, "drone", "").value();
  EXPECT_FALSE(attestation_bundle_of(without).value().has_value());
  EXPECT_EQ(code_of(attestation_bundle_of(Bytes{0x30, 0x00})), "CSR-ATTESTATION");
}

TEST(TpmCertify, RefusesOtherThanThreeOctetStrings) {
  for (const Bytes& bad : {Bytes(), Bytes{0x30, 0x00}, Bytes{0x30, 0x04, 0x04, 0x00, 0x04, 0x00},
                           Bytes{0x30, 0x06, 0x04, 0x00, 0x04, 0x00, 0x05, 0x00},
                           Bytes{0x30, 0x08, 0x04, 0x00, 0x04, 0x00, 0x04, 0x00, 0x04, 0x00}})
    EXPECT_EQ(code_of(parse_tpm_certify(bad)), "CSR-ATTESTATION");
  EXPECT_EQ(code_of(parse_json_message(Bytes{0x04, 0x01, 0x5B})), "CSR-ATTESTATION");
}

TEST(TpmCertify, IsReadAsItWasMade) {
  const auto read = parse_tpm_certify(make_tpm_certify({{1}, {2, 3}, {4, 5, 6}})).value();
  EXPECT_EQ(read.attest, Bytes{1});
  EXPECT_EQ(read.signature, (Bytes{2, 3}));
  EXPECT_EQ(read.public_area, (Bytes{4, 5, 6}));
}

}  // namespace
}  // namespace vedette::crypto
