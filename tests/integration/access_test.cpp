// Who may enter where: identities, roles and status, on every listener.
#include <thread>

#include "base/fd.h"
#include "codec/base64.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

using Access = ControlPlane;

TEST_F(Access, TheDevicePlaneRefusesWhoHasNoCertificate) {
  const auto nobody = client(server_->ports().device, {}, publisher_);
  EXPECT_EQ(post(*nobody, "/v1/attestation/challenge", "{}"), "NET-TLS");
}

TEST_F(Access, TheDevicePlaneRefusesACertificateOfAnotherAuthority) {
  const auto domain = identity::TrustDomain::parse("test.vedette");
  const auto other = identity::CertificateAuthority::create(*domain, clock_.now());
  ASSERT_TRUE(other.has_value());
  const auto authority =
      identity::CertificateAuthority::open(*domain, other->material, clock_.now());
  ASSERT_TRUE(authority.has_value());
  const auto key = crypto::PrivateKey::generate_p256();
  const auto leaf = authority->issue_device(*DeviceId::parse("drone"), key.public_key(),
                                            clock_.now(), std::chrono::hours(1));
  ASSERT_TRUE(leaf.has_value());
  (void)enroll("drone");
  const auto stranger = client(server_->ports().device, *leaf, key);
  EXPECT_EQ(post(*stranger, "/v1/attestation/challenge", "{}"), "NET-TLS");
}

TEST_F(Access, ADeviceIsNoOperatorAndAnOperatorNoDevice) {
  const Enrolled drone = enroll("drone");
  const auto as_operator = client(server_->ports().operators, drone.certificate, drone.key);
  EXPECT_EQ(get(*as_operator, "/v1/devices"), "AUTH-FORBIDDEN");
  EXPECT_EQ(post(*as_operator, "/v1/devices/drone/reinstate", R"({"reason":"me"})"),
            "AUTH-FORBIDDEN");
  const std::string own = folder_ / "state/operators/admin/";
  const auto leaf = crypto::Certificate::from_pem(as_text(*read_file(own + "operator.pem", 65536)));
  const auto key = crypto::PrivateKey::from_pem(as_text(*read_file(own + "operator.key", 65536)));
  const auto as_device = client(server_->ports().device, *leaf, *key);
  EXPECT_EQ(post(*as_device, "/v1/attestation/challenge", "{}"), "AUTH-FORBIDDEN");
}

TEST_F(Access, ACertificateOfADeviceThatWasNeverEnrolledOpensNothing) {
  const auto key = crypto::PrivateKey::generate_p256();
  const auto leaf = keys_->authority.issue_device(*DeviceId::parse("ghost"), key.public_key(),
                                                  clock_.now(), std::chrono::hours(1));
  const auto ghost = client(server_->ports().device, *leaf, key);
  EXPECT_EQ(post(*ghost, "/v1/attestation/challenge", "{}"), "AUTH-UNKNOWN");
}

TEST_F(Access, ACertificateOfAFormerKeyOpensNothing) {
  const Enrolled former = enroll("drone");
  (void)enroll("drone");
  const auto drone = client(server_->ports().device, former.certificate, former.key);
  EXPECT_EQ(post(*drone, "/v1/attestation/challenge", "{}"), "AUTH-KEY");
}

// Keys A, B and A again: the record is of this key, and the certificate from before B.
TEST_F(Access, ACertificateFromBeforeItsKeyWasAwayOpensNothing) {
  const Enrolled drone = enroll("drone");
  const auto since = [&](TimePoint at) {
    const auto saved = store_->write([&](platform::UnitOfWork& unit) -> Result<void> {
      auto record = *unit.devices().find(*DeviceId::parse("drone")).value();
      record.key_since = at;
      return unit.devices().save(record);
    });
    ASSERT_TRUE(saved.has_value());
  };
  since(clock_.now() + std::chrono::seconds(2));
  const auto plane = client(server_->ports().device, drone.certificate, drone.key);
  EXPECT_EQ(post(*plane, "/v1/attestation/challenge", "{}"), "AUTH-KEY");
  since(clock_.now() - std::chrono::seconds(2));
  EXPECT_EQ(post(*plane, "/v1/attestation/challenge", "{}"), "");
}

TEST_F(Access, WithoutAVerdictThereAreNoModelsAndNoResults) {
  const auto drone = device_client("drone");
  EXPECT_EQ(get(*drone, "/v1/releases/voice"), "AUTH-FORBIDDEN");
  EXPECT_EQ(get(*drone, "/v1/blobs/" + std::string(64, 'a') + "?model=voice&release=1"),
            "AUTH-FORBIDDEN");
  EXPECT_EQ(post(*drone, "/v1/results", R"({"receipts":["x"]})"), "AUTH-FORBIDDEN");
}

