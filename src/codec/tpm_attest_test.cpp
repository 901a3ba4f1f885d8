#include <gtest/gtest.h>

#include "codec/tpm.h"
#include "codec/tpm_samples.h"

namespace vedette::codec {
namespace {

using samples::AttestFields;
using samples::filled;
using samples::Wire;

std::string code_of(const Bytes& bytes) {
  const auto attest = parse_tpms_attest(bytes);
  return attest.has_value() ? "accepted" : attest.error().code;
}

Wire selection(unsigned bank, const Bytes& select) {
  Wire wire;
  wire.u16(bank).u8(static_cast<unsigned>(select.size())).raw(select);
  return wire;
}

std::string code_of_selections(std::uint32_t count, const std::vector<Wire>& entries) {
  Wire wire;
  wire.u32(count);
  for (const Wire& entry : entries)
    wire.raw(entry.bytes());
  const auto selections = parse_pcr_selections(wire.bytes());
  return selections.has_value() ? "accepted" : selections.error().code;
}

TEST(TpmAttest, RefusesEveryTruncation) {
  for (const Bytes& whole : {samples::quote(), samples::certification()}) {
    ASSERT_EQ(code_of(whole), "accepted");
    for (std::size_t length = 0; length < whole.size(); ++length)
      EXPECT_EQ(code_of(to_bytes(ByteView(whole).first(length))), "TPM-SYNTAX") << length;
  }
}

TEST(TpmAttest, RefusesOneOctetBehindTheStructure) {
  for (Bytes whole : {samples::quote(), samples::certification()}) {
    whole.push_back(0);
    EXPECT_EQ(code_of(whole), "TPM-SYNTAX");
  }
}

TEST(TpmAttest, RefusesAForeignMagicBeforeItLooksFurther) {
  EXPECT_EQ(code_of(samples::quote({.magic = 0xFF544346})), "TPM-MAGIC");
  EXPECT_EQ(code_of({0, 0, 0, 0}), "TPM-MAGIC");
  EXPECT_EQ(code_of(samples::quote({.magic = 0, .type = 0, .safe = 9})), "TPM-MAGIC");
}

TEST(TpmAttest, RefusesOtherKindsOfAttestation) {
  for (const unsigned type : {0x8014U, 0x8015U, 0x8016U, 0x8019U, 0x801AU, 0x801CU, 0U})
    EXPECT_EQ(code_of(samples::quote({.type = type})), "TPM-ATTEST-TYPE") << type;
}

TEST(TpmAttest, RefusesAQuoteRelabelledAsCertification) {
  EXPECT_EQ(code_of(samples::quote({.type = 0x8017})), "TPM-SYNTAX");
}

TEST(TpmAttest, RefusesASafeFlagThatIsNeitherYesNorNo) {
  EXPECT_EQ(code_of(samples::quote({.safe = 2})), "TPM-SYNTAX");
  EXPECT_EQ(code_of(samples::quote({.safe = 255})), "TPM-SYNTAX");
}

TEST(TpmAttest, RefusesNamesAndNoncesLongerThanATpmMakes) {
  EXPECT_EQ(code_of(samples::quote({.signer = filled(66, 1), .nonce = filled(66, 1)})), "accepted");
  EXPECT_EQ(code_of(samples::quote({.signer = filled(67, 1)})), "TPM-SYNTAX");
  EXPECT_EQ(code_of(samples::quote({.nonce = filled(67, 1)})), "TPM-SYNTAX");
}

TEST(TpmAttest, ReadsAQuote) {
  const auto attest = parse_tpms_attest(samples::quote());
  ASSERT_TRUE(attest.has_value());
  EXPECT_EQ(attest->qualified_signer, filled(34, 0x11));
  EXPECT_EQ(attest->extra_data, filled(32, 0x22));
  EXPECT_EQ(attest->clock.clock, 123'456U);
  EXPECT_EQ(attest->clock.reset_count, 7U);
  EXPECT_EQ(attest->clock.restart_count, 8U);
  EXPECT_TRUE(attest->clock.safe);
  EXPECT_EQ(attest->firmware_version, 0x2024'0125'0012'0000U);
  const auto* info = std::get_if<TpmQuoteInfo>(&attest->info);
  ASSERT_NE(info, nullptr);
  const TpmPcrSelection expected{TpmAlgorithm::sha256, {0, 1, 7, 10}};
  EXPECT_EQ(info->selections, std::vector{expected});
  EXPECT_EQ(info->pcr_digest, filled(32, 0x33));
}

TEST(TpmAttest, KeepsAClockThatIsNotSafe) {
  const auto attest = parse_tpms_attest(samples::quote({.safe = 0}));
  ASSERT_TRUE(attest.has_value());
  EXPECT_FALSE(attest->clock.safe);
}

TEST(TpmAttest, ReadsACertification) {
  const auto attest = parse_tpms_attest(samples::certification());
  ASSERT_TRUE(attest.has_value());
  const auto* info = std::get_if<TpmCertifyInfo>(&attest->info);
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->name, filled(34, 0x44));
  EXPECT_EQ(info->qualified_name, filled(34, 0x55));
}

TEST(TpmPcrSelections, RefuseSizesOutsideOneToFour) {
  EXPECT_EQ(code_of_selections(1, {selection(0x000B, {})}), "TPM-SYNTAX");
  EXPECT_EQ(code_of_selections(1, {selection(0x000B, {1, 0, 0, 0, 0})}), "TPM-SYNTAX");
}

TEST(TpmPcrSelections, RefuseARegisterAbove23) {
  EXPECT_EQ(code_of_selections(1, {selection(0x000B, {1, 0, 0, 1})}), "TPM-SYNTAX");
  EXPECT_EQ(code_of_selections(1, {selection(0x000B, {1, 0, 0, 0x80})}), "TPM-SYNTAX");
}

TEST(TpmPcrSelections, RefuseABankThatIsNoHash) {
  for (const unsigned bank : {0x0000U, 0x0001U, 0x0010U, 0x0012U, 0xFFFFU})
    EXPECT_EQ(code_of_selections(1, {selection(bank, {1, 0, 0})}), "TPM-SYNTAX") << bank;
}

TEST(TpmPcrSelections, RefuseCountsThatTheOctetsDoNotBear) {
  const Wire one = selection(0x000B, {1, 0, 0});
  EXPECT_EQ(code_of_selections(0xFFFFFFFF, {one}), "TPM-SYNTAX");
  EXPECT_EQ(code_of_selections(17, std::vector<Wire>(17, one)), "TPM-SYNTAX");
  EXPECT_EQ(code_of_selections(16, std::vector<Wire>(16, one)), "accepted");
  EXPECT_EQ(code_of_selections(2, {one}), "TPM-SYNTAX");
  EXPECT_EQ(code_of_selections(0, {one}), "TPM-SYNTAX");
}

TEST(TpmPcrSelections, ReadEveryWidthInTheOrderOfTheWire) {
  Wire wire;
  wire.u32(4)
      .raw(selection(0x000D, {0x80}).bytes())
      .raw(selection(0x000B, {0, 0x01}).bytes())
      .raw(selection(0x0004, {0, 0, 0x80}).bytes())
      .raw(selection(0x000C, {0, 0, 0, 0}).bytes());
  const auto selections = parse_pcr_selections(wire.bytes());
  ASSERT_TRUE(selections.has_value());
  const std::vector<TpmPcrSelection> expected = {{TpmAlgorithm::sha512, {7}},
                                                 {TpmAlgorithm::sha256, {8}},
                                                 {TpmAlgorithm::sha1, {23}},
                                                 {TpmAlgorithm::sha384, {}}};
  EXPECT_EQ(*selections, expected);
}

}  // namespace
}  // namespace vedette::codec
