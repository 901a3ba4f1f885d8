#include "platform/tpm/esys/nv_certificate.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/fd.h"

namespace vedette::platform::esys {
namespace {

std::string refusal(const Bytes& content) {
  const auto certificate = certificate_in(content);
  return certificate ? "accepted" : certificate.error().code;
}

TEST(NvCertificate, RefusesWhatDoesNotHoldAWholeSequence) {
  EXPECT_EQ(refusal({}), "TPM-EK-CERTIFICATE");
  EXPECT_EQ(refusal({0x30}), "TPM-EK-CERTIFICATE");
  EXPECT_EQ(refusal(Bytes(64, 0x00)), "TPM-EK-CERTIFICATE");
  EXPECT_EQ(refusal(Bytes(64, 0xFF)), "TPM-EK-CERTIFICATE");
  EXPECT_EQ(refusal({0x30, 0x02, 0x05}), "TPM-EK-CERTIFICATE");
  EXPECT_EQ(refusal({0x30, 0x82, 0x01}), "TPM-EK-CERTIFICATE");
  EXPECT_EQ(refusal({0x30, 0x82, 0x00, 0x03, 0x05, 0x00}), "TPM-EK-CERTIFICATE");
  EXPECT_EQ(refusal({0x30, 0x80, 0x00, 0x00}), "TPM-EK-CERTIFICATE");
  EXPECT_EQ(refusal({0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x00}), "TPM-EK-CERTIFICATE");
  EXPECT_EQ(refusal({0x10, 0x01, 0x00, 0x00, 0x04, 0x10, 0x02}), "TPM-EK-CERTIFICATE");
}

TEST(NvCertificate, DropsPaddingAndHeader) {
  EXPECT_EQ(certificate_in(Bytes{0x30, 0x02, 0x05, 0x00, 0xFF, 0xFF}),
            (Bytes{0x30, 0x02, 0x05, 0x00}));
  EXPECT_EQ(certificate_in(Bytes{0x30, 0x81, 0x02, 0x05, 0x00, 0x00}),
            (Bytes{0x30, 0x81, 0x02, 0x05, 0x00}));
  EXPECT_EQ(
      certificate_in(Bytes{0x10, 0x01, 0x00, 0x00, 0x06, 0x10, 0x02, 0x30, 0x02, 0x05, 0x00, 0xAA}),
      (Bytes{0x30, 0x02, 0x05, 0x00}));
}

TEST(NvCertificate, ReadsARealMakersCertificateBehindItsHeader) {
  const std::string folder = VEDETTE_VECTORS "/ek-cert/stm/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no test vectors of class ek-cert";
  const auto raw = read_file(folder + "ek_cert_untouched.cer", 8192);
  const auto bare = read_file(folder + "ek_cert_7_byte_header_removed.cer", 8192);
  ASSERT_TRUE(raw && bare);
  EXPECT_EQ(certificate_in(*raw), *bare);
}

TEST(NvCertificate, TrimsARealMakersPadding) {
  const std::string path = VEDETTE_VECTORS "/ek-cert/ek_cert_with_padded_bytes.cer";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no test vectors of class ek-cert";
  const auto padded = read_file(path, 8192);
  ASSERT_TRUE(padded);
  const auto certificate = certificate_in(*padded);
  ASSERT_TRUE(certificate);
  EXPECT_LT(certificate->size(), padded->size());
}

}  // namespace
}  // namespace vedette::platform::esys
