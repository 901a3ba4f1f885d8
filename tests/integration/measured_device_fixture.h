// A device in software with all of its logs, attesting to a real server over TLS, and an operator.
#pragma once

#include <functional>
#include <string>

#include "attestation/appraisal/measured_device_scene.h"
#include "codec/base64.h"
#include "codec/json.h"

#include "control_plane_fixture.h"

namespace vedette {

using codec::Json;

class MeasuredDeviceOverTls : public ControlPlane {
 protected:
  struct Device {
    attestation::MeasuredDevice inside;
    std::optional<Enrolled> enrolled{};
    Client client{};
  };

  explicit MeasuredDeviceOverTls(const std::function<void(server::ServerConfig&)>& adjust =
                                     [](server::ServerConfig&) {})
      : ControlPlane([&adjust](server::ServerConfig& config) {
          config.registers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13};
          adjust(config);
        }) {}

  Device enter(const std::string& name) {
    Device device;
    device.enrolled = enroll(name);
    const Bytes ak =
        testing::forge_public(device.inside.tpm.ak.public_key(), device.inside.tpm.ak_shape);
    const auto saved = store_->write([&](platform::UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(auto record, unit.devices().find(*DeviceId::parse(name)));
      record->attestation_key = ak;
      return unit.devices().save(*record);
    });
    EXPECT_TRUE(saved.has_value());
    device.client = connect(device);
    return device;
  }

  Client connect(const Device& device) {
    return client(server_->ports().device, device.enrolled->certificate, device.enrolled->key);
  }

  static Json ask(platform::HttpClient& client, const std::string& method,
                  const std::string& target, const Json& body) {
    const auto response = client.send(platform::json_request(method, target, body));
    EXPECT_TRUE(response.has_value()) << describe(response.error());
    return codec::parse_json(as_text(response->body)).value();
  }

  // Everything, or what the challenge wants.
  static Json evidence(Device& device, bool everything) {
    const Json challenge = ask(*device.client, "POST", "/v1/attestation/challenge", Json::Object{});
    const std::string nonce = challenge.string("nonce").value();
    attestation::LogWish wish;
    if (!everything) wish = attestation::parse_log_wish(*challenge.object("logs").value()).value();
    device.inside.tpm.nonce = codec::from_base64(nonce).value();
    device.inside.tpm.fingerprint = device.enrolled->certificate.fingerprint();
    device.inside.tpm.channel = device.client->channel_binding().value();
    device.inside.tpm.registers = device.inside.registers();
    auto shape = device.inside.tpm.quote();
    shape.reset_count = device.inside.reset_count;
    shape.clock = device.inside.clock++;
    const auto quote = device.inside.tpm.evidence(shape);
    Json body = attestation::to_json(quote);
    attestation::set_device_logs(body, device.inside.logs(wish));
    return body.set("kind", "tpm2");
  }

  std::string attest(Device& device, bool everything = false) {
    return post(*device.client, "/v1/attestation/evidence",
                codec::to_json(evidence(device, everything)));
  }

  // The last entry of the log, as it was written.
  Json last_entry() {
    const Json log = ask(*admin_, "GET", "/v1/log/entries?start=0&count=1000", Json::Object{});
    const Json::Array& entries = *log.array("entries").value()->if_array();
    const Bytes entry = codec::from_base64(*entries.back().if_string()).value();
    return codec::parse_json(as_text(entry)).value();
  }

  // `whose`: the group, or one SKU in it.
  std::string learn(const std::string& device, const std::string& whose = "/v1/groups/group") {
    return post(*admin_, whose + "/reference/learn", R"({"device":")" + device + R"("})");
  }

  // Any model may run here: none was published.
  void learn_and_allow_models(const std::string& device,
                              const std::string& whose = "/v1/groups/group") {
    ASSERT_EQ(learn(device, whose), "");
    Json set = ask(*admin_, "GET", whose + "/reference", Json::Object{});
    Json runtime = *set.object("runtime").value();
    runtime.set("model-release", Json::Array{Json("*")});
    set.set("runtime", std::move(runtime));
    ASSERT_EQ(code(admin_->send(platform::json_request("PUT", whose + "/reference", set))), "");
  }

  Client admin_ = operator_client();
};

}  // namespace vedette
