// Derivations, names and signatures that real (virtual and software) TPMs made, as published by
// other projects.
#include <filesystem>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/authority_sample.h"
#include "crypto/tpm.h"
#include "crypto/tpm_kdf.h"

namespace vedette::crypto {
namespace {

class TpmCryptoVectors : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no vectors in " << folder_;
  }
  [[nodiscard]] Bytes file(const std::string& name) const {
    auto bytes = read_file(folder_ + name, 1 << 20);
    EXPECT_TRUE(bytes.has_value()) << name;
    return bytes.value_or(Bytes());
  }
  [[nodiscard]] codec::Json json(const std::string& name) const {
    auto value = codec::parse_json(as_text(file(name)));
    EXPECT_TRUE(value.has_value()) << name;
    return value.value_or(codec::Json());
  }

  const std::string folder_ = VEDETTE_VECTORS "/tpm-quote/";
};

Bytes hex_member(const codec::Json& object, std::string_view name) {
  return codec::from_hex(object.string(name).value()).value();
}
Bytes base64_member(const codec::Json& object, std::string_view name) {
  return codec::from_base64(object.string(name).value()).value();
}

// Of the hashes that we accept, in whole octets, out of some key: all that credentials need.
template <class Derive>
int check_derivations(const codec::Json& vectors, std::string_view key_member,
                      const Derive& derive) {
  int checked = 0;
  for (const codec::Json& vector : *vectors.if_array()) {
    const std::int64_t id = vector.integer("HashAlg").value();
    const std::int64_t bits = vector.integer("Bits").value();
    if (id < 0x000B || bits % 8 != 0 || bits == 0) continue;
    if (vector.string(key_member).value().empty()) continue;
    const Hash hash = id == 0x000B ? Hash::sha256 : id == 0x000C ? Hash::sha384 : Hash::sha512;
    const SecretBytes key = derive(vector, hash, static_cast<std::size_t>(bits / 8));
    EXPECT_EQ(to_hex(key.expose()), vector.string("Result").value())
        << vector.string("Name").value();
    ++checked;
  }
  return checked;
}

TEST_F(TpmCryptoVectors, KdfaDerivesWhatGoTpmDerives) {
  const int checked =
      check_derivations(json("primitives/kdfa.json"), "Key",
                        [](const codec::Json& vector, Hash hash, std::size_t octets) {
                          Bytes context = hex_member(vector, "ContextU");
                          append(context, hex_member(vector, "ContextV"));
                          return kdfa(hash, hex_member(vector, "Key"),
                                      vector.string("Label").value(), context, octets);
                        });
  EXPECT_GT(checked, 3);
}

TEST_F(TpmCryptoVectors, KdfeDerivesWhatGoTpmDerives) {
  const int checked = check_derivations(
      json("primitives/kdfe.json"), "Z",
      [](const codec::Json& vector, Hash hash, std::size_t octets) {
        return kdfe(hash, hex_member(vector, "Z"), vector.string("Label").value(),
                    hex_member(vector, "ContextU"), hex_member(vector, "ContextV"), octets);
      });
  EXPECT_GT(checked, 3);
}

TEST_F(TpmCryptoVectors, KeylimesQuoteVerifiesAndItsNameIsComputed) {
  const auto key = codec::parse_tpm2b_public(file("keylime/ak.pub")).value();
  EXPECT_EQ(tpm_name(key).value(), file("keylime/ak.name"));
  EXPECT_EQ(public_key_of(key).value(),
            PublicKey::from_pem(as_text(file("keylime/akpub.pem"))).value());
  const Bytes attest = file("keylime/quote.out");
  auto signature = codec::parse_tpmt_signature(file("keylime/quotesig.out")).value();
  EXPECT_EQ(code_of(verify_tpm_signature(key, attest, signature)), "");

  Bytes changed = attest;
  changed.back() ^= 1;
  EXPECT_EQ(code_of(verify_tpm_signature(key, changed, signature)), "SIG-INVALID");
  std::get<codec::TpmRsaSignature>(signature.value).signature.back() ^= 1;
  EXPECT_EQ(code_of(verify_tpm_signature(key, attest, signature)), "SIG-INVALID");
}

TEST_F(TpmCryptoVectors, GooglesQuotesVerifyByTheirKeyAndNoOther) {
  const codec::Json evidence = json("gce-cos-85-nonce9009.json");
  const auto key = codec::parse_tpmt_public(base64_member(evidence, "ak_public_tpmt")).value();
  const auto other = codec::parse_tpm2b_public(file("keylime/ak.pub")).value();
  EXPECT_EQ(tpm_name(key).value(), hex_member(*evidence.object("ak_info").value(), "name"));
  const codec::Json::Array& quotes = *evidence.array("quotes").value()->if_array();
  ASSERT_EQ(quotes.size(), 3U);
  for (const codec::Json& quote : quotes) {
    const Bytes attest = base64_member(quote, "attest");
    const auto signature =
        codec::parse_tpmt_signature(base64_member(quote, "signature_tpmt")).value();
    EXPECT_EQ(code_of(verify_tpm_signature(key, attest, signature)), "");
    EXPECT_EQ(code_of(verify_tpm_signature(other, attest, signature)), "SIG-INVALID");
  }
  const auto certificate = Certificate::from_der(base64_member(evidence, "ak_certificate_der"));
  ASSERT_TRUE(certificate.has_value()) << describe(certificate.error());
  EXPECT_EQ(certificate->public_key().value(), public_key_of(key).value());
}

TEST_F(TpmCryptoVectors, TrusteesQuoteVerifiesByItsKey) {
  const codec::Json evidence = json("trustee-tpm_evidence.json");
  const codec::Json& quote = *evidence.object("tpm_quote").value();
  const PublicKey key = PublicKey::from_spki_der(base64_member(evidence, "ak_public")).value();
  const auto signature = codec::parse_tpmt_signature(base64_member(quote, "signature")).value();
  ASSERT_EQ(signature.algorithm, codec::TpmAlgorithm::rsassa);
  EXPECT_EQ(code_of(key.verify(Hash::sha256, base64_member(quote, "message"),
                               std::get<codec::TpmRsaSignature>(signature.value).signature)),
            "");
}

}  // namespace
}  // namespace vedette::crypto
