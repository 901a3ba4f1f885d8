// A device in software with all of its logs, attesting to a real server over TLS: what operators
// learn, see, accept and refuse.
#include <gmock/gmock.h>

#include "server/silence_watch.h"
#include "testing/fake_clock.h"

#include "measured_device_fixture.h"

namespace vedette {
namespace {

using ::testing::HasSubstr;
constexpr auto kSha256 = codec::TpmAlgorithm::sha256;
using vedette::testing::EventLogForge;

TEST_F(MeasuredDeviceOverTls, IsRefusedUntilItsGroupHasReferences) {
  auto drone = enter("drone");
  EXPECT_EQ(learn("drone"), "REF-NOTHING");
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  learn_and_allow_models("drone");
  EXPECT_EQ(attest(drone), "");
  EXPECT_EQ(attest(drone), "") << "nothing new is nothing to send";
}

TEST_F(MeasuredDeviceOverTls, AModelThatNobodyPublishedIsRefused) {
  auto drone = enter("drone");
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  ASSERT_EQ(learn("drone"), "");
  EXPECT_EQ(attest(drone), "ATT-RUNTIME-UNACCEPTED");
}

TEST_F(MeasuredDeviceOverTls, AChangedBootIsExplainedAndAcceptedForItsTwin) {
  auto drone = enter("drone");
  auto twin = enter("twin");
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  learn_and_allow_models("drone");
  EXPECT_EQ(attest(drone), "");
  EXPECT_EQ(attest(twin, true), "");
  for (Device* one : {&drone, &twin}) {
    one->inside.boot.measure(4, EventLogForge::EventType::efi_boot_services_application,
                             testing::image_load("\\EFI\\new.efi"), to_bytes("new"));
    ++one->inside.reset_count;
    EXPECT_EQ(attest(*one, true), "ATT-BOOT-UNACCEPTED");
  }
  const Json explained = ask(*admin_, "GET", "/v1/devices/drone/explanation", Json::Object{});
  const auto& changes = *explained.array("changes").value()->if_array();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_THAT(changes[0].string("words").value(), HasSubstr("PCR 4"));
  EXPECT_THAT(changes[0].string("words").value(), HasSubstr("\\EFI\\new.efi"));
  EXPECT_EQ(explained.integer("booted_alike").value(), 2);
  EXPECT_EQ(explained.string("accept").value(), "vedette reference accept group --from drone");
  EXPECT_EQ(post(*admin_, "/v1/groups/group/reference/accept", R"({"device":"drone"})"), "");
  EXPECT_EQ(attest(drone, true), "");
  EXPECT_EQ(attest(twin, true), "");
}

TEST_F(MeasuredDeviceOverTls, ALogThatIsNotBelievedIsExplainedAndNothingOfItAccepted) {
  auto drone = enter("drone");
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  learn_and_allow_models("drone");
  EXPECT_EQ(attest(drone), "");
  ++drone.inside.reset_count;
  Json body = evidence(drone, true);
  auto logs = attestation::parse_device_logs(body).value();
  EventLogForge other = drone.inside.boot;
  other.measure(4, EventLogForge::EventType::efi_action, "something");
  logs.event_log = other.bytes();
  attestation::set_device_logs(body, logs);
  EXPECT_EQ(post(*drone.client, "/v1/attestation/evidence", codec::to_json(body)),
            "ATT-LOG-MISMATCH");
  const Json explained = ask(*admin_, "GET", "/v1/devices/drone/explanation", Json::Object{});
  const Json refusal = *explained.object("refusal").value();
  EXPECT_EQ(refusal.string("code").value(), "ATT-LOG-MISMATCH");
  EXPECT_THAT(refusal.string("hint").value(), HasSubstr("inspect the device"));
  EXPECT_EQ(explained.find("accept"), nullptr);
  EXPECT_EQ(post(*admin_, "/v1/groups/group/reference/accept", R"({"device":"drone"})"),
            "REF-DISBELIEVED");
  EXPECT_EQ(attest(drone, true), "");
}

TEST_F(MeasuredDeviceOverTls, AnUnknownFileIsNamed) {
  auto drone = enter("drone");
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  learn_and_allow_models("drone");
  EXPECT_EQ(attest(drone), "");
  drone.inside.files.emplace_back("/tmp/miner", "miner");
  EXPECT_EQ(attest(drone), "ATT-IMA-UNACCEPTED");
  const Json explained = ask(*admin_, "GET", "/v1/devices/drone/explanation", Json::Object{});
  const auto& findings = *explained.array("findings").value()->if_array();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings[0].string("words").value(), HasSubstr("IMA: /tmp/miner is new"));
  EXPECT_EQ(post(*admin_, "/v1/groups/group/reference/accept", R"({"device":"drone"})"), "");
  EXPECT_EQ(attest(drone, true), "");
}

TEST_F(MeasuredDeviceOverTls, AQuoteForOneConnectionIsNoneForAnother) {
  auto drone = enter("drone");
  const Json body = evidence(drone, true);
  EXPECT_EQ(post(*connect(drone), "/v1/attestation/evidence", codec::to_json(body)), "ATT-NONCE");
}

TEST_F(MeasuredDeviceOverTls, RefusesAKindThatItDoesNotKnow) {
  auto drone = enter("drone");
  Json body = evidence(drone, true);
  body.set("kind", "sev-snp");
  EXPECT_EQ(post(*drone.client, "/v1/attestation/evidence", codec::to_json(body)), "ATT-KIND");
  EXPECT_EQ(post(*drone.client, "/v1/attestation/challenge", R"({"kind":"x"})"), "ATT-KIND");
}

TEST_F(MeasuredDeviceOverTls, AnOperatorsWishIsSeenUntilTheDeviceHasAttested) {
  auto drone = enter("drone");
  const auto wanted = [&] {
    return ask(*drone.client, "GET", "/v1/attestation/wanted", Json::Object{})
        .boolean("wanted")
        .value();
  };
  EXPECT_FALSE(wanted());
  EXPECT_EQ(post(*admin_, "/v1/devices/nobody/challenge", "{}"), "HTTP-NOT-FOUND");
  EXPECT_EQ(post(*admin_, "/v1/devices/drone/challenge", "{}"), "");
  EXPECT_TRUE(wanted());
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  EXPECT_FALSE(wanted());
}

TEST_F(MeasuredDeviceOverTls, SilenceIsAFailureAndIsWrittenDown) {
  auto drone = enter("drone");
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  learn_and_allow_models("drone");
  EXPECT_EQ(attest(drone), "");
  FakeClock later;
  later.set(clock_.now() + std::chrono::seconds(301));
  const auto domain = identity::TrustDomain::parse("test.vedette").value();
  auto signer = ledger::NoteSigner::create(server::log_origin(domain), keys_->log).value();
  server::Chronicle chronicle(*store_, later, ledger::Log(std::move(signer)));
  server::SilenceWatch watch(*store_, chronicle, later, std::chrono::seconds(300));
  EXPECT_EQ(watch.sweep().value(), 1U);
  EXPECT_EQ(watch.sweep().value(), 0U);
  const Json explained = ask(*admin_, "GET", "/v1/devices/drone/explanation", Json::Object{});
  EXPECT_FALSE(explained.boolean("affirming").value());
  EXPECT_EQ(attest(drone), "") << "it may come back";
}

// The server asks for the SHA-384 bank.
class MeasuredDeviceInSha384 : public MeasuredDeviceOverTls {
 protected:
  MeasuredDeviceInSha384()
      : MeasuredDeviceOverTls(
            [](server::ServerConfig& config) { config.bank = codec::TpmAlgorithm::sha384; }) {}

