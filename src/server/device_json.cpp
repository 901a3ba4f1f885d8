#include "server/device_json.h"

#include <algorithm>
#include <charconv>

#include "codec/base64.h"

namespace vedette::server {

using codec::Json;

namespace {

constexpr unsigned kHighestRegister = 23;
constexpr std::size_t kMostValues = 1000;

std::string_view to_string(identity::DeviceStatus status) {
  switch (status) {
    case identity::DeviceStatus::active:
      return "active";
    case identity::DeviceStatus::quarantined:
      return "quarantined";
    case identity::DeviceStatus::revoked:
      return "revoked";
  }
  return "unknown";
}

Result<std::uint8_t> parse_register(std::string_view text) {
  unsigned number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || end != text.data() + text.size() || number > kHighestRegister)
    return refuse("REF-SYNTAX", "not a platform configuration register",
                  std::string(text.substr(0, 40)), "registers are numbered 0 to 23");
  return static_cast<std::uint8_t>(number);
}

Result<std::vector<crypto::Sha256Digest>> parse_values(const Json& list) {
  const Json::Array* array = list.if_array();
  if (array == nullptr || array->empty() || array->size() > kMostValues)
    return refuse("REF-SYNTAX", "a register needs a list of 1 to 1000 values");
  std::vector<crypto::Sha256Digest> values;
  for (const Json& element : *array) {
    const std::string* text = element.if_string();
    if (text == nullptr) return refuse("REF-SYNTAX", "a reference value is not a text");
    VEDETTE_TRY(const auto value, parse_sha256(*text));
    values.push_back(value);
  }
  return values;
}

}  // namespace

Result<crypto::Sha256Digest> parse_sha256(std::string_view hex) {
  VEDETTE_TRY(const Bytes bytes, codec::from_hex(hex));
  crypto::Sha256Digest digest{};
  if (bytes.size() != digest.size() || to_hex(bytes) != hex)
    return refuse("HEX-SYNTAX", "not a SHA-256 digest in lower-case hexadecimal",
                  std::string(hex.substr(0, 80)));
  std::ranges::copy(bytes, digest.begin());
  return digest;
}

Json to_json(const identity::Device& device,
             const std::optional<attestation::AttestationState>& state) {
  Json json;
  json.set("id", device.id.str()).set("group", device.group.str());
  json.set("status", to_string(device.status)).set("epoch", device.epoch.value);
  json.set("enrolled_at", to_rfc3339(device.enrolled_at));
  json.set("endorsement_sha256", to_hex(device.endorsement_sha256));
  if (!device.status_reason.empty()) json.set("reason", device.status_reason);
  if (!state) return json;
  Json registers{Json::Object{}};
  for (const auto& [number, value] : state->registers)
    registers.set(std::to_string(number), to_hex(value));
  Json attestation;
  attestation.set("at", to_rfc3339(state->at)).set("affirming", state->affirming);
  attestation.set("reset_count", std::uint64_t{state->reset_count});
  attestation.set("registers", std::move(registers));
  json.set("attestation", std::move(attestation));
  return json;
}

Json to_json(const attestation::ReferenceValues& values) {
  Json registers{Json::Object{}};
  for (const auto& [number, accepted] : values.registers) {
    Json::Array list;
    for (const auto& value : accepted)
      list.emplace_back(to_hex(value));
    registers.set(std::to_string(number), std::move(list));
  }
  Json json;
  json.set("registers", std::move(registers));
  return json;
}

Result<attestation::ReferenceValues> parse_reference_values(const Json& body) {
  VEDETTE_CHECK(body.only({"registers"}));
  VEDETTE_TRY(const Json* registers, body.object("registers"));
  attestation::ReferenceValues values;
  for (const auto& [name, list] : *registers->if_object()) {
    VEDETTE_TRY(const std::uint8_t number, parse_register(name));
    VEDETTE_TRY(auto accepted, parse_values(list));
    values.registers[number] = std::move(accepted);
  }
  if (values.registers.empty()) return refuse("REF-SYNTAX", "there are no reference values in it");
  return values;
}

}  // namespace vedette::server
