// Quotes that real TPM implementations made, judged as their README says.
#include <filesystem>

#include <gtest/gtest.h>

#include "attestation/appraisal.h"
#include "base/fd.h"
#include "codec/base64.h"
#include "testing/quote_scene.h"

namespace vedette::attestation {
namespace {

using codec::Json;
using codec::TpmAlgorithm;

const std::string kFolder = std::string(VEDETTE_VECTORS) + "/tpm-quote/";

Bytes file(const std::string& name) {
  return read_file(kFolder + name, 4 << 20).value();
}

Json json_file(const std::string& name) {
  return codec::parse_json(as_text(file(name))).value();
}

Bytes octets(const Json& object, std::string_view member) {
  return codec::from_base64(object.string(member).value()).value();
}

codec::TpmPcrSelection all_registers() {
  codec::TpmPcrSelection selection;
  selection.registers.reserve(24);
  for (std::uint8_t pcr = 0; pcr < 24; ++pcr)
    selection.registers.push_back(pcr);
  return selection;
}

class CapturedQuote : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder))
      GTEST_SKIP() << "no vectors in " << kFolder << ": captured quotes are not judged";
  }

  // google/go-tpm-tools: a shielded virtual machine's TPM, nonce 90 09, one quote per bank.
  struct Case {
    QuoteEvidence evidence;
    QuoteExpectation expected;
  };
  static Case gce(const std::string& bank) {
    const Json json = json_file("gce-cos-85-nonce9009.json");
    Case made;
    made.expected.attestation_key =
        codec::parse_tpmt_public(octets(json, "ak_public_tpmt")).value();
    made.expected.extra_data = {0x90, 0x09};
    made.expected.selection = all_registers();
    for (const Json& quote : *json.find("quotes")->if_array()) {
      if (quote.string("bank").value() != bank) continue;
      made.evidence.attest = octets(quote, "attest");
      made.evidence.signature = octets(quote, "signature_tpmt");
      for (int pcr = 0; pcr < 24; ++pcr)
        made.evidence.values.push_back(octets(*quote.find("pcrs"), std::to_string(pcr)));
    }
    return made;
  }

  // keylime: tpm2-tools on a simulator, registers 15, 16 and 22.
  static Case keylime() {
    Case made;
    made.expected.attestation_key = codec::parse_tpm2b_public(file("keylime/ak.pub")).value();
    made.expected.extra_data = codec::from_hex("db1db298db6d60e6385b7231743e9c3056a18003").value();
    made.expected.selection.registers = {15, 16, 22};
    made.evidence.attest = file("keylime/quote.out");
    made.evidence.signature = file("keylime/quotesig.out");
    made.evidence.values = keylime_values();
    return made;
  }

  // The file holds structures of the tool's own, of fixed size and in host order: a selection of
  // 132 octets, two counts, then the digests, each in a slot of 66 with its size in front.
  static std::vector<Bytes> keylime_values() {
    constexpr std::size_t kFirst = 132 + 4 + 4 + 2;
    constexpr std::size_t kSlot = 66;
    const Bytes all = file("keylime/quotepcr.out");
    std::vector<Bytes> values;
    values.reserve(3);
    for (std::size_t i = 0; i < 3; ++i)
      values.push_back(to_bytes(ByteView(all).subspan(kFirst + i * kSlot, 32)));
    return values;
  }

  // confidential-containers/trustee: a software TPM whose AK comes as SubjectPublicKeyInfo alone,
  // so the attributes are made up here.
  static Case trustee() {
    constexpr std::size_t kModulusOffset = 33;  // in the SPKI of every RSA-2048 key
    const Json json = json_file("trustee-tpm_evidence.json");
    const Json& quote = *json.find("tpm_quote");
    const Bytes spki = octets(json, "ak_public");
    Case made;
    made.expected.attestation_key =
        codec::parse_tpmt_public(
            vedette::testing::forge_rsa_public(ByteView(spki).subspan(kModulusOffset, 256),
                                               vedette::testing::attestation_shape()))
            .value();
    made.expected.extra_data =
        codec::from_hex(
            "a04182b506878d4f29b91ee606a71a0d3361ccf1b22db20c98adcaa537bea393"
            "ef0e41a18b3569ab678f1497fbc5c12000000000000000000000000000000000")
            .value();
    made.expected.selection = all_registers();
    made.evidence.attest = octets(quote, "message");
    made.evidence.signature = octets(quote, "signature");
    for (const Json& value : *quote.find("pcrs")->if_array())
      made.evidence.values.push_back(codec::from_hex(*value.if_string()).value());
    return made;
  }
};

