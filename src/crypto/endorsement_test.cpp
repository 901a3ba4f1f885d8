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

const TimePoint kIn2010 = from_unix_seconds(1'270'000'000);
const TimePoint kIn2020 = from_unix_seconds(1'590'000'000);
const TimePoint kIn2024 = from_unix_seconds(1'710'000'000);
const TimePoint kIn2026 = from_unix_seconds(1'790'000'000);
const TimePoint kIn2035 = from_unix_seconds(2'060'000'000);
constexpr EndorsementTolerance kAllPowers{.sha1_signature = true, .expired = true};

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

  [[nodiscard]] std::vector<Certificate> real_leaves() const {
    return {der("stm/ek_cert_7_byte_header_removed.cer"), pem("stm/nuc-1-tpmcert.pem"),
            pem("stm/nuc-2-tpmcert.pem")};
  }
  [[nodiscard]] std::vector<Certificate> roots() const { return {der("stm/gstpmroot.crt")}; }
  [[nodiscard]] std::string judge(const Certificate& leaf, TimePoint time,
                                  EndorsementTolerance tolerance) const {
    const std::array between{der("stm/stmtpmekint02.crt"), der("stm/stmtpmekroot.crt")};
    return code_of(verify_endorsement_chain(leaf, between, roots(), time, tolerance));
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

TEST_F(EndorsementVectors, RealChainsNeedThePowerToTakeSha1) {
  for (const Certificate& leaf : real_leaves()) {
    EXPECT_EQ(judge(leaf, kIn2020, {}), "CERT-WEAK");
    EXPECT_EQ(judge(leaf, kIn2020, {.expired = true}), "CERT-WEAK");
    EXPECT_EQ(judge(leaf, kIn2020, {.sha1_signature = true}), "");
    EXPECT_EQ(code_of(verify_endorsement_chain(leaf, {}, roots(), kIn2020, kAllPowers)),
              "CERT-UNTRUSTED");
  }
}

TEST_F(EndorsementVectors, RealChainsThatExpiredNeedThePowerToTakeThat) {
  for (const Certificate& leaf : real_leaves()) {
    EXPECT_EQ(judge(leaf, kIn2026, {.sha1_signature = true}), "CERT-EXPIRED");
    EXPECT_EQ(judge(leaf, kIn2026, kAllPowers), "");
    EXPECT_EQ(judge(leaf, kIn2010, kAllPowers), "CERT-NOT-YET-VALID");
    EXPECT_EQ(judge(leaf, kIn2035, kAllPowers), "CERT-EXPIRED") << "the maker's own issuer";
  }
}

// The same name and key as the real intermediate, under another root.
TEST_F(EndorsementVectors, NoPowerReachesARealRootThroughAFake) {
  const std::array fake{pem("stm/fakestmtpmekint02.pem"), der("stm/stmtpmekroot.crt")};
  for (const Certificate& leaf : real_leaves())
    EXPECT_EQ(code_of(verify_endorsement_chain(leaf, fake, roots(), kIn2020, kAllPowers)),
              "CERT-UNTRUSTED");
}

// Of a device's identity, not of its endorsement key: judged for the purpose that they name.
TEST_F(EndorsementVectors, DeviceIdentitiesReachTheirAuthorityWhileTheyAreValid) {
  const auto chain =
      Certificate::all_from_pem(as_text(file("sample-platform-iak_idevid_chain.pem"))).value();
  ASSERT_EQ(chain.size(), 2U);
  const std::span between(chain.data(), 1);
  const std::span anchors(&chain[1], 1);
  for (const char* name : {"idevid/iak.der", "idevid/idevid.der"}) {
    const Certificate leaf = der(name);
    EXPECT_EQ(code_of(verify_chain(leaf, between, anchors, kIn2024, Purpose::tls_server)), "")
        << name;
    EXPECT_EQ(code_of(verify_chain(leaf, between, anchors, kIn2035, Purpose::tls_server)),
              "CERT-EXPIRED");
    EXPECT_EQ(code_of(verify_chain(leaf, between, roots(), kIn2024, Purpose::tls_server)),
              "CERT-UNTRUSTED");
    EXPECT_EQ(code_of(verify_endorsement_chain(leaf, between, anchors, kIn2024, kAllPowers)),
              "CERT-PURPOSE");
  }
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

  [[nodiscard]] Certificate make(const KeyHandle& key, const char* usage, bool oaep,
                                 const EVP_MD* digest = EVP_sha256()) const {
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
    EXPECT_GT(X509_sign(made.get(), native(maker.issuing_key), digest), 0);
    return certificate_from_native(made.get()).value();
  }

  [[nodiscard]] std::string code(const Certificate& certificate) const {
    return code_of(maker.verify(certificate, kStart + kDay, Purpose::endorsement_key));
  }

  [[nodiscard]] std::string widened(const Certificate& certificate, TimePoint time,
                                    EndorsementTolerance tolerance) const {
    return code_of(verify_endorsement_chain(certificate, std::array{maker.issuing},
                                            std::array{maker.root}, time, tolerance));
  }

  // Made once: a prime search on a busy machine takes seconds.
  static const KeyHandle& shared_rsa() {
    static const KeyHandle kKey = rsa(2048);
    return kKey;
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
    const auto at = std::ranges::search(bytes, name).begin();
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

TEST_F(EndorsementSample, NoPowerTakesAnythingElseThatIsWeak) {
  EXPECT_EQ(widened(make(rsa(1024), "2.23.133.8.1", false), kStart + kDay, kAllPowers),
            "CERT-WEAK");
  Bytes changed = make(shared_rsa(), "2.23.133.8.1", true, EVP_sha1()).der();
  changed.back() ^= 1;
  EXPECT_EQ(widened(Certificate::from_der(changed).value(), kStart + kDay, kAllPowers),
            "CERT-CHAIN");
}

TEST_F(EndorsementSample, ThePowerToTakeSha1TakesNoMd5) {
  const CertificateHandle issuer(X509_dup(native(maker.issuing)));  // an RSA key can sign with MD5
  ASSERT_EQ(X509_set_pubkey(issuer.get(), shared_rsa().get()), 1);
  ASSERT_GT(X509_sign(issuer.get(), native(maker.root_key), EVP_sha256()), 0);
  const std::array between{certificate_from_native(issuer.get()).value()};
  const auto judge = [&](const EVP_MD* digest) {
    const CertificateHandle leaf(X509_dup(native(make(shared_rsa(), "2.23.133.8.1", false))));
    EXPECT_GT(X509_sign(leaf.get(), shared_rsa().get(), digest), 0);
    return code_of(verify_endorsement_chain(certificate_from_native(leaf.get()).value(), between,
                                            std::array{maker.root}, kStart + kDay, kAllPowers));
  };
  EXPECT_EQ(judge(EVP_md5()), "CERT-WEAK");
  EXPECT_EQ(judge(EVP_sha1()), "");
}

// SHA-1 above the leaf: whoever made that collision would own every TPM of the maker.
TEST_F(EndorsementSample, NoPowerWeakensAnIssuer) {
  const CertificateHandle made(X509_dup(native(maker.issuing)));
  ASSERT_GT(X509_sign(made.get(), native(maker.root_key), EVP_sha1()), 0);
  const std::array weak{certificate_from_native(made.get()).value()};
  EXPECT_EQ(code_of(verify_endorsement_chain(make(shared_rsa(), "2.23.133.8.1", true), weak,
                                             std::array{maker.root}, kStart + kDay, kAllPowers)),
            "CERT-WEAK");
  EXPECT_EQ(widened(make(shared_rsa(), "2.23.133.8.1", true), kStart + 60 * kDay, kAllPowers),
            "CERT-EXPIRED");
}

TEST_F(EndorsementSample, EachPowerIsForItsOwnMatter) {
  const Certificate sha1 = make(shared_rsa(), "2.23.133.8.1", true, EVP_sha1());
  EXPECT_EQ(widened(sha1, kStart + kDay, {.sha1_signature = true}), "");
  EXPECT_EQ(widened(sha1, kStart + kDay, {.expired = true}), "CERT-WEAK");
  EXPECT_EQ(widened(sha1, kStart + 10 * kDay, {.sha1_signature = true}), "CERT-EXPIRED");
  EXPECT_EQ(widened(sha1, kStart + 10 * kDay, kAllPowers), "");
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
