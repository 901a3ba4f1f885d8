// Endorsement key certificates that TPM makers issued, as published by other projects.
#include "crypto/endorsement.h"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "crypto/authority_sample.h"
#include "crypto/openssl_handles.h"

namespace vedette::crypto {
namespace {

const TimePoint kIn2020 = from_unix_seconds(1'590'000'000);

class EndorsementVectors : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no vectors in " << folder_;
  }

  [[nodiscard]] Bytes file(const std::string& name) const {
    auto bytes = read_file(folder_ + name, 1 << 20);
    EXPECT_TRUE(bytes.has_value()) << name;
    return bytes.value_or(Bytes());
  }
  [[nodiscard]] Certificate der(const std::string& name) const {
    return Certificate::from_der(file(name)).value();
  }
  [[nodiscard]] Certificate pem(const std::string& name) const {
    return Certificate::from_pem(as_text(file(name))).value();
  }

  const std::string folder_ = VEDETTE_VECTORS "/ek-cert/";
};

TEST_F(EndorsementVectors, RealKeyNamedOaepIsReachedOnlyAsEndorsementKey) {
  const Certificate certificate = der("stm/ek_cert_7_byte_header_removed.cer");
  EXPECT_EQ(code_of(certificate.public_key()), "KEY-FORMAT");
  const auto key = endorsement_public_key(certificate);
  ASSERT_TRUE(key.has_value()) << describe(key.error());
  EXPECT_EQ(key->type(), KeyType::rsa);
  EXPECT_EQ(EVP_PKEY_get_bits(native(*key)), 2048);
  EXPECT_EQ(certificate.subject(), "");
  EXPECT_EQ(certificate.alternative_name_count(), 1U);
  EXPECT_TRUE(certificate.uri_names().empty());
}

TEST_F(EndorsementVectors, HeaderOrPaddingAroundACertificateIsRefused) {
  EXPECT_EQ(code_of(Certificate::from_der(file("stm/ek_cert_untouched.cer"))), "CERT-SYNTAX");
  EXPECT_EQ(code_of(Certificate::from_der(file("ek_cert_with_padded_bytes.cer"))), "CERT-SYNTAX");
}

TEST_F(EndorsementVectors, RealChainIsRefusedForItsSha1Signature) {
  const Certificate leaf = der("stm/ek_cert_7_byte_header_removed.cer");
  const std::array between{der("stm/stmtpmekint02.crt"), der("stm/stmtpmekroot.crt")};
  const std::array roots{der("stm/gstpmroot.crt")};
  const auto refused = verify_chain(leaf, between, roots, kIn2020, Purpose::endorsement_key);
  EXPECT_EQ(code_of(refused), "CERT-WEAK");
  EXPECT_EQ(code_of(verify_chain(leaf, {}, roots, kIn2020, Purpose::endorsement_key)),
            "CERT-UNTRUSTED");
}

TEST_F(EndorsementVectors, RealIntermediatesReachTheirRootButNotFromAFake) {
  // The same name and key as the real intermediate, under another root.
  const Certificate leaf = der("stm/ek_cert_7_byte_header_removed.cer");
  const std::array between{pem("stm/fakestmtpmekint02.pem"), der("stm/stmtpmekroot.crt")};
  const std::array roots{der("stm/gstpmroot.crt")};
  EXPECT_EQ(code_of(verify_chain(leaf, between, roots, kIn2020, Purpose::endorsement_key)),
            "CERT-UNTRUSTED");
}

TEST_F(EndorsementVectors, VendorAuthoritiesLoad) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "vendor-store")) {
    const auto text = read_file(entry.path().string(), 1 << 20);
    ASSERT_TRUE(text.has_value());
    const auto all = Certificate::all_from_pem(as_text(*text));
    EXPECT_TRUE(all.has_value()) << entry.path() << ": " << describe(all.error());
    ++count;
  }
  EXPECT_GE(count, 50);
}

// A maker's chain of today: what is wrong with the real ones (SHA-1) is right here, what is odd
// about them (critical directoryName, no subject, key named OAEP) is there.
struct EndorsementSample : testing::Test {
  const AuthoritySample maker;

