// A device that is quoted in its SHA-384 bank: everything that replays does so in that bank.
#include <filesystem>

#include <gtest/gtest.h>

#include "attestation/appraisal/learning.h"
#include "attestation/appraisal/verifier_scene.h"
#include "base/fd.h"
#include "codec/base64.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;

class Sha384Bank : public ::testing::Test {
 protected:
  Sha384Bank() { verifier_.published = {to_hex(crypto::sha256(as_bytes("voice")))}; }

  void learn() {
    verifier_.learn(device_);
    ASSERT_EQ(verifier_.code(device_), "affirming");
  }

  MeasuredDevice device_ = MeasuredDevice::with_both_banks(TpmAlgorithm::sha384);
  Verifier verifier_;
};

TEST_F(Sha384Bank, RefusesALogWithoutDigestsOfTheBank) {
  learn();
  DeviceLogs logs = device_.logs();
  logs.event_log = testing::sound_boot().bytes();
  EXPECT_EQ(verifier_.code(device_, logs), "ATT-LOG-BANK");
}

TEST_F(Sha384Bank, RefusesALogWhoseDigestsOfTheBankAreNotTheRegisters) {
  learn();
  MeasuredDevice other = device_;
  other.boot.measure(4, EventType::efi_boot_services_application,
                     vedette::testing::image_load("\\evil.efi"), to_bytes("evil"));
  DeviceLogs logs = device_.logs();
  logs.event_log = other.boot.bytes();
  EXPECT_EQ(verifier_.code(device_, logs), "ATT-LOG-MISMATCH");
}

// "TPM Carte Blanche": the bank is active, and the firmware does not extend it.
TEST_F(Sha384Bank, RefusesABankThatTheFirmwareNeverExtended) {
  learn();
  for (const std::uint8_t pcr : {std::uint8_t{0}, std::uint8_t{4}}) {
    QuoteScene tpm = device_.tpm;
    tpm.registers = device_.registers();
    tpm.registers[pcr] = crypto::BankDigest(TpmAlgorithm::sha384);
    const auto quote = verify_quote(tpm.evidence(tpm.quote()), tpm.expectation()).value();
    EXPECT_EQ(appraise(quote, std::nullopt).error->code, "ATT-PCR-UNEXTENDED") << int{pcr};
    EXPECT_EQ(verifier_.first_code(device_, tpm.registers, device_.logs()), "ATT-LOG-UNEXTENDED")
        << int{pcr};
  }
}

// Before Linux 5.8 every bank was extended with the SHA-1 of the template, and zeros.
TEST_F(Sha384Bank, RefusesARegisterThatTheKernelExtendedWithPaddedSha1) {
  learn();
  crypto::BankDigest padded(TpmAlgorithm::sha384);
  for (const ImaEntry& entry : device_.ima_entries()) {
    Bytes digest = to_bytes(crypto::insecure_sha1(entry.template_data));
    digest.resize(48);
    padded = padded.extended(crypto::BankDigest::from(TpmAlgorithm::sha384, digest).value());
  }
  auto registers = device_.registers();
  registers[kImaPcr] = padded;
  EXPECT_EQ(verifier_.first_code(device_, std::move(registers), device_.logs()),
            "ATT-IMA-MISMATCH");
}

// The registers of the other bank are not in the quote, so nothing vouches for them.
TEST_F(Sha384Bank, RefusesABootAggregateOfTheOtherBank) {
  learn();
  MeasuredDevice other = device_;
  other.bank = TpmAlgorithm::sha256;
  DeviceLogs logs = device_.logs();
  logs.ima->octets = other.ima_list(0);
  auto registers = device_.registers();
  const auto entries = other.ima_entries();
  registers[kImaPcr] =
      crypto::BankDigest::from(TpmAlgorithm::sha384,
                               register_after(entries, entries.size(), TpmAlgorithm::sha384))
          .value();
  EXPECT_EQ(verifier_.first_code(device_, std::move(registers), logs), "ATT-IMA-BOOT-AGGREGATE");
}

TEST_F(Sha384Bank, RefusesAnAgentThatExtendsTheOtherBankAlone) {
  learn();
  device_.banks = {TpmAlgorithm::sha256};
  EXPECT_EQ(verifier_.code(device_, device_.logs()), "ATT-RUNTIME-LOG-BANK");
}

