// Attacks on a whole attestation that no test of a single part shows. The attacker owns the
// device's software, but not its TPM.
#include <gtest/gtest.h>

#include "attestation/appraisal/learning.h"
#include "attestation/appraisal/verifier_scene.h"
#include "attestation/challenge.h"
#include "attestation/event_log/device_path.h"
#include "codec/base64.h"

namespace vedette::attestation {
namespace {

constexpr std::uint8_t kResettable = 16;

class Attack : public ::testing::Test {
 protected:
  Attack() {
    verifier_.learn(device_);
    verifier_.published = {to_hex(crypto::sha256(as_bytes("voice")))};
    EXPECT_EQ(code(), "affirming");
  }

  std::string code(const std::optional<DeviceLogs>& sent = {}) {
    return verifier_.code(device_, sent);
  }
  // What a verifier that has not seen the device before says of a quote of these registers.
  std::string code_of_registers(Registers registers) {
    return verifier_.first_code(device_, std::move(registers), device_.logs());
  }

  MeasuredDevice device_;
  Verifier verifier_;
};

// Class 1: the nonce.

// Two spellings of a nonce must not both be good: the binding is over its octets.
TEST_F(Attack, TheNoncesBase64InPlaceOfItsOctetsIsRefused) {
  QuoteScene& tpm = device_.tpm;
  auto shape = tpm.quote();
  const std::string text = codec::to_base64(tpm.nonce);
  shape.extra_data = to_bytes(quote_binding(as_bytes(text), tpm.fingerprint, tpm.channel));
  EXPECT_EQ(code_of(verify_quote(tpm.evidence(shape), tpm.expectation())), "ATT-NONCE");
}

// Keylime CVE-2026-6420: a challenge that is the same for all.
TEST(AttackOnChallenges, NoChallengeIsEverTheSame) {
  ChallengeBook book;
  const DeviceId device = DeviceId::parse("drone-1").value();
  std::set<Bytes> seen;
  for (int i = 0; i < 1000; ++i)
    seen.insert(book.issue(device, {}, TimePoint()).value().nonce);
  EXPECT_EQ(seen.size(), 1000U);
}

// Class 7: what was issued before a restart is not good behind it.
TEST(AttackOnChallenges, ARestartedVerifierKnowsNoChallengeFromBefore) {
  const DeviceId device = DeviceId::parse("drone-1").value();
  const auto challenge = ChallengeBook().issue(device, {}, TimePoint()).value();
  EXPECT_EQ(code_of(ChallengeBook().redeem(challenge.nonce, device, {}, TimePoint())),
            "ATT-NONCE-UNKNOWN");
}

// Class 2: the selection.

// Register 16 can be reset and filled with the sound list's digests at will.
TEST_F(Attack, AResettableRegisterOfferedAsImasIsRefused) {
  QuoteScene& tpm = device_.tpm;
  tpm.registers = device_.registers();
  const auto expected = tpm.expectation();
  tpm.registers[kResettable] = tpm.registers.at(kImaPcr);
  tpm.registers.erase(kImaPcr);
  const auto signed_as_it_is = tpm.evidence(tpm.quote());
  EXPECT_EQ(code_of(verify_quote(signed_as_it_is, expected)), "ATT-SELECTION");
  auto shape = tpm.quote();
  shape.selections = {expected.selection};
  auto relabelled = signed_as_it_is;
  relabelled.attest = testing::forge_attest(shape);
  EXPECT_EQ(code_of(verify_quote(relabelled, expected)), "ATT-SIGNATURE");
}

// CVE-2025-64186: what is left out must not pass for what is well.
TEST_F(Attack, ARegisterThatWasNotQuotedIsMissed) {
  ASSERT_EQ(code_of_registers(device_.registers()), "affirming");
  for (const std::uint8_t left_out :
       {std::uint8_t{4}, std::uint8_t{5}, std::uint8_t{7}, kImaPcr, kAgentRegister}) {
    auto registers = device_.registers();
    registers.erase(left_out);
    EXPECT_NE(code_of_registers(registers), "affirming") << unsigned{left_out};
  }
}

// Class 3: registers 17 to 22 are all ones until a dynamic launch; no log explains them.
TEST_F(Attack, ADynamicRegisterIsNotExplainedByALog) {
  auto registers = device_.registers();
  registers[17] = crypto::BankDigest::from(codec::TpmAlgorithm::sha256, Bytes(32, 0xFF)).value();
  EXPECT_EQ(code_of_registers(registers), "ATT-PCR-UNKNOWN");
}

// "TPM Carte Blanche": a sound log beside a bank that nothing extended.
TEST_F(Attack, ASoundLogBesideAnUnextendedBankIsRefused) {
  auto registers = device_.registers();
  for (auto& [pcr, value] : registers)
    value = {};
  EXPECT_EQ(code_of_registers(registers), "ATT-LOG-UNEXTENDED");
}

// Class 5: keys.

// go-attestation #491: an error about an elliptic curve key is not a success.
TEST_F(Attack, AnAttestationKeyOffItsCurveVerifiesNothing) {
  auto expected = device_.tpm.expectation();
  std::get<codec::TpmEccPoint>(expected.attestation_key.unique).y.back() ^= 1U;
  EXPECT_EQ(code_of(verify_quote(device_.tpm.evidence(device_.tpm.quote()), expected)),
            "ATT-SIGNATURE");
}

// Class 7: state.

TEST_F(Attack, AfterTheVerifierLostItsMemoryASliceSaysNothing) {
  const DeviceLogs nothing_new = device_.logs(wish_for(verifier_.memory, &*verifier_.references));
  verifier_.memory.reset();
  EXPECT_EQ(code(nothing_new), "ATT-LOGS-WANTED");
  EXPECT_EQ(code(), "affirming");
}

// A memory from a backup: a finding made since must be found again.
TEST_F(Attack, AnOlderMemoryDoesNotHideWhatWasFound) {
  const auto before = verifier_.memory;
  device_.files.emplace_back("/usr/bin/x", "x");
  EXPECT_EQ(code(), "ATT-IMA-UNACCEPTED");
  const DeviceLogs nothing_new = device_.logs({.event_log = false,
                                               .ima_from = device_.files.size() + 1,
                                               .runtime_from = device_.running.size()});
  verifier_.memory = before;
  EXPECT_EQ(code(nothing_new), "ATT-LOGS-WANTED");
  verifier_.memory = before;
  EXPECT_EQ(code(), "ATT-IMA-UNACCEPTED");
}

// Keylime CVE-2022-3500: trouble with a log leaves no verdict from before in force.
TEST_F(Attack, ALogThatWasRefusedLeavesNothingToGoOnFrom) {
  DeviceLogs torn = device_.logs();
  torn.ima->octets.pop_back();
  EXPECT_EQ(code(torn), "ATT-IMA-SYNTAX");
  EXPECT_FALSE(verifier_.last->affirming);
  EXPECT_EQ(code(DeviceLogs{}), "ATT-LOGS-WANTED");
  const LogWish wish = wish_for(verifier_.memory, &*verifier_.references);
  EXPECT_TRUE(wish.event_log);
  EXPECT_EQ(wish.ima_from, 0U);
}

// CVE-2018-6622: a TPM that woke from suspension may hold what the attacker extended since.
TEST_F(Attack, ADeviceThatWasSuspendedIsJudgedAnew) {
  const DeviceLogs nothing_new = device_.logs(wish_for(verifier_.memory, &*verifier_.references));
  ++device_.restart_count;
  EXPECT_EQ(code(nothing_new), "ATT-LOGS-WANTED");
  EXPECT_EQ(code(device_.logs()), "affirming");
}

// What GRUB's strings are is a claim outside of their digests. Told as something else they are many
// findings; told as what they are again, none. The file that was found in between must stay found.
TEST_F(Attack, FindingsOfOneLogDoNotCrowdOutThoseOfAnother) {
  for (int i = 0; i < 40; ++i)
    device_.boot.grub("grub_cmd: ", "set line=" + std::to_string(i));
  ++device_.reset_count;
  static_cast<void>(code(device_.logs()));
  const Witness witness{.state = *verifier_.last,
                        .event_log = device_.boot.bytes(),
                        .ima_list = device_.ima_list(0),
                        .memory = verifier_.memory,
                        .runtime_register = kAgentRegister};
  verifier_.references = parse_reference_set(learn_references(witness).value()).value();
  ASSERT_EQ(code(device_.logs()), "affirming");
  MeasuredDevice lying = device_;
  for (Event& event : lying.boot.events())
    if (as_text(event.data).starts_with("grub_cmd: set line"))
      event.data = to_bytes("kernel_cmdline: " + std::string(as_text(event.data).substr(10)));
  DeviceLogs logs = device_.logs();
  logs.event_log = lying.boot.bytes();
  ASSERT_EQ(code(logs), "ATT-BOOT-UNACCEPTED");
  const auto seen = device_.files.size() + 1;
  device_.files.emplace_back("/usr/bin/miner", "miner");
  ASSERT_NE(code(device_.logs({.event_log = false, .ima_from = seen, .runtime_from = 3})),
            "affirming");
  EXPECT_NE(code(device_.logs({.event_log = true, .ima_from = seen + 1, .runtime_from = 3})),
            "affirming");
}

// An agent that measures nothing leaves its register zero, and an empty log explains that.
TEST_F(Attack, AnAgentThatMeasuresNothingIsRefused) {
  device_.running.clear();
  ++device_.reset_count;
  EXPECT_EQ(code(device_.logs()), "ATT-RUNTIME-UNACCEPTED");
  EXPECT_EQ(code(device_.logs({.event_log = false, .ima_from = 2})), "ATT-RUNTIME-UNACCEPTED");
}

TEST_F(Attack, TheWorstFindingCountsWhereverItStands) {
  for (int i = 0; i < 300; ++i)
    device_.files.emplace_back("/tmp/new-" + std::to_string(i), "x");
  device_.files.emplace_back("/usr/bin/agent", "another agent");
  EXPECT_EQ(verifier_.judge(device_).appraisal.status, TrustTier::contraindicated);
}

TEST_F(Attack, ADamagedMemoryIsRefused) {
  const std::string sound = codec::to_json(to_json(*verifier_.memory));
  for (const auto& [member, bent] : {std::pair{"references", R"("00")"},
                                     {"ima", "[]"},
                                     {"runtime", R"({"records":-1,"value":""})"},
                                     {"findings", "[]"},
                                     {"findings", R"({"ima":{"first":[],"total":0,"worst":{}}})"},
                                     {"measured", "[99]"},
                                     {"running", R"([{"number":99}])"}}) {
    codec::Json json = codec::parse_json(sound).value();
    json.set(member, codec::parse_json(bent).value());
    EXPECT_FALSE(parse_device_memory(json).has_value()) << member;
  }
}

// go-attestation GHSA-hcm6-rjfh-f25p and #486: recursion and underflow in nested structures.
TEST(AttackOnDevicePath, ManyOrImpossibleNodesEnd) {
  const auto event_with = [](const Bytes& nodes) {
    Bytes event(24, 0x11);
    testing::append_little_endian(event, nodes.size(), 8);
    append(event, nodes);
    return event;
  };
  Bytes many;
  for (int i = 0; i < 50'000; ++i)
    append(many, Bytes{4, 4, 4, 0});
  EXPECT_EQ(image_path(event_with(many)), "");
  for (std::uint8_t length = 0; length < 4; ++length)
    EXPECT_EQ(image_path(event_with({4, 4, length, 0})), "") << unsigned{length};
}

}  // namespace
}  // namespace vedette::attestation
