// Certification requests that somebody made to get past the reader (docs/identity-attacks.md).
#include <algorithm>

#include <gtest/gtest.h>

#include "crypto/authority_sample.h"
#include "crypto/der.h"
#include "crypto/key_values.h"
#include "crypto/name_text.h"

namespace vedette::crypto {
namespace {

constexpr const char* kAttestation = "1.2.840.113549.1.9.16.2.59";  // id-aa-attestation
constexpr const char* kNeighbour = "1.2.840.113549.1.9.16.2.58";

class AttackOnRequest : public testing::Test {
 protected:
  [[nodiscard]] RequestHandle request() const {
    const unsigned char* in = der_.data();
    return RequestHandle(d2i_X509_REQ(nullptr, &in, static_cast<long>(der_.size())));
  }
  [[nodiscard]] Bytes signed_again(X509_REQ* request) const {
    EXPECT_GT(X509_REQ_sign(request, native(key_), EVP_sha256()), 0);
    return der_of<i2d_X509_REQ>(request);
  }
  static void add_statement(X509_REQ* request, const char* type, std::uint8_t content) {
    const Bytes statement{0x30, 0x03, 0x02, 0x01, content};
    EXPECT_EQ(X509_REQ_add1_attr_by_txt(request, type, V_ASN1_SEQUENCE, statement.data(),
                                        static_cast<int>(statement.size())),
              1);
  }
  // Without its signature's octets: the BIT STRING is empty, the lengths are honest.
  [[nodiscard]] Bytes unsigned_request() const {
    const RequestHandle copy = request();
    X509_REQ_set0_signature(copy.get(), ASN1_BIT_STRING_new());
    return der_of<i2d_X509_REQ>(copy.get());
  }

  const PrivateKey key_ = PrivateKey::generate_p256();
  const Bytes der_ = make_certificate_request(key_, "device-1", "spiffe://a.b/device/d").value();
};

TEST_F(AttackOnRequest, WithoutASignatureIsRefused) {
  EXPECT_EQ(code_of(parse_certificate_request(unsigned_request())), "CSR-SIGNATURE");
}

TEST_F(AttackOnRequest, WithTheSignatureOfAnotherRequestIsRefused) {
  const RequestHandle mine = request();
  const RequestHandle other(X509_REQ_dup(mine.get()));
  const std::unique_ptr<X509_NAME, FreeWith<X509_NAME_free>> name(X509_NAME_new());
  ASSERT_TRUE(add_name_entry(name.get(), NID_commonName, "device-2"));
  ASSERT_EQ(X509_REQ_set_subject_name(other.get(), name.get()), 1);
  const ASN1_BIT_STRING* bits = nullptr;
  X509_REQ_get0_signature(mine.get(), &bits, nullptr);
  X509_REQ_set0_signature(other.get(), ASN1_STRING_dup(bits));
  EXPECT_EQ(code_of(parse_certificate_request(der_of<i2d_X509_REQ>(other.get()))), "CSR-SIGNATURE");
}

TEST_F(AttackOnRequest, WithTwoAttestationsIsRefused) {
  const RequestHandle one = request();
  add_statement(one.get(), kAttestation, 1);
  EXPECT_EQ(code_of(parse_certificate_request(signed_again(one.get()))), "");
  // OpenSSL adds no type twice: its neighbour is added, and renamed in the encoding.
  add_statement(one.get(), kNeighbour, 2);
  Bytes der = signed_again(one.get());
  const Bytes neighbour{0x09, 0x10, 0x02, 0x3A};
  const auto at = std::ranges::search(der, neighbour);
  ASSERT_FALSE(at.empty());
  at[3] = 0x3B;
  const unsigned char* in = der.data();
  const RequestHandle two(d2i_X509_REQ(nullptr, &in, static_cast<long>(der.size())));
  ASSERT_NE(two, nullptr);
  const auto refused = parse_certificate_request(signed_again(two.get()));
  ASSERT_EQ(code_of(refused), "CSR-SYNTAX");
  EXPECT_EQ(refused.error().cause, "an attribute stands twice");
}

TEST_F(AttackOnRequest, WithMoreAttributesThanAnyNeedsIsRefused) {
  const RequestHandle made = request();
  for (int i = 0; i < 17; ++i) {
    const std::string type = "1.2.3.4." + std::to_string(i);
    ASSERT_EQ(X509_REQ_add1_attr_by_txt(made.get(), type.c_str(), V_ASN1_OCTET_STRING,
                                        as_bytes("x").data(), 1),
              1);
  }
  EXPECT_EQ(code_of(parse_certificate_request(signed_again(made.get()))), "CSR-SYNTAX");
}

TEST_F(AttackOnRequest, InBerIsRefused) {
  // The outer SEQUENCE with an indefinite length: the same request to a reader of BER.
  ASSERT_EQ(der_[0], 0x30);
  ASSERT_EQ(der_[1], 0x82);
  Bytes ber{0x30, 0x80};
  append(ber, ByteView(der_).subspan(4));
  append(ber, Bytes{0x00, 0x00});
  const unsigned char* in = ber.data();
  const RequestHandle read(d2i_X509_REQ(nullptr, &in, static_cast<long>(ber.size())));
  ASSERT_NE(read, nullptr) << "the attack needs a reader that would take it";
  EXPECT_EQ(code_of(parse_certificate_request(ber)), "CSR-SYNTAX");
}

TEST_F(AttackOnRequest, OfTenMegabytesIsRefused) {
  EXPECT_EQ(code_of(parse_certificate_request(Bytes(10U << 20U, 0x30))), "CSR-SYNTAX");
}

}  // namespace
}  // namespace vedette::crypto
