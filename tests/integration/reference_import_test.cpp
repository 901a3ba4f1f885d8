// Reference manifests of a maker, imported by an operator: whose are refused, and which devices
// are accepted by them.
#include "attestation/corim/corim.h"
#include "attestation/corim/environment_json.h"
#include "attestation/corim/register_values.h"
#include "base/fd.h"

#include "measured_device_fixture.h"

namespace vedette {
namespace {

namespace corim = attestation::corim;
using attestation::ReferenceValues;
using vedette::testing::EventLogForge;

const crypto::PrivateKey& maker() {
  static const crypto::PrivateKey kKey = crypto::PrivateKey::generate_p256();
  return kKey;
}

void trust_maker(server::ServerConfig& config) {
  const std::string path = config.state_folder + "/maker.pem";
  const std::string pem = maker().public_key().pem();
  ASSERT_TRUE(write_file_atomically(path, as_bytes(pem), 0644).has_value());
  config.manifest_signers = {path};
}

class ManifestsOfMakers : public MeasuredDeviceOverTls {
 protected:
  explicit ManifestsOfMakers(const std::function<void(server::ServerConfig&)>& adjust = trust_maker)
      : MeasuredDeviceOverTls(adjust) {}

  [[nodiscard]] corim::Corim manifest(const ReferenceValues& values) const {
    corim::Corim manifest;
    manifest.id = std::string("firmware 2");
    manifest.tags = {{.id = std::string("drone firmware"), .version = 2}};
    manifest.validity = corim::Validity{.not_before = clock_.now() - std::chrono::hours(1),
                                        .not_after = clock_.now() + std::chrono::hours(1)};
    manifest.reference = corim::register_triples(environment_, values);
    return manifest;
  }
  static Bytes sign(const corim::Corim& manifest, const crypto::PrivateKey& key = maker()) {
    return corim::sign_corim(corim::write_corim(manifest).value(), {.name = "ACME"}, key).value();
  }
  [[nodiscard]] Json request(const Bytes& octets) const {
    Json body;
    body.set("manifest", codec::to_base64(octets));
    return body.set("environment", to_json(environment_));
  }
  std::string import(const Bytes& octets, const std::string& whose = "/v1/groups/group") {
    return post(*admin_, whose + "/reference/import", codec::to_json(request(octets)));
  }

  // Another firmware: what its register is then.
  static void flash(Device& device, const std::string& firmware) {
    device.inside.boot.measure(0, EventLogForge::EventType::efi_platform_firmware_blob2, firmware);
    ++device.inside.reset_count;
  }
  static ReferenceValues firmware_of(std::initializer_list<const Device*> devices) {
    ReferenceValues values;
    for (const Device* device : devices)
      values.registers[0].push_back(device->inside.registers().at(0));
    return values;
  }

