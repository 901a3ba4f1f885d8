// A device whose key lives outside of its TPM, against the real server: what it must be allowed,
// what vouches for it, and what nobody claims of it.
#include <filesystem>

#include "agent/enrollment.h"
#include "codec/base64.h"
#include "platform/pkcs11/pkcs11_keys.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "testing/software_token.h"
#include "testing/software_tpm.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

using agent::DeviceKey;
using codec::Json;
using identity::KeyKind;

class OutsideKey : public ControlPlane {
 protected:
  using ControlPlane::ControlPlane;

  void SetUp() override {
    VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
    auto emulator = testing::SoftwareTpm::start();
    ASSERT_TRUE(emulator.has_value()) << describe(emulator.error());
    emulator_ = *std::move(emulator);
    auto tpm = platform::open_esys_tpm({emulator_->tcti(), emulator_->state_folder()});
    ASSERT_TRUE(tpm.has_value()) << describe(tpm.error());
    tpm_ = *std::move(tpm);
    boot();
  }

  void boot() {
    for (const std::uint8_t pcr : {std::uint8_t{0}, std::uint8_t{4}})
      ASSERT_TRUE(tpm_->extend(pcr, {crypto::sha256(as_bytes("firmware"))}).has_value());
  }
  void power_cycle() {
    ASSERT_TRUE(emulator_->restart().has_value());
    (void)tpm_->read_register(0);  // meets the power cycle; the next call connects anew
    boot();
  }

  // `keys`: the rule's list, as JSON.
  void allow(const std::string& keys) {
    const auto endorsement = codec::parse_tpm2b_public(*tpm_->endorsement_key());
    ASSERT_EQ(post(*admin_, "/v1/devices/allow",
                   R"({"device":"drone","group":"g","endorsement_sha256":")" +
                       to_hex(crypto::sha256(endorsement->encoded)) + R"(","keys":)" + keys + "}"),
              "");
  }
  std::string enroll(const DeviceKey& key) {
    const auto chain = agent::enroll(*enrollment_client(), *tpm_, key);
    if (!chain) return chain.error().code;
    credentials_ = *agent::make_credentials(*chain, key.key, "test.vedette", clock_.now());
    return "";
  }
  Client connection() {
    return client(server_->ports().device, credentials_->leaf(), credentials_->key);
  }
  std::string attest() {
    const auto verdict = agent::attest(*connection(), *tpm_, *credentials_, clock_, without_logs());
    if (verdict) ear_ = verdict->ear;
    return verdict ? "" : verdict.error().code;
  }
  std::string renew() {
    const auto chain = agent::renew(*connection(), *credentials_);
    return chain ? "" : chain.error().code;
  }
  void learn() {
    ASSERT_EQ(attest(), "ATT-NO-REFERENCE");
    ASSERT_EQ(post(*admin_, "/v1/groups/g/reference/learn", R"({"device":"drone"})"), "");
  }

  Json ask(const std::string& target) {
    const auto answer = admin_->send(platform::get_request(target));
    return codec::parse_json(as_text(answer.value().body)).value();
  }
  std::string recorded_key() {
    return ask("/v1/devices")
        .array("devices")
        .value()
        ->if_array()
        ->at(0)
        .string("device_key")
        .value();
  }
  // The details of the last entry of this kind in the log of decisions.
  Json last_details(const std::string& kind) {
    const Json log = ask("/v1/log/entries?start=0&count=1000");
    Json found;
    for (const Json& text : *log.array("entries").value()->if_array()) {
      const Bytes octets = codec::from_base64(*text.if_string()).value();
      const Json entry = codec::parse_json(as_text(octets)).value();
      if (entry.string("kind").value_or("") == kind) found = **entry.object("details");
    }
    return found;
  }
  // Of the last verdict.
  Json claims() const {
    const std::size_t first = ear_.find('.') + 1;
    const auto payload = codec::from_base64url(ear_.substr(first, ear_.find('.', first) - first));
    return codec::parse_json(as_text(payload.value())).value();
  }
  Json vector() const {
    return **(**(**claims().object("submods")).object("device"))
                 .object("ear_trustworthiness_vector");
  }

  static DeviceKey in_memory(KeyKind kind = KeyKind::memory) {
    return {crypto::PrivateKey::generate_p256(), kind};
  }
  DeviceKey in_tpm() { return {*agent::device_private_key(*tpm_), KeyKind::tpm}; }

  std::unique_ptr<testing::SoftwareTpm> emulator_;
  std::unique_ptr<platform::Tpm> tpm_;
  Client admin_ = operator_client();
  std::optional<agent::Credentials> credentials_;
  std::string ear_;
};

TEST_F(OutsideKey, IsRefusedWhereNobodyAllowedIt) {
  for (const char* keys : {"[]", R"(["tpm"])"}) {
    allow(keys);
    EXPECT_EQ(enroll(in_memory()), "ENR-KEY-PLACE");
    EXPECT_EQ(enroll(in_memory(KeyKind::pkcs11)), "ENR-KEY-PLACE");
  }
  allow(R"(["pkcs11"])");
  EXPECT_EQ(enroll(in_memory()), "ENR-KEY-PLACE");
}

TEST_F(OutsideKey, OfAnUnknownKindCannotBeAllowed) {
  const auto endorsement = codec::parse_tpm2b_public(*tpm_->endorsement_key());
  for (const char* keys : {R"(["token"])", "[7]"})
    EXPECT_EQ(post(*admin_, "/v1/devices/allow",
                   R"({"device":"drone","group":"g","endorsement_sha256":")" +
                       to_hex(crypto::sha256(endorsement->encoded)) + R"(","keys":)" + keys + "}"),
              "DEV-KEY");
}

