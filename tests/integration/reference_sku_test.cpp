// Two hardware models in one group, each held to its own reference values.
#include "measured_device_fixture.h"

namespace vedette {
namespace {

using vedette::testing::EventLogForge;

constexpr const char* kMk1 = "/v1/groups/group/skus/mk1";
constexpr const char* kMk2 = "/v1/groups/group/skus/mk2";

class ReferencesOfSkus : public MeasuredDeviceOverTls {
 protected:
  using MeasuredDeviceOverTls::MeasuredDeviceOverTls;

  // A device whose firmware starts an application of its own, and whose quote is known.
  Device enter_with(const std::string& name, const std::string& application) {
    auto device = enter(name);
    device.inside.boot.measure(4, EventLogForge::EventType::efi_boot_services_application,
                               testing::image_load(application), to_bytes(application));
    EXPECT_EQ(attest(device), "ATT-NO-REFERENCE");
    return device;
  }

  std::string set_sku(const std::string& device, const std::string& sku) {
    return post(*admin_, "/v1/devices/" + device + "/sku", R"({"sku":")" + sku + R"("})");
  }

  Json record_of(const std::string& name) {
    const Json answer = ask(*admin_, "GET", "/v1/devices", Json::Object{});
    for (const Json& device : *answer.array("devices").value()->if_array())
      if (device.string("id").value() == name) return device;
    return {};
  }