  ReferenceValues some_ = [] {
    ReferenceValues values;
    values.registers[0] = {crypto::sha256(as_bytes("firmware 2"))};
    return values;
  }();
  corim::Environment environment_{.vendor = "ACME", .model = "drone"};
};

TEST_F(ManifestsOfMakers, AreRefusedUnlessATrustedKeySignedThem) {
  const auto unsigned_manifest = corim::write_corim(manifest(some_)).value();
  EXPECT_EQ(import(unsigned_manifest), "CORIM-UNSIGNED");
  EXPECT_EQ(import(sign(manifest(some_), crypto::PrivateKey::generate_p256())), "CORIM-SIGNATURE");
  Bytes changed = sign(manifest(some_));
  changed[changed.size() / 2] ^= 1U;
  EXPECT_EQ(import(changed), "CORIM-SIGNATURE");
  EXPECT_EQ(import({}), "CORIM-SIGNATURE");
  EXPECT_EQ(get(*admin_, "/v1/groups/group/reference"), "HTTP-NOT-FOUND") << "nothing was taken";
}

TEST_F(ManifestsOfMakers, AreRefusedBeforeAndAfterTheirTime) {
  auto one = manifest(some_);
  one.validity->not_after = clock_.now() - std::chrono::minutes(1);
  EXPECT_EQ(import(sign(one)), "CORIM-VALIDITY");
  one.validity = corim::Validity{.not_before = clock_.now() + std::chrono::hours(1),
                                 .not_after = clock_.now() + std::chrono::hours(2)};
  EXPECT_EQ(import(sign(one)), "CORIM-VALIDITY");
}

TEST_F(ManifestsOfMakers, AreRefusedForAnEnvironmentThatIsNotInThem) {
  const Bytes octets = sign(manifest(some_));
  environment_.model = "camera";
  EXPECT_EQ(import(octets), "CORIM-ABSENT");
  environment_.model.reset();
  EXPECT_EQ(import(octets), "CORIM-ABSENT") << "a class alone is no drone";
  const auto send = [&](const Json& body) {
    return post(*admin_, "/v1/groups/group/reference/import", codec::to_json(body));
  };
  EXPECT_EQ(send(request(octets).set("environment", Json::Object{})), "CORIM-ENVIRONMENT");
  EXPECT_EQ(send(Json().set("manifest", codec::to_base64(octets))), "JSON-MEMBER");
  EXPECT_EQ(send(request(octets).set("signer", maker().public_key().pem())), "JSON-MEMBER")
      << "nobody brings their own trust";
}

TEST_F(ManifestsOfMakers, AreRefusedForWhatNobodyHereUnderstandsOrCouldCheck) {
  auto one = manifest(some_);
  one.profile = std::string("https://acme.example/profile");
  EXPECT_EQ(import(sign(one)), "CORIM-UNKNOWN");
  one = manifest(some_);
  one.reference.front().measurements.front().svn = corim::Svn{.value = 3, .is_minimum = true};
  EXPECT_EQ(import(sign(one)), "CORIM-UNMAPPED");
  ReferenceValues unquoted = some_;
  unquoted.registers[14] = some_.registers[0];
  EXPECT_EQ(import(sign(manifest(unquoted))), "REF-UNQUOTED");
  ReferenceValues of_another_bank;
  of_another_bank.registers[0] = {
      crypto::BankDigest::of(codec::TpmAlgorithm::sha384, as_bytes("firmware 2"))};
  EXPECT_EQ(import(sign(manifest(of_another_bank))), "REF-UNQUOTED");
  of_another_bank.registers[0].push_back(some_.registers[0].front());
  EXPECT_EQ(import(sign(manifest(of_another_bank))), "") << "beside values of the bank";
}

TEST_F(ManifestsOfMakers, ARefusalIsLoggedWithTheManifestsDigest) {
  const Bytes octets = sign(manifest(some_), crypto::PrivateKey::generate_p256());
  EXPECT_EQ(import(octets), "CORIM-SIGNATURE");
  const Json entry = last_entry();
  EXPECT_EQ(entry.string("kind").value(), "reference");
  EXPECT_EQ(entry.string("code").value(), "CORIM-SIGNATURE");
  const Json& told = *entry.find("details")->find("manifest");
  EXPECT_EQ(told.string("sha256").value(), to_hex(crypto::sha256(octets)));
  EXPECT_EQ(*told.find("environment"), to_json(environment_));
  EXPECT_EQ(told.find("signer"), nullptr) << "nothing of it was believed";
}

TEST_F(ManifestsOfMakers, ADeviceCannotImportOne) {
  const auto drone = enter("drone");
  const std::string body = codec::to_json(request(sign(manifest(some_))));
  EXPECT_EQ(post(*drone.client, "/v1/groups/group/reference/import", body), "HTTP-NOT-FOUND");
  const auto to_operators =
      client(server_->ports().operators, drone.enrolled->certificate, drone.enrolled->key);
  EXPECT_EQ(post(*to_operators, "/v1/groups/group/reference/import", body), "AUTH-FORBIDDEN");
}

TEST_F(ManifestsOfMakers, ADeviceOfTheirValuesIsAcceptedAndAnotherIsNot) {
  auto old = enter("old");
  auto updated = enter("updated");
  auto other = enter("other");
  EXPECT_EQ(attest(old), "ATT-NO-REFERENCE");
  learn_and_allow_models("old");
  EXPECT_EQ(attest(old), "");
  flash(updated, "firmware 2");
  flash(other, "firmware of somebody");
  EXPECT_EQ(attest(updated), "ATT-BOOT-UNACCEPTED");
  EXPECT_EQ(attest(other), "ATT-BOOT-UNACCEPTED");
  ASSERT_EQ(import(sign(manifest(firmware_of({&old, &updated})))), "");
  EXPECT_EQ(attest(updated), "");
  EXPECT_EQ(attest(old), "") << "its values are in the manifest too";
  EXPECT_EQ(attest(other), "ATT-PCR-MISMATCH");
}

TEST_F(ManifestsOfMakers, TheirValuesAreAcceptedBesideThoseOfEarlierOnes) {
  auto one = enter("one");
  auto two = enter("two");
  EXPECT_EQ(attest(one), "ATT-NO-REFERENCE");
  learn_and_allow_models("one");
  flash(two, "firmware 2");
  ASSERT_EQ(import(sign(manifest(firmware_of({&one})))), "");
  EXPECT_EQ(attest(one), "");
  EXPECT_EQ(attest(two), "ATT-PCR-MISMATCH");
  ASSERT_EQ(import(sign(manifest(firmware_of({&two})))), "");
  EXPECT_EQ(attest(one), "");
  EXPECT_EQ(attest(two), "");
}

TEST_F(ManifestsOfMakers, TheAnswerNamesTheRegistersThatAreNewlyExact) {
  const auto newly_exact = [&](const ReferenceValues& values) {
    const auto answer = admin_->send(platform::json_request(
        "POST", "/v1/groups/group/reference/import", request(sign(manifest(values)))));
    const auto told = codec::parse_json(as_text(answer->body)).value();
    return codec::to_json(*told.find("manifest")->find("newly_exact"));
  };
  EXPECT_EQ(newly_exact(some_), "[0]");
  ReferenceValues more = some_;
  more.registers[2] = some_.registers.at(0);
  EXPECT_EQ(newly_exact(more), "[2]");
  EXPECT_EQ(*last_entry().find("details")->find("manifest")->find("newly_exact"),
            codec::parse_json("[2]").value());
  EXPECT_EQ(newly_exact(more), "[]");
}

TEST_F(ManifestsOfMakers, TheLogSaysWhoSignedWhichManifestForWhat) {
  auto one = manifest(some_);
  one.reference.push_back({.environment = {.vendor = "ACME", .model = "camera"},
                           .measurements = one.reference.front().measurements});
  const Bytes octets = sign(one);
  ASSERT_EQ(import(octets), "");
  const Json entry = last_entry();
  EXPECT_EQ(entry.string("kind").value(), "reference");
  EXPECT_EQ(entry.string("subject").value(), "group/group");
  EXPECT_EQ(entry.string("actor").value(), "operator/admin");
  const Json& told = *entry.find("details")->find("manifest");
  EXPECT_EQ(told.string("sha256").value(), to_hex(crypto::sha256(octets)));
  EXPECT_EQ(told.string("id").value(), "firmware 2");
  EXPECT_EQ(told.string("signer").value(), "ACME");
  EXPECT_EQ(told.string("key_sha256").value(), to_hex(maker().public_key().spki_sha256()));
  EXPECT_EQ(*told.find("environment"), to_json(environment_));
  EXPECT_EQ(codec::to_json(*told.find("tags")), R"([{"id":"drone firmware","version":2}])");
  EXPECT_EQ(told.integer("triples_for_others").value(), 1);
}

TEST_F(ManifestsOfMakers, OfASkuAreForThatSkuAlone) {
  auto drone = enter("drone");
  EXPECT_EQ(attest(drone), "ATT-NO-REFERENCE");
  ASSERT_EQ(post(*admin_, "/v1/devices/drone/sku", R"({"sku":"mk1"})"), "");
  EXPECT_EQ(import(sign(manifest(some_)), "/v1/groups/group/skus/mk1"), "REF-NOTHING")
      << "alone they would stand in the place of all of the group's";
  learn_and_allow_models("drone", "/v1/groups/group/skus/mk1");
  ASSERT_EQ(import(sign(manifest(some_)), "/v1/groups/group/skus/mk1"), "");
  EXPECT_EQ(get(*admin_, "/v1/groups/group/reference"), "HTTP-NOT-FOUND");
  EXPECT_EQ(attest(drone), "ATT-PCR-MISMATCH");
  ASSERT_EQ(import(sign(manifest(firmware_of({&drone}))), "/v1/groups/group/skus/mk1"), "");
  EXPECT_EQ(attest(drone), "");
}

class ManifestsAndTwoPersons : public ManifestsOfMakers {
 protected:
  ManifestsAndTwoPersons()
      : ManifestsOfMakers([](server::ServerConfig& config) {
          trust_maker(config);
          config.two_person_references = true;
        }) {}
};

TEST_F(ManifestsAndTwoPersons, AreProposalsThatSayWhoSigned) {
  add_operator("second");
  const auto second = operator_client("second");
  const Json proposed =
      ask(*admin_, "POST", "/v1/groups/group/reference/import", request(sign(manifest(some_))));
  EXPECT_EQ(proposed.find("manifest")->string("signer").value(), "ACME");
  EXPECT_EQ(last_entry().string("kind").value(), "reference-proposal");
  EXPECT_EQ(get(*admin_, "/v1/groups/group/reference"), "HTTP-NOT-FOUND");
  const Json shown = ask(*second, "GET", "/v1/groups/group/reference/proposal", Json::Object{});
  EXPECT_EQ(shown.find("manifest")->string("signer").value(), "ACME");
  const std::string approval = R"({"proposal":")" + proposed.string("proposal").value() + R"("})";
  EXPECT_EQ(post(*admin_, "/v1/groups/group/reference/approve", approval), "REF-SECOND-PERSON");
  EXPECT_EQ(post(*second, "/v1/groups/group/reference/approve", approval), "");
  const Json entry = last_entry();
  EXPECT_EQ(entry.find("details")->find("manifest")->string("id").value(), "firmware 2");
  EXPECT_EQ(entry.find("details")->string("proposer").value(), "operator/admin");
  EXPECT_EQ(get(*admin_, "/v1/groups/group/reference"), "");
}

class ManifestsOfNobody : public ManifestsOfMakers {
 protected:
  ManifestsOfNobody() : ManifestsOfMakers([](server::ServerConfig&) {}) {}
};

TEST_F(ManifestsOfNobody, AreRefusedWhereTheServerTrustsNoMaker) {
  EXPECT_EQ(import(sign(manifest(some_))), "CORIM-SIGNATURE");
}

}  // namespace
}  // namespace vedette
