#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attestation/appraisal/learning.h"
#include "attestation/appraisal/measured_device_scene.h"
#include "cli/canned_server.h"
#include "codec/base64.h"

namespace vedette::cli {
namespace {

using attestation::MeasuredDevice;
using codec::Json;
using ::testing::HasSubstr;

constexpr const char* kExplanation =
    R"({"device":"drone","group":"line-a",)"
    R"("at":"2026-11-26T12:00:00Z","affirming":false,)"
    R"("changes":[{"pcr":7,"category":"database dbx","was":"a","became":"b",)"
    R"("words":"PCR 7: the revocation list dbx changed: a -> b"}],"mismatches":[],)"
    R"("findings":[{"source":"ima","category":"/tmp/x","value":"sha256:00","pcr":10,)"
    R"("claim":"executables","trust":33,"words":"IMA: /tmp/x is new"}],"findings_total":1,)"
    R"("running":[],"booted_alike":3,"accept":"vedette reference accept line-a --from drone"})";

TEST(AttestExplain, ExitsWithThreeAndTellsWhyAndHowToAccept) {
  Desk desk;
  desk.server.answer("GET /v1/devices/drone/explanation", kExplanation);
  const Outcome outcome = desk.run({"attest", "explain", "drone"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, HasSubstr("PCR 7: the revocation list dbx changed: a -> b"));
  EXPECT_THAT(outcome.out, HasSubstr("IMA: /tmp/x is new"));
  EXPECT_THAT(outcome.out + outcome.err, HasSubstr("vedette reference accept line-a --from drone"));
}

TEST(AttestExplain, TellsWhyLogsWereNotBelievedAndOffersNoAcceptance) {
  Desk desk;
  desk.server.answer("GET /v1/devices/drone/explanation",
                     R"({"device":"drone","group":"line-a","at":"2026-11-26T12:00:00Z",)"
                     R"("affirming":false,"changes":[],"mismatches":[],"refusal":)"
                     R"({"code":"ATT-LOG-MISMATCH","message":"the event log is forged",)"
                     R"("cause":"PCR 7: quoted a, replayed b","hint":"inspect the device"},)"
                     R"("findings":[],"findings_total":0,"running":[]})");
  const Outcome outcome = desk.run({"attest", "explain", "drone"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, HasSubstr("the event log is forged  [ATT-LOG-MISMATCH]"));
  EXPECT_THAT(outcome.out, HasSubstr("PCR 7: quoted a, replayed b"));
  EXPECT_THAT(outcome.out, HasSubstr("inspect the device"));
  EXPECT_THAT(outcome.out, ::testing::Not(HasSubstr("says what it said")));
  EXPECT_THAT(outcome.out + outcome.err, ::testing::Not(HasSubstr("accept line-a")));
}

TEST(AttestExplain, KnowsOneSinceAlone) {
  Desk desk;
  EXPECT_EQ(desk.run({"attest", "explain", "drone", "--since", "yesterday"}).code, 2);
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST(AttestNow, AsksTheServer) {
  Desk desk;
  desk.server.answer("POST /v1/devices/drone/challenge",
                     R"({"device":"drone","within_seconds":5})");
  const Outcome outcome = desk.run({"attest", "now", "drone"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("within 5 s"));
}

class SavedEvidenceTest : public ::testing::Test {
 protected:
  SavedEvidenceTest() {
    const auto quote = device_.quote();
    const auto logs = device_.logs();
    attestation::DeviceMemory memory;
    memory.runtime.records = device_.running.size();
    memory.running = device_.running;
    const auto state = attestation::state_after(quote, {}, false);
    references_ = attestation::learn_references({.state = state,
                                                 .event_log = logs.event_log,
                                                 .ima_list = logs.ima->octets,
                                                 .memory = memory,
                                                 .runtime_register = attestation::kAgentRegister})
                      .value();
  }

  // As a server took it down.
  [[nodiscard]] Json saved() const {
    Json evidence = attestation::to_json(device_.tpm.evidence(device_.tpm.quote()));
    attestation::set_device_logs(evidence, device_.logs());
    Json extra;
    extra.set("nonce", codec::to_base64(device_.tpm.nonce));
    extra.set("certificate_sha256", to_hex(device_.tpm.fingerprint));
    extra.set("channel_binding", to_hex(device_.tpm.channel));
    Json json;
    json.set("attestation_key", codec::to_base64(testing::forge_public(device_.tpm.ak.public_key(),
                                                                       device_.tpm.ak_shape)));
    json.set("extra_data", std::move(extra)).set("evidence", std::move(evidence));
    json.set("references", references_);
    return json.set("published", Json::Array{Json(to_hex(crypto::sha256(as_bytes("voice"))))});
  }

  Outcome verify(const Json& json) {
    desk_.write("evidence.json", codec::to_json(json));
    return desk_.run({"attest", "verify", desk_.path("evidence.json")});
  }

  Desk desk_;
  MeasuredDevice device_;
  Json references_;
};

TEST_F(SavedEvidenceTest, OfAnotherConnectionIsRefused) {
  Json json = saved();
  Json extra = *json.object("extra_data").value();
  extra.set("channel_binding", std::string(64, '0'));
  json.set("extra_data", std::move(extra));
  const Outcome outcome = verify(json);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("ATT-NONCE"));
}

TEST_F(SavedEvidenceTest, ThatIsNoneIsAUsageError) {
  EXPECT_EQ(verify(Json::Object{}).code, 2);
  Json json = saved();
  json.set("attestation_key", "!");
  EXPECT_EQ(verify(json).code, 2);
}

TEST_F(SavedEvidenceTest, WithoutReferencesIsNeverAffirmed) {
  Json json = saved();
  Json without;
  for (const auto& [name, value] : *json.if_object())
    if (name != "references") without.set(name, value);
  const Outcome outcome = verify(without);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("ATT-NO-REFERENCE"));
}

TEST_F(SavedEvidenceTest, OfAModelThatIsNotPublishedIsRefused) {
  Json json = saved();
  json.set("published", Json::Array{});
  const Outcome outcome = verify(json);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("ATT-RUNTIME-UNACCEPTED"));
}

TEST_F(SavedEvidenceTest, IsHeldToTheBankThatHadToBeQuoted) {
  Json json = saved();
  json.set("bank", "sha384");
  EXPECT_EQ(verify(json).code, 2) << "a bank of which registers?";
  json.set("registers", Json::Array{Json(0)});
  EXPECT_THAT(verify(json).err, HasSubstr("ATT-SELECTION"));
  json.set("bank", "sha1");
  EXPECT_EQ(verify(json).code, 2);
}

TEST_F(SavedEvidenceTest, IsJudgedAsTheServerWould) {
  const Outcome outcome = verify(saved());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("affirming"));
}

TEST(AttestLog, TellsAnEventLogInWords) {
  Desk desk;
  desk.write("log.bin", std::string(as_text(testing::sound_boot().bytes())));
  const Outcome outcome = desk.run({"attest", "log", desk.path("log.bin")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("Secure Boot is on"));
  desk.write("log.bin", "nonsense");
  EXPECT_NE(desk.run({"attest", "log", desk.path("log.bin")}).code, 0);
}

TEST(AttestLog, TellsARuntimeLogInWords) {
  Desk desk;
  desk.write("log.cel", std::string(as_text(MeasuredDevice().runtime_log(0))));
  const Outcome outcome = desk.run({"attest", "log", "--kind", "runtime", desk.path("log.cel")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("voice 3"));
}

TEST(AttestLog, TellsTheRegistersOfABankThatTheLogHas) {
  Desk desk;
  desk.write("log.cel", std::string(as_text(MeasuredDevice().runtime_log(0))));
  const auto with_bank = [&desk](const char* file, const char* kind) {
    return desk.run({"attest", "log", "--kind", kind, "--bank", "sha384", desk.path(file)});
  };
  EXPECT_THAT(with_bank("log.cel", "runtime").err, HasSubstr("ATT-RUNTIME-LOG-BANK"));
  desk.write("log.bin", std::string(as_text(testing::sound_boot().bytes())));
  EXPECT_THAT(with_bank("log.bin", "event-log").err, HasSubstr("ATT-LOG-BANK"));
  const auto both = MeasuredDevice::with_both_banks(codec::TpmAlgorithm::sha384);
  desk.write("log.cel", std::string(as_text(both.runtime_log(0))));
  desk.write("log.bin", std::string(as_text(both.boot.bytes())));
  desk.write("log.ima", std::string(as_text(both.ima_list(0))));
  const auto registers = both.registers();
  const auto hex = [&registers](std::uint8_t pcr) { return to_hex(registers.at(pcr).octets()); };
  EXPECT_THAT(with_bank("log.cel", "runtime").out, HasSubstr(hex(attestation::kAgentRegister)));
  EXPECT_THAT(with_bank("log.bin", "event-log").out, HasSubstr(hex(4)));
  EXPECT_THAT(with_bank("log.ima", "ima").out, HasSubstr(hex(attestation::kImaPcr)));
}

TEST(AttestPredict, RefusesWhenNothingIsPlanned) {
  Desk desk;
  desk.write("log.bin", std::string(as_text(testing::sound_boot().bytes())));
  EXPECT_NE(desk.run({"attest", "predict", "--log", desk.path("log.bin")}).code, 0);
}

TEST(AttestPredict, TellsTheRegistersAfterAnotherCommandLine) {
  Desk desk;
  desk.write("log.bin", std::string(as_text(testing::sound_boot().bytes())));
  const Outcome outcome = desk.run({"attest", "predict", "--log", desk.path("log.bin"),
                                    "--command-line", "BOOT_IMAGE=/vmlinuz quiet debug"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("PCR 8"));
  EXPECT_THAT(outcome.out, HasSubstr("debug"));
}

TEST(AttestPredict, TellsTheRegisterAfterAnUpdateOfFirmwareAndRevocations) {
  Desk desk;
  testing::EventLogForge updated = testing::sound_boot();
  updated.events().front().digests.front().value.front() ^= 1U;
  desk.write("log.bin", std::string(as_text(testing::sound_boot().bytes())));
  desk.write("updated.bin", std::string(as_text(updated.bytes())));
  desk.write("dbx", std::string(as_text(testing::signature_list(400))));
  const Outcome outcome =
      desk.run({"attest", "predict", "--log", desk.path("log.bin"), "--firmware-log",
                desk.path("updated.bin"), "--dbx", desk.path("dbx")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("PCR 0"));
  EXPECT_THAT(outcome.out, HasSubstr("PCR 7"));
  EXPECT_THAT(outcome.out, HasSubstr("dbx"));
}

}  // namespace
}  // namespace vedette::cli