TEST_F(Access, AForgedTokenIsRefusedAndNotIgnored) {
  const auto drone = device_client("drone");
  const auto answer = drone->send(platform::get_request("/v1/releases/voice", "e30.e30.e30"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(code(answer).starts_with("JWS-")) << code(answer);
}

TEST_F(Access, RevocationClosesTheLiveConnectionAndKeepsItClosed) {
  const auto drone = device_client("drone");
  const auto admin = operator_client();
  EXPECT_EQ(post(*drone, "/v1/attestation/challenge", "{}"), "");
  EXPECT_EQ(post(*admin, "/v1/devices/drone/revoke", R"({"reason":"stolen"})"), "");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (drone->connected() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_FALSE(drone->connected());
  EXPECT_EQ(post(*drone, "/v1/attestation/challenge", "{}"), "AUTH-REVOKED");
  for (const char* way_back : {"reinstate", "quarantine", "revoke"})
    EXPECT_EQ(post(*admin, std::string("/v1/devices/drone/") + way_back, R"({"reason":"found"})"),
              "DEV-REVOKED")
        << way_back;
}

TEST_F(Access, QuarantineCanBeUndoneAndRaisesTheEpochEachTime) {
  const auto drone = device_client("drone");
  const auto admin = operator_client();
  EXPECT_EQ(post(*admin, "/v1/devices/drone/quarantine", R"({"reason":"odd"})"), "");
  EXPECT_EQ(post(*drone, "/v1/attestation/challenge", "{}"), "AUTH-QUARANTINED");
  EXPECT_EQ(post(*admin, "/v1/devices/drone/reinstate", R"({"reason":"fine"})"), "");
  EXPECT_EQ(post(*drone, "/v1/attestation/challenge", "{}"), "");
  const auto devices =
      platform::read_json_answer(*admin->send(platform::get_request("/v1/devices")));
  ASSERT_TRUE(devices.has_value());
  EXPECT_EQ(*(*devices->array("devices"))->if_array()->front().integer("epoch"), 3);
}

TEST_F(Access, BadInputGetsACodeAndTheServerGoesOn) {
  const auto admin = operator_client();
  EXPECT_EQ(post(*admin, "/v1/devices/allow", "{"), "JSON-SYNTAX");
  EXPECT_EQ(post(*admin, "/v1/devices/allow", "{}"), "JSON-MEMBER");
  EXPECT_EQ(post(*admin, "/v1/devices/allow",
                 R"({"device":"../x","group":"g","endorsement_sha256":"00"})"),
            "NAME-FORMAT");
  EXPECT_EQ(post(*admin, "/v1/devices/nobody/revoke", R"({"reason":"x"})"), "HTTP-NOT-FOUND");
  EXPECT_EQ(post(*admin, "/v1/devices/nobody/revoke", R"({"reason":""})"), "HTTP-REASON");
  EXPECT_EQ(get(*admin, "/v1/log/proof?index=0&size=900"), "LOG-RANGE");
  EXPECT_EQ(get(*admin, "/v1/status"), "");
}

TEST_F(Access, WhatIsToleratedOfAMakerIsSaidOutrightAndStandsInTheLog) {
  const auto admin = operator_client();
  codec::Json body;
  body.set("group", "g").set("certificate", keys_->authority.root().pem());
  codec::Json vague = body;
  vague.set("sha1_signature", "perhaps");
  EXPECT_EQ(post(*admin, "/v1/endorsement-roots", codec::to_json(vague)), "JSON-MEMBER");
  const auto last_entry = [&] {
    const auto answer = admin->send(platform::get_request("/v1/log/entries?start=0&count=64"));
    const auto entries = codec::parse_json(as_text(answer->body)).value();
    const std::string last = *entries.array("entries").value()->if_array()->back().if_string();
    return std::string(as_text(*codec::from_base64(last)));
  };
  ASSERT_EQ(post(*admin, "/v1/endorsement-roots", codec::to_json(body)), "");
  EXPECT_NE(last_entry().find("admit-maker"), std::string::npos) << last_entry();
  EXPECT_EQ(last_entry().find("sha1_signature"), std::string::npos);
  EXPECT_NE(last_entry().find(to_hex(keys_->authority.root().fingerprint())), std::string::npos);
  body.set("sha1_signature", true).set("expired", true);
  ASSERT_EQ(post(*admin, "/v1/endorsement-roots", codec::to_json(body)), "");
  EXPECT_NE(last_entry().find(R"("sha1_signature":true)"), std::string::npos) << last_entry();
  EXPECT_NE(last_entry().find(R"("expired":true)"), std::string::npos);
}

}  // namespace
}  // namespace vedette
