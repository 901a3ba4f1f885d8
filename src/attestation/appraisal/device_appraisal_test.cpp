#include "attestation/appraisal/device_appraisal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attestation/appraisal/learning.h"
#include "attestation/appraisal/verifier_scene.h"

namespace vedette::attestation {
namespace {

using ::testing::HasSubstr;
using vedette::testing::EventLogForge;
using vedette::testing::sound_boot;

class MeasuredDeviceTest : public ::testing::Test {
 protected:
  MeasuredDeviceTest() {
    verifier_.learn(device_);
    verifier_.published = {to_hex(crypto::sha256(as_bytes("voice")))};
  }

  void relearn() {
    verifier_.references = parse_reference_set(learn_references(witness()).value()).value();
  }
  [[nodiscard]] Witness witness() const { return verifier_.witness(device_); }
  std::string code(const std::optional<DeviceLogs>& sent = {}) {
    return verifier_.code(device_, sent);
  }
  std::string cause() { return verifier_.judge(device_).appraisal.error->cause; }
  void reboot() { ++device_.reset_count; }
  void run(std::string name, std::vector<std::string> powers = {}) {
    device_.running.push_back({.kind = RuntimeEventKind::model_release,
                               .name = name,
                               .digest = crypto::sha256(as_bytes(name)),
                               .powers = std::move(powers)});
  }

