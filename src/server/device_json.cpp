#include "server/device_json.h"

#include <algorithm>

#include "codec/base64.h"

namespace vedette::server {

using codec::Json;

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
  if (device.sku) json.set("sku", device.sku->str());
  json.set("status", to_string(device.status)).set("epoch", device.epoch.value);
  json.set("enrolled_at", to_rfc3339(device.enrolled_at));
  json.set("endorsement_sha256", to_hex(device.endorsement_sha256));
  json.set("device_key", to_string(device.key_kind));
  if (!device.status_reason.empty()) json.set("reason", device.status_reason);
  if (!state) return json;
  Json registers{Json::Object{}};
  for (const auto& [number, value] : state->registers)
    registers.set(std::to_string(number), to_string(value));
  Json attestation;
  attestation.set("at", to_rfc3339(state->at)).set("affirming", state->affirming);
  attestation.set("reset_count", std::uint64_t{state->reset_count});
  attestation.set("registers", std::move(registers));
  json.set("attestation", std::move(attestation));
  return json;
}

}  // namespace vedette::server