  Device enter_with(codec::TpmAlgorithm quoted) {
    Device device = enter("drone");
    auto inside = attestation::MeasuredDevice::with_both_banks(quoted);
    inside.tpm = device.inside.tpm;  // whose key is enrolled
    device.inside = std::move(inside);
    return device;
  }
};

TEST_F(MeasuredDeviceInSha384, RefusesAQuoteOfTheOtherBank) {
  auto drone = enter_with(kSha256);
  EXPECT_EQ(attest(drone, true), "ATT-SELECTION");
}

TEST_F(MeasuredDeviceInSha384, IsLearntHeldToItsBankAndExplained) {
  auto drone = enter_with(codec::TpmAlgorithm::sha384);
  const Json challenge = ask(*drone.client, "POST", "/v1/attestation/challenge", Json::Object{});
  EXPECT_EQ(challenge.string("bank").value(), "sha384");
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  learn_and_allow_models("drone");
  EXPECT_EQ(attest(drone), "");
  EXPECT_EQ(attest(drone), "") << "nothing new is nothing to send";
  drone.inside.boot.measure(4, EventLogForge::EventType::efi_boot_services_application,
                            testing::image_load("\\EFI\\new.efi"), to_bytes("new"));
  ++drone.inside.reset_count;
  EXPECT_EQ(attest(drone, true), "ATT-BOOT-UNACCEPTED");
  const Json explained = ask(*admin_, "GET", "/v1/devices/drone/explanation", Json::Object{});
  const auto& changes = *explained.array("changes").value()->if_array();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_THAT(changes[0].string("words").value(), HasSubstr("\\EFI\\new.efi"));
  EXPECT_EQ(post(*admin_, "/v1/groups/group/reference/accept", R"({"device":"drone"})"), "");
  EXPECT_EQ(attest(drone, true), "");
}

class TwoPersons : public MeasuredDeviceOverTls {
 protected:
  TwoPersons()
      : MeasuredDeviceOverTls(
            [](server::ServerConfig& config) { config.two_person_references = true; }) {}
};

TEST_F(TwoPersons, NobodyChangesReferencesAlone) {
  auto drone = enter("drone");
  add_operator("second");
  const auto second = operator_client("second");
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  const Json proposed = ask(*admin_, "POST", "/v1/groups/group/reference/learn",
                            Json::Object{{"device", Json("drone")}});
  const std::string id = proposed.string("proposal").value();
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE") << "a proposal is not in force";
  const std::string approval = R"({"proposal":")" + id + R"("})";
  EXPECT_EQ(post(*admin_, "/v1/groups/group/reference/approve", approval), "REF-SECOND-PERSON");
  EXPECT_EQ(post(*second, "/v1/groups/group/reference/approve",
                 R"({"proposal":")" + std::string(64, '0') + R"("})"),
            "REF-PROPOSAL");
  EXPECT_EQ(post(*second, "/v1/groups/group/reference/approve", approval), "");
  EXPECT_EQ(attest(drone), "ATT-RUNTIME-UNACCEPTED") << "now it is held to them";
  EXPECT_EQ(post(*second, "/v1/groups/group/reference/approve", approval), "REF-PROPOSAL")
      << "once only";
}

}  // namespace
}  // namespace vedette