TEST_F(CapturedQuote, a_cloud_tpms_sha256_quote_is_accepted) {
  const Case made = gce("sha256");
  const auto quote = verify_quote(made.evidence, made.expected);
  ASSERT_TRUE(quote.has_value()) << describe(quote.error());
  EXPECT_EQ((*quote)->registers.size(), 24U);
  EXPECT_EQ((*quote)->clock.reset_count, 10U);
  EXPECT_EQ((*quote)->firmware_version, 0x2016051100162800U);
  EXPECT_TRUE((*quote)->clock.safe);
}

TEST_F(CapturedQuote, the_same_tpms_sha1_quote_is_refused_whoever_asks_for_it) {
  Case made = gce("sha1");
  for (const auto asked : {TpmAlgorithm::sha256, TpmAlgorithm::sha384, TpmAlgorithm::sha1}) {
    made.expected.selection.bank = asked;
    EXPECT_EQ(code_of(verify_quote(made.evidence, made.expected)), "ATT-SELECTION");
  }
}

TEST_F(CapturedQuote, the_same_tpms_sha384_quote_is_accepted_where_that_bank_is_asked_for) {
  Case made = gce("sha384");
  EXPECT_EQ(code_of(verify_quote(made.evidence, made.expected)), "ATT-SELECTION");
  made.expected.selection.bank = TpmAlgorithm::sha384;
  const auto quote = verify_quote(made.evidence, made.expected);
  ASSERT_TRUE(quote.has_value()) << describe(quote.error());
  EXPECT_EQ(bank_of((*quote)->registers), TpmAlgorithm::sha384);
  EXPECT_EQ(to_bytes((*quote)->registers.at(9).octets()), made.evidence.values[9]);
}

TEST_F(CapturedQuote, a_quote_of_a_simulator_is_accepted) {
  const Case made = keylime();
  const auto quote = verify_quote(made.evidence, made.expected);
  ASSERT_TRUE(quote.has_value()) << describe(quote.error());
  EXPECT_TRUE((*quote)->registers.contains(15));
  EXPECT_TRUE((*quote)->registers.contains(16));
  EXPECT_EQ((*quote)->registers.at(22), [] {
    crypto::Sha256Digest ones;
    ones.fill(0xFF);
    return ones;
  }());
}

TEST_F(CapturedQuote, a_software_tpms_quote_is_accepted_but_its_unextended_registers_are_not) {
  const Case made = trustee();
  const auto quote = verify_quote(made.evidence, made.expected);
  ASSERT_TRUE(quote.has_value()) << describe(quote.error());
  const Appraisal appraisal = appraise(*quote, learn(*quote));
  ASSERT_TRUE(appraisal.error.has_value());
  EXPECT_EQ(appraisal.error->code, "ATT-PCR-UNEXTENDED");
}

TEST_F(CapturedQuote, no_quote_passes_for_another_devices) {
  const Case cases[] = {gce("sha256"), keylime(), trustee()};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) {
      Case crossed = cases[i];
      crossed.expected.attestation_key = cases[j].expected.attestation_key;
      EXPECT_EQ(code_of(verify_quote(crossed.evidence, crossed.expected)),
                i == j ? "accepted" : "ATT-SIGNATURE")
          << i << j;
    }
}

TEST_F(CapturedQuote, a_flipped_bit_of_statement_or_signature_is_refused) {
  const Case made = gce("sha256");
  for (std::size_t i = 0; i < made.evidence.attest.size(); ++i) {
    Case bent = made;
    bent.evidence.attest[i] ^= 1U;
    EXPECT_EQ(code_of(verify_quote(bent.evidence, bent.expected)), "ATT-SIGNATURE") << i;
  }
  for (std::size_t i = 0; i < made.evidence.signature.size(); ++i) {
    Case bent = made;
    bent.evidence.signature[i] ^= 1U;
    EXPECT_EQ(code_of(verify_quote(bent.evidence, bent.expected)), "ATT-SIGNATURE") << i;
  }
}

TEST_F(CapturedQuote, a_changed_nonce_value_or_relabelled_selection_is_refused) {
  Case made = keylime();
  made.expected.extra_data[0] ^= 1U;
  EXPECT_EQ(code_of(verify_quote(made.evidence, made.expected)), "ATT-NONCE");
  made = keylime();
  made.evidence.values[0][0] ^= 1U;
  EXPECT_EQ(code_of(verify_quote(made.evidence, made.expected)), "ATT-PCR-DIGEST");
  made = keylime();
  made.expected.selection.registers = {10, 15, 22};  // 16 is resettable, 10 is not
  EXPECT_EQ(code_of(verify_quote(made.evidence, made.expected)), "ATT-SELECTION");
}

}  // namespace
}  // namespace vedette::attestation