// A device does not change the kind of its key by itself: it keeps what it has.
TEST_F(OutsideKey, DoesNotReplaceOneInTheTpmByItself) {
  allow("[]");
  ASSERT_EQ(enroll(in_tpm()), "");
  EXPECT_EQ(enroll(in_memory()), "ENR-KEY-PLACE");
  EXPECT_EQ(recorded_key(), "tpm");
  EXPECT_EQ(last_details("enrol").string("device_key"), "memory") << "the refusal, too";
  EXPECT_EQ(renew(), "") << "its certificate stands";
  allow(R"(["memory"])");
  ASSERT_EQ(enroll(in_memory()), "");
  EXPECT_EQ(recorded_key(), "memory");
  EXPECT_EQ(last_details("enrol").string("device_key"), "memory");
  EXPECT_EQ(last_details("enrol").string("device_key_was"), "tpm");
  allow("[]");
  EXPECT_EQ(enroll(in_memory()), "ENR-KEY-PLACE");
}

TEST_F(OutsideKey, ThatAnotherBootNamedIsNotBelieved) {
  allow(R"(["memory"])");
  const DeviceKey key = in_memory();
  ASSERT_EQ(enroll(key), "");
  learn();
  power_cycle();
  EXPECT_EQ(attest(), "ATT-KEY-BOOT") << "who knows what named the key";
  EXPECT_EQ(renew(), "ENR-KEY-UNVOUCHED");
  ASSERT_EQ(enroll(key), "");
  EXPECT_EQ(attest(), "");
  EXPECT_EQ(renew(), "");
  power_cycle();
  EXPECT_EQ(attest(), "") << "it was vouched for, once and for all";
}

TEST_F(OutsideKey, ThatUnacceptedSoftwareNamedIsNotBelieved) {
  allow(R"(["memory"])");
  ASSERT_EQ(enroll(in_memory()), "");
  learn();
  ASSERT_TRUE(tpm_->extend(4, {crypto::sha256(as_bytes("implant"))}).has_value());
  EXPECT_EQ(enroll(in_memory()), "") << "an enrolment is no verdict";
  EXPECT_EQ(attest(), "ATT-PCR-MISMATCH");
  power_cycle();
  EXPECT_EQ(attest(), "ATT-KEY-BOOT") << "a sound boot does not vouch for what the other one named";
}

TEST_F(OutsideKey, HasNoHardwareClaimedForItInTheVerdict) {
  allow(R"(["memory"])");
  ASSERT_EQ(enroll(in_tpm()), "");
  learn();
  ASSERT_EQ(attest(), "");
  EXPECT_EQ(claims().string("vedette_device_key"), "tpm");
  EXPECT_EQ(vector().integer("instance-identity"), 2);
  EXPECT_EQ(vector().integer("hardware"), 2);
  for (const KeyKind kind : {KeyKind::memory, KeyKind::pkcs11}) {
    allow(R"(["memory","pkcs11"])");
    ASSERT_EQ(enroll(in_memory(kind)), "");
    ASSERT_EQ(attest(), "");
    EXPECT_EQ(claims().string("vedette_device_key"), identity::to_string(kind));
    EXPECT_EQ(claims().string("ear_status"), "affirming");
    EXPECT_EQ(vector().find("instance-identity"), nullptr);
    EXPECT_EQ(vector().find("hardware"), nullptr);
    EXPECT_EQ(last_details("attest").string("device_key"), identity::to_string(kind));
  }
}

TEST_F(OutsideKey, InATokenEnrolsAttestsAndRenews) {
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TOKEN();
  testing::SoftwareToken token;
  token.generate({.label = "device"});
  platform::Pkcs11Keys keys;
  const auto key = keys.private_key(token.uri("device"));
  ASSERT_TRUE(key.has_value()) << describe(key.error());
  allow(R"(["pkcs11"])");
  ASSERT_EQ(enroll({*key, KeyKind::pkcs11}), "");
  learn();
  EXPECT_EQ(attest(), "");
  EXPECT_EQ(renew(), "");
  EXPECT_EQ(recorded_key(), "pkcs11");
}

constexpr const char* kTpmAlone = R"(
rule all permit anyone to any because "this is about keys";
rule in-the-tpm
  forbid device to submit_evidence
  unless principal.key == "tpm"
  because "only a key in the TPM is proven";
)";

class OutsideKeyByPolicy : public OutsideKey {
 protected:
  OutsideKeyByPolicy()
      : OutsideKey([](server::ServerConfig& config) {
          config.policy = config.state_folder + "/test.policy";
          const auto written = write_file_atomically(config.policy, as_bytes(kTpmAlone), 0644);
          if (!written) throw std::runtime_error(describe(written.error()));
        }) {}
};

TEST_F(OutsideKeyByPolicy, IsRefusedWhereAPolicySpeaksOfIt) {
  allow(R"(["memory"])");
  ASSERT_EQ(enroll(in_memory()), "");
  EXPECT_EQ(attest(), "AUTH-FORBIDDEN");
  ASSERT_EQ(enroll(in_tpm()), "");
  EXPECT_EQ(attest(), "ATT-NO-REFERENCE");
}

}  // namespace
}  // namespace vedette
