#include "control_room.h"

#include <utility>

#include "base/fd.h"
#include "platform/net/json_api.h"

#include "day_settings.h"
#include "errand.h"
#include "plain_wire.h"

namespace vedette::bench {

namespace {

using codec::Json;

constexpr std::size_t kMaxPem = 64U << 10U;
constexpr std::chrono::seconds kPatience{120};  // references of a whole line are read in between

}  // namespace

Result<std::unique_ptr<ControlRoom>> ControlRoom::open(platform::HttpFactory& http,
                                                       const std::string& folder) {
  VEDETTE_TRY(const Bytes pem,
              read_file(state_folder(folder) + "/operators/admin/operator.pem", kMaxPem));
  VEDETTE_TRY(const auto certificate, crypto::Certificate::from_pem(as_text(pem)));
  std::unique_ptr<ControlRoom> room(new ControlRoom(http, folder, certificate.der()));
  VEDETTE_TRY(room->operators_, room->client(kOperatorPort));
  VEDETTE_TRY(room->watch_, room->client(kSweepPort));
  return room;
}

Result<std::unique_ptr<platform::HttpClient>> ControlRoom::client(std::uint16_t port) const {
  platform::HttpClientSettings settings;
  settings.unix_path = socket_path(folder_, port);
  settings.timeout = kPatience;
  return http_.connect(settings);
}

Result<std::unique_ptr<platform::HttpClient>> ControlRoom::device_client() const {
  return client(kDevicePort);
}

Result<Json> ControlRoom::ask(const std::string& method, const std::string& target,
                              const Json& body) {
  platform::HttpRequest request = platform::json_request(method, target, body);
  for (auto& header : connection_headers(certificate_, {}))
    request.headers.push_back(std::move(header));
  VEDETTE_TRY(const auto response, operators_->send(request));
  return platform::read_json_answer(response);
}

Result<void> ControlRoom::set_references(Fleet& fleet) {
  VEDETTE_TRY(const auto client, device_client());
  for (Device& golden : fleet.golden()) {
    golden.live({}, fleet.settings().life);
    const Outcome outcome = attest(golden, *client);
    if (outcome.code != "ATT-NO-REFERENCE")
      return refuse("BENCH-DAY", "a golden device was not asked for references first",
                    outcome.code);
    const std::string group = "/v1/groups/" + golden.line().group.str() + "/reference";
    VEDETTE_TRY(const Json learnt,
                ask("POST", group + "/learn", Json::Object{{"device", Json(golden.id().str())}}));
    VEDETTE_CHECK(ask("PUT", group, golden.line().references(learnt)));
    const Outcome again = attest(golden, *client);
    if (!again.code.empty())
      return refuse("BENCH-DAY", "a golden device is not held to be good", again.code);
  }
  return {};
}

Result<void> ControlRoom::revoke(const DeviceId& device) {
  VEDETTE_CHECK(ask("POST", "/v1/devices/" + device.str() + "/revoke",
                    Json::Object{{"reason", Json("stolen")}}));
  return {};
}

Result<std::uint64_t> ControlRoom::sweep() {
  VEDETTE_TRY(const auto response,
              watch_->send(platform::json_request("POST", "/", Json::Object{})));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  VEDETTE_TRY(const std::int64_t silent, answer.integer("silent"));
  return static_cast<std::uint64_t>(silent);
}

}  // namespace vedette::bench
