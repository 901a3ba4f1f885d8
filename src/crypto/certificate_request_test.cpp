#include <gtest/gtest.h>

#include "crypto/authority_sample.h"
#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

constexpr const char* kUri = "spiffe://example.org/device/device-1";

struct Request : testing::Test {
  const PrivateKey key = PrivateKey::generate_p256();
  const Bytes der = make_certificate_request(key, "device-1", kUri).value();

  [[nodiscard]] RequestHandle native_request() const {
    const unsigned char* in = der.data();
    return RequestHandle(d2i_X509_REQ(nullptr, &in, static_cast<long>(der.size())));
  }
  static Bytes sign(X509_REQ* request, EVP_PKEY* signer, const EVP_MD* md) {
    EXPECT_GT(X509_REQ_sign(request, signer, md), 0);
    return der_of<i2d_X509_REQ>(request);
  }
};

TEST_F(Request, RefusesOctetsBehindAndRubbish) {
  Bytes longer = der;
  longer.push_back(0);
  for (const Bytes& bad : {longer, Bytes(), Bytes(100, 0x30), Bytes(20'000, 0x30)})
    EXPECT_EQ(code_of(parse_certificate_request(bad)), "CSR-SYNTAX");
}

TEST_F(Request, RefusesAnInnerLengthInALongerForm) {
  // Rewrites the version's length, 02 01 00, as 02 81 01 00, honestly signed by its outer lengths.
  Bytes bytes = der;
  const Bytes version{0x02, 0x01, 0x00};
  const auto at = std::search(bytes.begin(), bytes.end(), version.begin(), version.end());
  ASSERT_NE(at, bytes.end());
  bytes.insert(at + 1, 0x81);
  ASSERT_EQ(bytes[1], 0x82);
  bytes[3] = static_cast<std::uint8_t>(bytes[3] + 1);
  ASSERT_EQ(bytes[5], 0x81);
  bytes[6] = static_cast<std::uint8_t>(bytes[6] + 1);
  EXPECT_EQ(code_of(parse_certificate_request(bytes)), "CSR-SYNTAX");
}

TEST_F(Request, RefusesEveryChangedOctet) {
  for (std::size_t i = 0; i < der.size(); ++i) {
    Bytes changed = der;
    changed[i] ^= 0x01;
    EXPECT_FALSE(parse_certificate_request(changed).has_value()) << "octet " << i;
  }
}

TEST_F(Request, RefusesAnotherKeysSignature) {
  const RequestHandle request = native_request();
  const PrivateKey other = PrivateKey::generate_p256();
  EXPECT_EQ(code_of(parse_certificate_request(sign(request.get(), native(other), EVP_sha256()))),
            "CSR-SIGNATURE");
}

TEST_F(Request, RefusesSha1) {
  const RequestHandle request = native_request();
  EXPECT_EQ(code_of(parse_certificate_request(sign(request.get(), native(key), EVP_sha1()))),
            "CSR-SIGNATURE");
}

TEST_F(Request, RefusesWeakKeys) {
  const RequestHandle request = native_request();
  const KeyHandle weak(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024}));
  ASSERT_EQ(X509_REQ_set_pubkey(request.get(), weak.get()), 1);
  EXPECT_EQ(code_of(parse_certificate_request(sign(request.get(), weak.get(), EVP_sha256()))),
            "KEY-WEAK");
}

TEST_F(Request, RefusesExtensionsAskedForTwice) {
  const RequestHandle request = native_request();
  const ExtensionStackHandle extensions(X509_REQ_get_extensions(request.get()));
  ASSERT_EQ(X509_REQ_add_extensions_nid(request.get(), extensions.get(), NID_ms_ext_req), 1);
  EXPECT_EQ(code_of(parse_certificate_request(sign(request.get(), native(key), EVP_sha256()))),
            "CSR-SYNTAX");
}

TEST_F(Request, CountsNamesOfEveryType) {
  const RequestHandle request = native_request();
  X509_ATTRIBUTE_free(X509_REQ_delete_attr(request.get(), 0));
  using ExtensionHandle = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
  const ExtensionHandle names(X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                                  "URI:spiffe://a/b,URI:spiffe://a/c,DNS:a"));
  ASSERT_NE(names, nullptr);
  const ExtensionStackHandle extensions(sk_X509_EXTENSION_new_null());
  ASSERT_GT(sk_X509_EXTENSION_push(extensions.get(), X509_EXTENSION_dup(names.get())), 0);
  ASSERT_EQ(X509_REQ_add_extensions(request.get(), extensions.get()), 1);
  const auto parsed = parse_certificate_request(sign(request.get(), native(key), EVP_sha256()));
  ASSERT_TRUE(parsed.has_value()) << describe(parsed.error());
  EXPECT_EQ(parsed->alternative_name_count, 3U);
  EXPECT_EQ(parsed->uri_names, (std::vector<std::string>{"spiffe://a/b", "spiffe://a/c"}));
}

