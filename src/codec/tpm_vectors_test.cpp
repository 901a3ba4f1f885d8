// Structures that real (virtual and software) TPMs made, as published by other projects.
#include <filesystem>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/tpm.h"

namespace vedette::codec {
namespace {

constexpr std::size_t kMaxVector = 1 << 20;

class TpmVectors : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "no vectors in " << folder_;
  }

  [[nodiscard]] Bytes file(const std::string& name) const {
    auto bytes = read_file(folder_ + name, kMaxVector);
    EXPECT_TRUE(bytes.has_value()) << name;
    return bytes.value_or(Bytes());
  }

  [[nodiscard]] Json json(const std::string& name) const {
    auto value = parse_json(as_text(file(name)));
    EXPECT_TRUE(value.has_value()) << name;
    return value.value_or(Json());
  }

  const std::string folder_ = VEDETTE_VECTORS "/tpm-quote/";
};

Bytes base64_member(const Json& object, std::string_view name) {
  const auto text = object.string(name);
  EXPECT_TRUE(text.has_value()) << name;
  auto bytes = from_base64(text.value_or(""));
  EXPECT_TRUE(bytes.has_value()) << name;
  return bytes.value_or(Bytes());
}

std::vector<std::uint8_t> all_registers() {
  std::vector<std::uint8_t> registers(24);
  for (std::size_t i = 0; i < registers.size(); ++i)
    registers[i] = static_cast<std::uint8_t>(i);
  return registers;
}

TEST_F(TpmVectors, KeylimeAttestationKeyIsReadWhole) {
  const auto key = parse_tpm2b_public(file("keylime/ak.pub"));
  ASSERT_TRUE(key.has_value()) << describe(key.error());
  EXPECT_EQ(key->attributes.bits, 0x00050072U);
  EXPECT_EQ(key->scheme, TpmAlgorithm::rsassa);
  EXPECT_EQ(key->scheme_hash, TpmAlgorithm::sha256);
  EXPECT_EQ(std::get<TpmRsaModulus>(key->unique).exponent, 65537U);
}

TEST_F(TpmVectors, KeylimeEndorsementKeyIsAStorageKey) {
  const auto key = parse_tpm2b_public(file("keylime/ek.pub"));
  ASSERT_TRUE(key.has_value()) << describe(key.error());
  EXPECT_TRUE(key->attributes.restricted() && key->attributes.decrypt());
  EXPECT_TRUE(key->attributes.admin_with_policy());
  EXPECT_EQ(key->symmetric, TpmAlgorithm::aes);
  EXPECT_EQ(key->auth_policy.size(), 32U);
}

TEST_F(TpmVectors, KeylimeQuoteSelectsWhatItsReadmeSays) {
  const auto attest = parse_tpms_attest(file("keylime/quote.out"));
  ASSERT_TRUE(attest.has_value()) << describe(attest.error());
  EXPECT_EQ(to_hex(attest->extra_data), "db1db298db6d60e6385b7231743e9c3056a18003");
  const auto& info = std::get<TpmQuoteInfo>(attest->info);
  const TpmPcrSelection expected{TpmAlgorithm::sha256, {15, 16, 22}};
  EXPECT_EQ(info.selections, std::vector{expected});
  EXPECT_EQ(info.pcr_digest.size(), 32U);
}

TEST_F(TpmVectors, KeylimeSignatureIsRsassa) {
  const auto signature = parse_tpmt_signature(file("keylime/quotesig.out"));
  ASSERT_TRUE(signature.has_value()) << describe(signature.error());
  EXPECT_EQ(signature->algorithm, TpmAlgorithm::rsassa);
  EXPECT_EQ(signature->hash, TpmAlgorithm::sha256);
}

TEST_F(TpmVectors, CloudQuotesOfThreeBanksAreReadWhole) {
  const Json evidence = json("gce-cos-85-nonce9009.json");
  const auto key = parse_tpmt_public(base64_member(evidence, "ak_public_tpmt"));
  ASSERT_TRUE(key.has_value()) << describe(key.error());
  const auto quotes = evidence.array("quotes");
  ASSERT_TRUE(quotes.has_value());
  const std::vector<TpmAlgorithm> banks = {TpmAlgorithm::sha1, TpmAlgorithm::sha256,
                                           TpmAlgorithm::sha384};
  ASSERT_EQ((*quotes)->if_array()->size(), banks.size());
  for (std::size_t i = 0; i < banks.size(); ++i) {
    const Json& quote = (*quotes)->if_array()->at(i);
    const auto attest = parse_tpms_attest(base64_member(quote, "attest"));
    ASSERT_TRUE(attest.has_value()) << describe(attest.error());
    EXPECT_EQ(to_hex(attest->extra_data), "9009");
    const TpmPcrSelection expected{banks[i], all_registers()};
    EXPECT_EQ(std::get<TpmQuoteInfo>(attest->info).selections, std::vector{expected});
    EXPECT_TRUE(parse_tpmt_signature(base64_member(quote, "signature_tpmt")).has_value());
  }
}

TEST_F(TpmVectors, SoftwareTpmQuoteIsReadWhole) {
  const Json evidence = json("trustee-tpm_evidence.json");
  const Json* quote = evidence.find("tpm_quote");
  ASSERT_NE(quote, nullptr);
  const auto attest = parse_tpms_attest(base64_member(*quote, "message"));
  ASSERT_TRUE(attest.has_value()) << describe(attest.error());
  EXPECT_EQ(attest->extra_data.size(), 64U);
  const TpmPcrSelection expected{TpmAlgorithm::sha256, all_registers()};
  EXPECT_EQ(std::get<TpmQuoteInfo>(attest->info).selections, std::vector{expected});
  EXPECT_TRUE(parse_tpmt_signature(base64_member(*quote, "signature")).has_value());
}

TEST_F(TpmVectors, RealStructuresAreRefusedAtEveryOtherLength) {
  const Bytes quote = file("keylime/quote.out");
  const Bytes key = file("keylime/ak.pub");
  const Bytes signature = file("keylime/quotesig.out");
  for (std::size_t length = 0; length < quote.size(); ++length)
    EXPECT_FALSE(parse_tpms_attest(ByteView(quote).first(length)).has_value()) << length;
  for (std::size_t length = 0; length < key.size(); ++length)
    EXPECT_FALSE(parse_tpm2b_public(ByteView(key).first(length)).has_value()) << length;
  for (std::size_t length = 0; length < signature.size(); ++length)
    EXPECT_FALSE(parse_tpmt_signature(ByteView(signature).first(length)).has_value()) << length;
}

TEST_F(TpmVectors, OneStructureIsNotTakenForAnother) {
  EXPECT_FALSE(parse_tpms_attest(file("keylime/quotesig.out")).has_value());
  EXPECT_FALSE(parse_tpmt_signature(file("keylime/quote.out")).has_value());
  EXPECT_FALSE(parse_tpmt_public(file("keylime/ak.pub")).has_value());
  EXPECT_FALSE(parse_tpm2b_public(file("keylime/ak.name")).has_value());
  EXPECT_FALSE(parse_tpms_attest(file("keylime/mkcred.out")).has_value());
}

}  // namespace
}  // namespace vedette::codec