  Json explanation_of(const std::string& name) {
    return ask(*admin_, "GET", "/v1/devices/" + name + "/explanation", Json::Object{});
  }
};

TEST_F(ReferencesOfSkus, EachIsAcceptedByItsOwnValuesAndRefusedByTheOthers) {
  auto drone = enter_with("drone", "\\EFI\\mk1.efi");
  auto camera = enter_with("camera", "\\EFI\\mk2.efi");
  ASSERT_EQ(set_sku("drone", "mk1"), "");
  ASSERT_EQ(set_sku("camera", "mk2"), "");
  learn_and_allow_models("drone", kMk1);
  learn_and_allow_models("camera", kMk2);
  EXPECT_EQ(attest(drone), "");
  EXPECT_EQ(attest(camera), "");
  ASSERT_EQ(set_sku("drone", "mk2"), "");
  ASSERT_EQ(set_sku("camera", "mk1"), "");
  EXPECT_EQ(attest(drone), "ATT-BOOT-UNACCEPTED") << "judged anew, though nothing is new";
  EXPECT_EQ(attest(camera), "ATT-BOOT-UNACCEPTED");
  ASSERT_EQ(set_sku("drone", "mk1"), "");
  EXPECT_EQ(attest(drone), "") << "and anew";
}

TEST_F(ReferencesOfSkus, AnotherSkuWantsEveryLogAgain) {
  auto drone = enter("drone");
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  learn_and_allow_models("drone");
  EXPECT_EQ(attest(drone), "");
  const auto wanted = [&] {
    const Json asked = ask(*drone.client, "POST", "/v1/attestation/challenge", Json::Object{});
    return attestation::parse_log_wish(*asked.object("logs").value()).value();
  };
  EXPECT_FALSE(wanted().event_log);
  EXPECT_GT(wanted().ima_from, 0U);
  ASSERT_EQ(set_sku("drone", "mk1"), "");
  EXPECT_FALSE(wanted().event_log) << "mk1 has no set: the group's is still the one";
  ASSERT_EQ(learn("drone", kMk1), "");
  EXPECT_TRUE(wanted().event_log);
  EXPECT_EQ(wanted().ima_from, 0U);
  EXPECT_EQ(wanted().runtime_from, 0U);
}

TEST_F(ReferencesOfSkus, WithoutASetOfItsOwnTheGroupsIsTheOneAndWithOneItIsReplaced) {
  auto drone = enter_with("drone", "\\EFI\\mk1.efi");
  learn_and_allow_models("drone");
  ASSERT_EQ(set_sku("drone", "mk1"), "");
  EXPECT_EQ(attest(drone), "") << "by the group's";
  auto camera = enter("camera");
  ASSERT_EQ(set_sku("camera", "mk1"), "");
  EXPECT_EQ(attest(camera), "") << "it boots less than the group accepts";
  learn_and_allow_models("camera", kMk1);
  EXPECT_EQ(attest(camera), "");
  EXPECT_EQ(attest(drone), "ATT-BOOT-UNACCEPTED") << "the group's values count no more";
}

TEST_F(ReferencesOfSkus, ADeviceCannotSayWhichItIs) {
  auto drone = enter_with("drone", "\\EFI\\mk1.efi");
  ASSERT_EQ(set_sku("drone", "mk1"), "");
  learn_and_allow_models("drone", kMk1);
  auto camera = enter("camera");
  camera.inside.boot.measure(4, EventLogForge::EventType::efi_boot_services_application,
                             testing::image_load("\\EFI\\mk1.efi"), to_bytes("\\EFI\\mk1.efi"));
  Json claiming = evidence(camera, true);
  claiming.set("sku", "mk1");
  EXPECT_EQ(post(*camera.client, "/v1/attestation/evidence", codec::to_json(claiming)),
            "ATT-SYNTAX");
  const std::string body = R"({"sku":"mk1"})";
  EXPECT_EQ(post(*camera.client, "/v1/devices/camera/sku", body), "HTTP-NOT-FOUND");
  const auto to_operators =
      client(server_->ports().operators, camera.enrolled->certificate, camera.enrolled->key);
  EXPECT_EQ(post(*to_operators, "/v1/devices/camera/sku", body), "AUTH-FORBIDDEN");
  EXPECT_EQ(record_of("camera").find("sku"), nullptr);
  EXPECT_EQ(attest(camera), "ATT-NO-REFERENCE") << "its group has no values";
}

TEST_F(ReferencesOfSkus, RefusesASkuThatIsNoNameOrIsNotSaid) {
  enter("drone");
  EXPECT_EQ(set_sku("drone", "MK 1"), "NAME-FORMAT");
  EXPECT_EQ(set_sku("nobody", "mk1"), "HTTP-NOT-FOUND");
  EXPECT_EQ(post(*admin_, "/v1/devices/drone/sku", "{}"), "JSON-MEMBER");
  EXPECT_EQ(post(*admin_, "/v1/devices/drone/sku", R"({"sku":7})"), "JSON-MEMBER");
  EXPECT_EQ(get(*admin_, "/v1/groups/group/skus/MK1/reference"), "NAME-FORMAT");
  EXPECT_EQ(get(*admin_, "/v1/groups/group/skus/mk1/reference"), "HTTP-NOT-FOUND");
}

TEST_F(ReferencesOfSkus, TheSkuIsLoggedAndShownAndCanBeTakenAway) {
  enter("drone");
  ASSERT_EQ(set_sku("drone", "mk1"), "");
  ASSERT_EQ(set_sku("drone", "mk2"), "");
  const Json entry = last_entry();
  EXPECT_EQ(entry.string("kind").value(), "sku");
  EXPECT_EQ(entry.string("subject").value(), "device/drone");
  EXPECT_EQ(entry.string("actor").value(), "operator/admin");
  EXPECT_EQ(codec::to_json(*entry.object("details").value()), R"({"sku":"mk2","was":"mk1"})");
  EXPECT_EQ(record_of("drone").string("sku").value(), "mk2");
  ASSERT_EQ(post(*admin_, "/v1/devices/drone/sku", R"({"sku":null})"), "");
  EXPECT_EQ(record_of("drone").find("sku"), nullptr);
}

TEST_F(ReferencesOfSkus, ADeviceSpeaksForNoOtherSetThanItsOwn) {
  auto drone = enter_with("drone", "\\EFI\\mk1.efi");
  EXPECT_EQ(learn("drone", kMk1), "REF-SKU") << "it has none";
  ASSERT_EQ(set_sku("drone", "mk2"), "");
  EXPECT_EQ(learn("drone", kMk1), "REF-SKU");
  EXPECT_EQ(post(*admin_, std::string(kMk2) + "/reference/accept", R"({"device":"drone"})"),
            "REF-NOTHING");
  EXPECT_EQ(learn("drone"), "") << "it is held to the group's until mk2 has its own";
  EXPECT_EQ(learn("drone", kMk2), "");
  EXPECT_EQ(learn("drone"), "REF-SKU");
  EXPECT_EQ(post(*admin_, "/v1/groups/group/reference/accept", R"({"device":"drone"})"), "REF-SKU");
}

TEST_F(ReferencesOfSkus, TheExplanationNamesTheSkuInWhatWouldAcceptIt) {
  auto drone = enter_with("drone", "\\EFI\\mk1.efi");
  auto twin = enter_with("twin", "\\EFI\\mk1.efi");
  learn_and_allow_models("twin");
  EXPECT_EQ(explanation_of("drone").find("accept"), nullptr) << "these have not judged it yet";
  drone.inside.boot.measure(4, EventLogForge::EventType::efi_boot_services_application,
                            testing::image_load("\\EFI\\other.efi"), to_bytes("other"));
  ++drone.inside.reset_count;
  EXPECT_EQ(attest(drone, true), "ATT-BOOT-UNACCEPTED");
  EXPECT_EQ(explanation_of("drone").string("accept").value(),
            "vedette reference accept group --from drone");
  ASSERT_EQ(set_sku("drone", "mk1"), "");
  EXPECT_EQ(explanation_of("drone").string("held_to").value(), "group group");
  learn_and_allow_models("drone", kMk1);
  drone.inside.boot.measure(4, EventLogForge::EventType::efi_boot_services_application,
                            testing::image_load("\\EFI\\new.efi"), to_bytes("new"));
  ++drone.inside.reset_count;
  EXPECT_EQ(attest(drone, true), "ATT-BOOT-UNACCEPTED");
  const Json explained = explanation_of("drone");
  EXPECT_EQ(explained.string("held_to").value(), "group group, SKU mk1");
  EXPECT_EQ(explained.string("accept").value(),
            "vedette reference accept group --sku mk1 --from drone");
  EXPECT_EQ(explained.integer("booted_alike").value(), 1);
  EXPECT_EQ(post(*admin_, std::string(kMk1) + "/reference/accept", R"({"device":"drone"})"), "");
  EXPECT_EQ(attest(drone, true), "");
}

class TwoPersonsAndSkus : public ReferencesOfSkus {
 protected:
  TwoPersonsAndSkus()
      : ReferencesOfSkus(
            [](server::ServerConfig& config) { config.two_person_references = true; }) {}
};

TEST_F(TwoPersonsAndSkus, AProposalForASkuIsApprovedForThatSkuAlone) {
  auto drone = enter_with("drone", "\\EFI\\mk1.efi");
  ASSERT_EQ(set_sku("drone", "mk1"), "");
  add_operator("second");
  const auto second = operator_client("second");
  const Json proposed = ask(*admin_, "POST", std::string(kMk1) + "/reference/learn",
                            Json::Object{{"device", Json("drone")}});
  const std::string approval = R"({"proposal":")" + proposed.string("proposal").value() + R"("})";
  EXPECT_EQ(post(*second, "/v1/groups/group/reference/approve", approval), "REF-PROPOSAL");
  EXPECT_EQ(post(*second, std::string(kMk2) + "/reference/approve", approval), "REF-PROPOSAL");
  EXPECT_EQ(get(*second, "/v1/groups/group/reference/proposal"), "HTTP-NOT-FOUND");
  const Json shown = ask(*second, "GET", std::string(kMk1) + "/reference/proposal", Json::Object{});
  EXPECT_EQ(shown.string("device").value(), "drone") << "where it was taken from";
  EXPECT_EQ(post(*admin_, std::string(kMk1) + "/reference/approve", approval), "REF-SECOND-PERSON");
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  EXPECT_EQ(post(*second, std::string(kMk1) + "/reference/approve", approval), "");
  EXPECT_EQ(last_entry().string("subject").value(), "group/group/sku/mk1");
  EXPECT_EQ(attest(drone), "ATT-RUNTIME-UNACCEPTED") << "now it is held to them";
}

}  // namespace
}  // namespace vedette