TEST_F(Request, RefusesToAskForNamesThatAreNone) {
  EXPECT_EQ(code_of(make_certificate_request(key, "device-1", "no uri")), "CSR-SYNTAX");
  EXPECT_EQ(code_of(make_certificate_request(key, std::string(65, 'x'), kUri)), "CSR-SYNTAX");
}

TEST_F(Request, SaysWhatItAsksFor) {
  const auto parsed = parse_certificate_request(der);
  ASSERT_TRUE(parsed.has_value()) << describe(parsed.error());
  EXPECT_EQ(parsed->public_key, key.public_key());
  EXPECT_EQ(parsed->subject, "CN=device-1");
  EXPECT_EQ(parsed->uri_names, std::vector<std::string>{kUri});
  EXPECT_EQ(parsed->alternative_name_count, 1U);
  const AuthoritySample authority;
  const auto issued = authority.issue(AuthoritySample::client_profile(), key.public_key());
  EXPECT_EQ(parsed->subject_der, subject_der(*issued));
  const auto bare =
      parse_certificate_request(make_certificate_request(key, "device-1", "").value());
  EXPECT_EQ(bare->alternative_name_count, 0U);
}

TEST_F(Request, IsSignedByEd25519AndRsaToo) {
  const Bytes edwards =
      make_certificate_request(PrivateKey::generate_ed25519(), "device-1", kUri).value();
  EXPECT_EQ(code_of(parse_certificate_request(edwards)), "");
  const RequestHandle request = native_request();
  const KeyHandle rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  ASSERT_EQ(X509_REQ_set_pubkey(request.get(), rsa.get()), 1);
  EXPECT_EQ(code_of(parse_certificate_request(sign(request.get(), rsa.get(), EVP_sha256()))), "");
}

TEST(CertsOnly, RefusesRubbishOctetsBehindAndNoCertificates) {
  const AuthoritySample authority;
  const Bytes good = make_certs_only(std::array{authority.root}).value();
  Bytes longer = good;
  longer.push_back(0);
  for (const Bytes& bad : {longer, Bytes(), Bytes(9, 0x30), authority.root.der()})
    EXPECT_EQ(code_of(parse_certs_only(bad)), "PKCS7-SYNTAX");
  EXPECT_EQ(code_of(make_certs_only({})), "PKCS7-SYNTAX");
  EXPECT_EQ(code_of(make_certs_only(std::vector<Certificate>(33, authority.root))), "PKCS7-SYNTAX");
}

TEST(CertsOnly, RefusesAMessageWithASigner) {
  const AuthoritySample authority;
  const BioHandle content(BIO_new_mem_buf("x", 1));
  const std::unique_ptr<PKCS7, FreeWith<PKCS7_free>> made(PKCS7_sign(
      native(authority.root), native(authority.root_key), nullptr, content.get(), PKCS7_BINARY));
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(code_of(parse_certs_only(der_of<i2d_PKCS7>(made.get()))), "PKCS7-SYNTAX");
}

TEST(CertsOnly, CarriesEveryCertificate) {
  const AuthoritySample authority;
  const auto parsed =
      parse_certs_only(make_certs_only(std::array{authority.issuing, authority.root}).value());
  ASSERT_TRUE(parsed.has_value()) << describe(parsed.error());
  ASSERT_EQ(parsed->size(), 2U);
  EXPECT_NE(parsed->at(0).der(), parsed->at(1).der());
  for (const Certificate& certificate : *parsed)
    EXPECT_TRUE(certificate.der() == authority.issuing.der() ||
                certificate.der() == authority.root.der());
}

}  // namespace
}  // namespace vedette::crypto