  static void add(X509* certificate, int nid, const char* text) {
    using ExtensionHandle = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
    const ExtensionHandle extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, text));
    ASSERT_NE(extension, nullptr) << drain_errors();
    ASSERT_EQ(X509_add_ext(certificate, extension.get(), -1), 1);
  }

  static void add_directory_name(X509* certificate) {
    const GeneralNamesHandle names(GENERAL_NAMES_new());
    GENERAL_NAME* const name = GENERAL_NAME_new();
    X509_NAME* const directory = X509_NAME_new();
    ASSERT_EQ(X509_NAME_add_entry_by_txt(directory, "2.23.133.2.1", MBSTRING_ASC,
                                         as_bytes("id:53544D20").data(), 11, -1, 0),
              1);
    GENERAL_NAME_set0_value(name, GEN_DIRNAME, directory);
    ASSERT_GT(sk_GENERAL_NAME_push(names.get(), name), 0);
    ASSERT_EQ(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 1, 0), 1);
  }

  [[nodiscard]] Certificate make(const KeyHandle& key, const char* usage, bool oaep) const {
    const CertificateHandle made(X509_new());
    EXPECT_EQ(X509_set_version(made.get(), X509_VERSION_3), 1);
    EXPECT_EQ(ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 77), 1);
    EXPECT_EQ(X509_set_issuer_name(made.get(), X509_get_subject_name(native(maker.issuing))), 1);
    EXPECT_NE(ASN1_TIME_set(X509_getm_notBefore(made.get()), to_unix_seconds(kStart)), nullptr);
    EXPECT_NE(ASN1_TIME_set(X509_getm_notAfter(made.get()), to_unix_seconds(kStart + 9 * kDay)),
              nullptr);
    EXPECT_EQ(X509_set_pubkey(made.get(), key.get()), 1);
    if (oaep) {
      const unsigned char* bits = nullptr;
      int size = 0;
      X509_PUBKEY* const spki = X509_get_X509_PUBKEY(made.get());
      EXPECT_EQ(X509_PUBKEY_get0_param(nullptr, &bits, &size, nullptr, spki), 1);
      auto* const copy =
          static_cast<unsigned char*>(OPENSSL_memdup(bits, static_cast<std::size_t>(size)));
      EXPECT_EQ(X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_rsaesOaep), V_ASN1_NULL, nullptr, copy,
                                       size),
                1);
    }
    add(made.get(), NID_basic_constraints, "critical,CA:FALSE");
    if (usage != nullptr) add(made.get(), NID_ext_key_usage, usage);
    add_directory_name(made.get());
    EXPECT_GT(X509_sign(made.get(), native(maker.issuing_key), EVP_sha256()), 0);
    return certificate_from_native(made.get()).value();
  }

  [[nodiscard]] std::string code(const Certificate& certificate) const {
    return code_of(maker.verify(certificate, kStart + kDay, Purpose::endorsement_key));
  }

  // Made once: a prime search on a busy machine takes seconds.
  static const KeyHandle& shared_rsa() {
    static const KeyHandle key = rsa(2048);
    return key;
  }
  static KeyHandle rsa(std::size_t bits) {
    return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
  }
};

TEST_F(EndorsementSample, AcceptsTheOddFormsOfRealOnes) {
  EXPECT_EQ(code(make(shared_rsa(), "2.23.133.8.1", true)), "");
  EXPECT_EQ(code(make(shared_rsa(), "critical,2.23.133.8.1", false)), "");
}

TEST_F(EndorsementSample, RefusesAChangedCertificateUnderEitherName) {
  for (const bool oaep : {true, false}) {
    Bytes bytes = make(shared_rsa(), "2.23.133.8.1", oaep).der();
    const std::string_view name = "id:53544D20";
    const auto at = std::search(bytes.begin(), bytes.end(), name.begin(), name.end());
    ASSERT_NE(at, bytes.end());
    *at = 'I';
    EXPECT_EQ(code(Certificate::from_der(bytes).value()), "CERT-CHAIN");
    bytes = make(shared_rsa(), "2.23.133.8.1", oaep).der();
    bytes.back() ^= 1;  // in the signature's s
    EXPECT_EQ(code(Certificate::from_der(bytes).value()), "CERT-CHAIN");
  }
}

TEST_F(EndorsementSample, RefusesWithoutTheUsage) {
  EXPECT_EQ(code(make(shared_rsa(), nullptr, true)), "CERT-PURPOSE");
  EXPECT_EQ(code(make(shared_rsa(), "2.23.133.8.3", false)), "CERT-PURPOSE");
  EXPECT_EQ(code(make(shared_rsa(), "anyExtendedKeyUsage", false)), "CERT-PURPOSE");
}

TEST_F(EndorsementSample, RefusesAWeakKeyUnderEitherName) {
  EXPECT_EQ(code(make(rsa(1024), "2.23.133.8.1", true)), "CERT-WEAK");
  EXPECT_EQ(code(make(rsa(1024), "2.23.133.8.1", false)), "CERT-WEAK");
}

TEST_F(EndorsementSample, RefusesAnotherMakersRoot) {
  const AuthoritySample other;
  EXPECT_EQ(
      code_of(verify_chain(make(shared_rsa(), "2.23.133.8.1", true), std::array{maker.issuing},
                           std::array{other.root}, kStart + kDay, Purpose::endorsement_key)),
      "CERT-UNTRUSTED");
}

}  // namespace
}  // namespace vedette::crypto