TEST_F(Sha384Bank, RefusesReferencesOfTheOtherBank) {
  ReferenceValues exact;
  MeasuredDevice before = device_;
  before.bank = TpmAlgorithm::sha256;
  for (const auto& [pcr, value] : before.registers())
    exact.registers[pcr] = {value};
  EXPECT_EQ(appraise(device_.quote(), exact).error->code, "ATT-PCR-BANK");
  for (const auto& [pcr, value] : device_.registers())
    exact.registers[pcr].push_back(value);
  EXPECT_FALSE(appraise(device_.quote(), exact).error) << "values of both stand side by side";
  exact.registers[4].pop_back();
  EXPECT_EQ(appraise(device_.quote(), exact).error->code, "ATT-PCR-BANK") << "each register by it";
}

TEST_F(Sha384Bank, NothingOfTheOtherBankIsGoneOnFrom) {
  MeasuredDevice before = device_;
  before.bank = TpmAlgorithm::sha256;
  verifier_.learn(before);
  ASSERT_EQ(verifier_.code(before), "affirming");
  device_.clock = before.clock;
  // Without news for a verifier that looked at the other bank only.
  EXPECT_EQ(verifier_.code(device_), "ATT-LOGS-WANTED");
  EXPECT_EQ(verifier_.code(device_, device_.logs()), "ATT-BOOT-UNACCEPTED")
      << "digests of the boot are of the other bank";
}

TEST_F(Sha384Bank, LearnsAffirmsAndNoticesAChange) {
  learn();
  EXPECT_EQ(bank_of(verifier_.last->registers), TpmAlgorithm::sha384);
  EXPECT_EQ(verifier_.code(device_), "affirming") << "nothing new is nothing to send";
  device_.files.emplace_back("/tmp/miner", "miner");
  EXPECT_EQ(verifier_.code(device_), "ATT-IMA-UNACCEPTED");
}

TEST_F(Sha384Bank, WhatIsRememberedOfItIsReadBack) {
  learn();
  const auto json = codec::parse_json(codec::to_json(to_json(*verifier_.memory))).value();
  EXPECT_EQ(parse_device_memory(json).value(), *verifier_.memory);
  EXPECT_EQ(verifier_.memory->ima.bank, TpmAlgorithm::sha384);
  EXPECT_EQ(verifier_.memory->runtime.value.bank(), TpmAlgorithm::sha384);
}

// google/go-tpm-tools: the quote of a cloud machine's TPM, and the log behind it.
TEST(CapturedSha384Quote, VouchesForItsLogFromPcr0To9) {
  const std::string folder = std::string(VEDETTE_VECTORS) + "/tpm-quote/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no vectors in " << folder;
  const auto text = read_file(folder + "gce-cos-85-nonce9009.json", 4 << 20).value();
  const codec::Json json = codec::parse_json(as_text(text)).value();
  const auto octets = [](const codec::Json& object, std::string_view member) {
    return codec::from_base64(object.string(member).value()).value();
  };
  QuoteExpectation expected{
      .attestation_key = codec::parse_tpmt_public(octets(json, "ak_public_tpmt")).value(),
      .extra_data = {0x90, 0x09},
      .selection = {TpmAlgorithm::sha384, {}},
      .last = {},
      .firmware = {}};
  QuoteEvidence evidence;
  for (const codec::Json& quote : *json.find("quotes")->if_array()) {
    if (quote.string("bank").value() != "sha384") continue;
    evidence.attest = octets(quote, "attest");
    evidence.signature = octets(quote, "signature_tpmt");
    for (std::uint8_t pcr = 0; pcr < 24; ++pcr) {
      expected.selection.registers.push_back(pcr);
      evidence.values.push_back(octets(*quote.find("pcrs"), std::to_string(pcr)));
    }
  }
  const auto quote = verify_quote(evidence, expected);
  ASSERT_TRUE(quote.has_value()) << describe(quote.error());
  // What is neither firmware's nor the boot loaders': another log's, or never used.
  std::set<std::uint8_t> elsewhere;
  for (std::uint8_t pcr = 10; pcr < 24; ++pcr)
    if (pcr != 14) elsewhere.insert(pcr);
  const Bytes log = octets(json, "event_log");
  const auto boot = verify_event_log(parse_event_log(log).value(),
                                     quoted_registers((*quote)->registers), elsewhere);
  ASSERT_TRUE(boot.has_value()) << describe(boot.error());
  EXPECT_EQ((*boot)->bank, TpmAlgorithm::sha384);
  for (std::uint8_t pcr = 0; pcr < 10; ++pcr)
    EXPECT_TRUE((*boot)->registers.contains(pcr)) << int{pcr};
  Registers bent = (*quote)->registers;
  bent[9] = bent[8];
  EXPECT_EQ(
      code_of(verify_event_log(parse_event_log(log).value(), quoted_registers(bent), elsewhere)),
      "ATT-LOG-MISMATCH");
}

}  // namespace
}  // namespace vedette::attestation