  MeasuredDevice device_;
  Verifier verifier_;
};

TEST_F(MeasuredDeviceTest, RefusesADeviceOfAGroupWithoutReferences) {
  verifier_ = {};
  EXPECT_EQ(code(), "ATT-NO-REFERENCE");
}

TEST_F(MeasuredDeviceTest, RefusesAQuoteWithoutItsLogs) {
  EXPECT_EQ(code(DeviceLogs{}), "ATT-LOGS-WANTED");
  for (const int missing : {0, 1, 2}) {
    DeviceLogs logs = device_.logs();
    if (missing == 0) logs.event_log.reset();
    if (missing == 1) logs.ima.reset();
    if (missing == 2) logs.runtime.reset();
    verifier_.memory.reset();
    EXPECT_EQ(code(logs), "ATT-LOGS-WANTED") << missing;
  }
}

TEST_F(MeasuredDeviceTest, AffirmsWhatItLearnt) {
  const auto judged = verifier_.judge(device_);
  EXPECT_EQ(judged.appraisal.error, std::nullopt);
  EXPECT_EQ(judged.appraisal.status, TrustTier::affirming);
  EXPECT_EQ(judged.appraisal.vector[TrustClaim::executables], 2);
  EXPECT_EQ(judged.appraisal.vector[TrustClaim::configuration], 2);
  EXPECT_EQ(judged.appraisal.vector[TrustClaim::file_system], 2);
}

TEST_F(MeasuredDeviceTest, NeedsNothingNewWhenNothingIsNew) {
  EXPECT_EQ(code(), "affirming");
  const LogWish wish = wish_for(verifier_.memory, &*verifier_.references);
  EXPECT_FALSE(wish.event_log);
  EXPECT_EQ(wish.ima_from, 2U);
  EXPECT_EQ(wish.runtime_from, 3U);
  EXPECT_EQ(code(), "affirming");
  EXPECT_EQ(code(DeviceLogs{}), "affirming");
}

TEST_F(MeasuredDeviceTest, RefusesAnotherBootAndSaysWhat) {
  device_.boot.measure(4, EventLogForge::EventType::efi_boot_services_application,
                       vedette::testing::image_load("\\evil.efi"), to_bytes("evil"));
  reboot();
  const auto judged = verifier_.judge(device_);
  ASSERT_TRUE(judged.appraisal.error.has_value());
  EXPECT_EQ(judged.appraisal.error->code, "ATT-BOOT-UNACCEPTED");
  EXPECT_THAT(judged.appraisal.error->cause, HasSubstr("\\evil.efi"));
  EXPECT_EQ(judged.appraisal.status, TrustTier::warning);  // not recognised, and not affirming
}

// The log is believed for its registers alone: renaming an event changes nothing that it measured.
TEST_F(MeasuredDeviceTest, RefusesALogThatIsNotTheRegisters) {
  reboot();
  DeviceLogs logs = device_.logs();
  EventLogForge other = sound_boot();
  other.measure(4, EventLogForge::EventType::efi_action, "something");
  logs.event_log = other.bytes();
  EXPECT_EQ(code(logs), "ATT-LOG-MISMATCH");
  logs = device_.logs();
  logs.ima->octets = device_.ima_list(1);
  EXPECT_EQ(code(logs), "ATT-IMA-MISMATCH");
  logs = device_.logs();
  logs.runtime->octets = device_.runtime_log(1);
  EXPECT_EQ(code(logs), "ATT-RUNTIME-LOG-ORDER");
  logs.runtime->octets.clear();
  EXPECT_EQ(code(logs), "ATT-RUNTIME-LOG-MISMATCH");
  EXPECT_EQ(code(), "affirming") << "what was refused must leave nothing behind";
}

TEST_F(MeasuredDeviceTest, RemembersWhyItDidNotBelieveALogUntilItBelievesOne) {
  reboot();
  DeviceLogs logs = device_.logs();
  EventLogForge other = sound_boot();
  other.measure(4, EventLogForge::EventType::efi_action, "something");
  logs.event_log = other.bytes();
  EXPECT_EQ(code(logs), "ATT-LOG-MISMATCH");
  ASSERT_TRUE(verifier_.memory->refusal.has_value());
  EXPECT_EQ(verifier_.memory->refusal->code, "ATT-LOG-MISMATCH");
  EXPECT_THAT(verifier_.memory->refusal->hint, HasSubstr("inspect the device"));
  const auto json = codec::parse_json(codec::to_json(to_json(*verifier_.memory)));
  EXPECT_EQ(parse_device_memory(*json).value(), *verifier_.memory);
  logs = device_.logs();
  logs.ima->octets = device_.ima_list(1);
  EXPECT_EQ(code(logs), "ATT-IMA-MISMATCH");
  EXPECT_EQ(verifier_.memory->refusal->code, "ATT-IMA-MISMATCH");
  EXPECT_EQ(code(DeviceLogs{}), "ATT-LOGS-WANTED");
  EXPECT_EQ(verifier_.memory->refusal->code, "ATT-IMA-MISMATCH") << "saying nothing clears nobody";
  reboot();
  EXPECT_EQ(code(DeviceLogs{}), "ATT-LOGS-WANTED");
  EXPECT_EQ(verifier_.memory->refusal->code, "ATT-IMA-MISMATCH") << "nor does another boot";
  EXPECT_EQ(code(), "affirming");
  EXPECT_EQ(verifier_.memory->refusal, std::nullopt);
}

TEST_F(MeasuredDeviceTest, RefusesOctetsThatAreNoLogs) {
  DeviceLogs logs = device_.logs();
  logs.event_log = Bytes{1, 2, 3};
  EXPECT_EQ(code(logs), "ATT-LOG-SYNTAX");
  logs = device_.logs();
  logs.ima->octets = Bytes{1};
  EXPECT_EQ(code(logs), "ATT-IMA-SYNTAX");
  logs = device_.logs();
  logs.runtime->octets = Bytes{1};
  EXPECT_EQ(code(logs), "ATT-RUNTIME-LOG-SYNTAX");
}

TEST_F(MeasuredDeviceTest, RefusesAnUnknownFileUntilTheNextBoot) {
  EXPECT_EQ(code(), "affirming");
  device_.files.emplace_back("/usr/bin/x", "x");
  EXPECT_EQ(code(), "ATT-IMA-UNACCEPTED");
  EXPECT_THAT(cause(), HasSubstr("IMA: /usr/bin/x is new"));
  EXPECT_EQ(code(), "ATT-IMA-UNACCEPTED") << "nothing new must not mean nothing wrong";
  device_.files.pop_back();
  reboot();
  EXPECT_EQ(code(), "affirming");
}

TEST_F(MeasuredDeviceTest, SlicesOfTheBootBeforeAreNoneOfThisOne) {
  EXPECT_EQ(code(), "affirming");
  reboot();
  EXPECT_EQ(code(), "ATT-LOGS-WANTED");
  EXPECT_EQ(code(), "affirming");
}

TEST_F(MeasuredDeviceTest, SendsEverythingOnceSomethingWasFound) {
  EXPECT_EQ(code(), "affirming");
  device_.files.emplace_back("/usr/bin/x", "x");
  EXPECT_EQ(code(), "ATT-IMA-UNACCEPTED");
  const LogWish wish = wish_for(verifier_.memory, &*verifier_.references);
  EXPECT_TRUE(wish.event_log);
  EXPECT_EQ(wish.ima_from + wish.runtime_from, 0U);
}

TEST_F(MeasuredDeviceTest, RefusesAChangedFileAndAViolation) {
  device_.files.emplace_back("/usr/bin/agent", "another agent");
  EXPECT_EQ(verifier_.judge(device_).appraisal.status, TrustTier::contraindicated);
  device_.files.back().second = "?";
  reboot();
  verifier_.memory.reset();
  EXPECT_EQ(code(), "ATT-IMA-UNACCEPTED");
}

TEST_F(MeasuredDeviceTest, AModelThatIsNotPublishedIsRefused) {
  run("stolen");
  EXPECT_EQ(code(), "ATT-RUNTIME-UNACCEPTED");
  EXPECT_THAT(cause(), HasSubstr("stolen"));
}

TEST_F(MeasuredDeviceTest, APublishedModelMayRunAndIsRemembered) {
  EXPECT_EQ(code(), "affirming");
  verifier_.published.insert(to_hex(crypto::sha256(as_bytes("gauge 1"))));
  run("gauge 1");
  EXPECT_EQ(code(), "affirming");
  ASSERT_EQ(verifier_.memory->running.size(), 4U);
  EXPECT_EQ(verifier_.memory->running.back().name, "gauge 1");
  EXPECT_EQ(verifier_.memory->runtime.records, 4U);
}

TEST_F(MeasuredDeviceTest, APowerThatNobodyAcceptedIsRefused) {
  EXPECT_EQ(code(), "affirming");
  verifier_.published.insert(to_hex(crypto::sha256(as_bytes("gauge 1"))));
  run("gauge 1", {"device-node /dev/nvidia0"});
  EXPECT_EQ(code(), "ATT-RUNTIME-UNACCEPTED");
  EXPECT_THAT(cause(), HasSubstr("may use device-node /dev/nvidia0"));
}

TEST_F(MeasuredDeviceTest, AnotherReferenceSetJudgesEverythingAnew) {
  EXPECT_EQ(code(), "affirming");
  device_.files.emplace_back("/usr/bin/x", "x");
  EXPECT_EQ(code(), "ATT-IMA-UNACCEPTED");
  const auto present = learn_references(witness()).value();
  verifier_.references = parse_reference_set(accept_also(present, witness()).value()).value();
  const LogWish wish = wish_for(verifier_.memory, &*verifier_.references);
  EXPECT_TRUE(wish.event_log);
  EXPECT_EQ(wish.ima_from, 0U);
  EXPECT_EQ(code(), "affirming");
}

TEST_F(MeasuredDeviceTest, RegistersWithoutAnyRuleAreRefused) {
  codec::Json set = learn_references(witness()).value();
  codec::Json only_boot;
  only_boot.set("boot", *set.find("boot"));
  verifier_.references = parse_reference_set(only_boot).value();
  EXPECT_EQ(code(), "ATT-PCR-UNKNOWN");
}

TEST_F(MeasuredDeviceTest, ExactValuesHoldBesideTheLogs) {
  codec::Json set = learn_references(witness()).value();
  codec::Json exact;
  exact.set("0", codec::Json::Array{codec::Json(std::string(64, 'a'))});
  set.set("registers", std::move(exact));
  verifier_.references = parse_reference_set(set).value();
  EXPECT_EQ(code(), "ATT-PCR-MISMATCH");
}

TEST_F(MeasuredDeviceTest, ARegisterWithExactValuesIsHeldToThoseAndNotToItsEvents) {
  const codec::Json learnt = learn_references(witness()).value();
  device_.boot.measure(0, EventLogForge::EventType::efi_platform_firmware_blob2, "firmware 2");
  reboot();
  EXPECT_EQ(code(device_.logs()), "ATT-BOOT-UNACCEPTED");
  ReferenceValues maker;
  maker.registers[0] = {device_.registers().at(0)};
  verifier_.references = parse_reference_set(accept_registers(&learnt, maker).value()).value();
  EXPECT_EQ(code(device_.logs()), "affirming");
  device_.boot.measure(0, EventLogForge::EventType::efi_platform_firmware_blob2, "firmware 3");
  reboot();
  EXPECT_EQ(code(device_.logs()), "ATT-PCR-MISMATCH");
  device_.boot.measure(4, EventLogForge::EventType::efi_boot_services_application,
                       vedette::testing::image_load("x"), to_bytes("x"));
  reboot();
  EXPECT_EQ(code(device_.logs()), "ATT-BOOT-UNACCEPTED") << "other registers are as before";
}

TEST_F(MeasuredDeviceTest, FirmwareThatNobodySawLeavingBootServicesIsNotAccepted) {
  verifier_.references->boot.erase("boot-services");
  EXPECT_EQ(code(), "ATT-BOOT-UNACCEPTED");
}

TEST_F(MeasuredDeviceTest, WhatIsRememberedComesBackFromStorageAsItWas) {
  device_.files.emplace_back("/usr/bin/x", "x");
  verifier_.judge(device_);
  const auto json = codec::parse_json(codec::to_json(to_json(*verifier_.memory)));
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(parse_device_memory(*json).value(), *verifier_.memory);
}

TEST_F(MeasuredDeviceTest, WhatIsAsItWasWhenItWasAcceptedIsRememberedOnce) {
  EXPECT_EQ(code(), "affirming");
  codec::Json json = to_json(*verifier_.memory);
  EXPECT_EQ(json.find("good_running"), nullptr);
  EXPECT_EQ(parse_device_memory(json).value(), *verifier_.memory);
  EXPECT_EQ(parse_device_memory(json.set("good", "former")).error().code, "ATT-MEMORY");
  run("another 8");
  code();
  json = to_json(*verifier_.memory);
  EXPECT_NE(json.find("good_running"), nullptr);
  EXPECT_EQ(parse_device_memory(json).value(), *verifier_.memory);
}

TEST_F(MeasuredDeviceTest, AModelWithEveryPowerOfAContractIsAcceptedOnceItWasLearnt) {
  std::vector<std::string> powers;
  for (int i = 0; i < 17; ++i)
    powers.push_back("device-node /dev/accelerator" + std::to_string(i));
  run("voice", powers);
  EXPECT_EQ(code(), "ATT-RUNTIME-UNACCEPTED");
  relearn();
  EXPECT_EQ(code(), "affirming");
}

TEST_F(MeasuredDeviceTest, HoweverMuchRunsItsAgentAndWorkerAreRemembered) {
  for (int i = 0; i < 100; ++i)
    run("model " + std::to_string(i), std::vector<std::string>(16, std::string(40, 'x')));
  code();
  const auto& running = verifier_.memory->running;
  for (const auto kind : {RuntimeEventKind::agent_start, RuntimeEventKind::worker_binary})
    EXPECT_EQ(std::ranges::count(running, kind, &RuntimeEvent::kind), 1) << to_string(kind);
  EXPECT_LT(running.size(), 20U);
}

// Every text that a device has a say in, as long as it may be, and as many as may be.
TEST_F(MeasuredDeviceTest, WhateverItSaysTheMemoryOfADeviceIsBounded) {
  const std::string longest(kMaxRuntimeText - 8, '"');
  for (int i = 0; i < 100; ++i)
    device_.files.emplace_back("/tmp/" + std::string(2000, '"') + std::to_string(i), "x");
  for (int i = 0; i < 100; ++i)
    run(longest + std::to_string(i), std::vector<std::string>(kMaxRuntimePowers, longest));
  for (int i = 0; i < 100; ++i)
    device_.boot.grub("grub_cmd: ", std::string(2000, '"') + std::to_string(i));
  reboot();
  DeviceLogs logs = device_.logs();
  logs.command_line = std::string(2048, '"');
  verifier_.judge(device_, logs);
  verifier_.memory->good_running = verifier_.memory->running;
  verifier_.memory->good_command_line = logs.command_line;
  for (const auto source : {FindingSource::boot, FindingSource::ima, FindingSource::runtime}) {
    EXPECT_EQ(verifier_.memory->findings.at(source).first.size(), kMaxKeptFindings);
    EXPECT_GE(verifier_.memory->findings.at(source).total, 100U);
  }
  remember(*verifier_.memory, Error{"ATT-LOG-DATA", std::string(2000, '"'), std::string(2000, '"'),
                                    std::string(2000, '"')});
  EXPECT_LE(codec::to_json(to_json(*verifier_.memory)).size(), kMaxMemoryOctets);
}

}  // namespace
}  // namespace vedette::attestation
