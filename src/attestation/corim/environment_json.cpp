#include "attestation/corim/environment_json.h"

#include <algorithm>

#include "codec/base64.h"

namespace vedette::attestation::corim {
namespace {

using codec::Json;

constexpr std::size_t kMaxText = 256;
constexpr std::size_t kMaxIdentifier = 64;

std::unexpected<Error> malformed(std::string cause) {
  return refuse("CORIM-ENVIRONMENT", "this is no environment of a manifest", std::move(cause),
                "'vedette reference inspect FILE' prints those of a manifest");
}

struct WriteIdentifier {
  Json operator()(const Oid& oid) const { return Json::Object{{"oid", to_hex(oid.encoded)}}; }
  Json operator()(const Uuid& uuid) const { return Json::Object{{"uuid", to_hex(uuid.octets)}}; }
  Json operator()(const Ueid& ueid) const { return Json::Object{{"ueid", to_hex(ueid.octets)}}; }
  Json operator()(const Bytes& bytes) const { return Json::Object{{"bytes", to_hex(bytes)}}; }
};

template <class Kind>
Result<Kind> of_octets(Bytes octets) {
  if constexpr (std::is_same_v<Kind, Bytes>) {
    return octets;
  } else if constexpr (std::is_same_v<Kind, Uuid>) {
    Uuid uuid;
    if (octets.size() != uuid.octets.size()) return malformed("a UUID has 16 octets");
    std::ranges::copy(octets, uuid.octets.begin());
    return uuid;
  } else if constexpr (std::is_same_v<Kind, Oid>) {
    return Oid{.encoded = std::move(octets)};
  } else {
    return Ueid{.octets = std::move(octets)};
  }
}

template <class Kind>
constexpr const char* kNameOf = "bytes";
template <>
constexpr const char* kNameOf<Oid> = "oid";
template <>
constexpr const char* kNameOf<Uuid> = "uuid";
template <>
constexpr const char* kNameOf<Ueid> = "ueid";

// True when `kind` is this one, whether or not the octets are.
template <class Kind, class Identifier>
bool take(const std::string& kind, const Bytes& octets, std::optional<Identifier>& identifier,
          Result<void>& result) {
  if (kind != kNameOf<Kind>) return false;
  auto read = of_octets<Kind>(octets);
  result = read ? Result<void>() : std::unexpected(read.error());
  if (read) identifier.emplace(*std::move(read));
  return true;
}

// {"<kind>": "<hex>"} of one of the kinds.
template <class... Kinds>
Result<void> read_identifier(const Json& json, std::string_view name,
                             std::optional<std::variant<Kinds...>>& identifier) {
  const Json* const member = json.find(name);
  if (member == nullptr) return {};
  const auto* const object = member->if_object();
  if (object == nullptr || object->size() != 1 || object->front().second.if_string() == nullptr)
    return malformed("'" + std::string(name) + "' is no object with one identifier");
  const std::string& kind = object->front().first;
  const auto octets = codec::from_hex(*object->front().second.if_string());
  if (!octets || octets->empty() || octets->size() > kMaxIdentifier)
    return malformed("'" + std::string(name) + "' is not 1 to 64 octets in hexadecimal");
  Result<void> result;
  if ((take<Kinds>(kind, *octets, identifier, result) || ...)) return result;
  return malformed("'" + std::string(name) + "' is of no kind that it may be");
}

Result<void> read_text(const Json& json, std::string_view name, std::optional<std::string>& text) {
  const Json* const member = json.find(name);
  if (member == nullptr) return {};
  const auto* const found = member->if_string();
  if (found == nullptr || found->empty() || found->size() > kMaxText)
    return malformed("'" + std::string(name) + "' is no text of 1 to 256 octets");
  text = *found;
  return {};
}

Result<void> read_number(const Json& json, std::string_view name,
                         std::optional<std::uint64_t>& number) {
  const Json* const member = json.find(name);
  if (member == nullptr) return {};
  const auto* const found = member->if_integer();
  if (found == nullptr || *found < 0)
    return malformed("'" + std::string(name) + "' is no number from 0 on");
  number = static_cast<std::uint64_t>(*found);
  return {};
}

}  // namespace

Json to_json(const Environment& environment) {
  Json json{Json::Object{}};
  if (environment.class_id)
    json.set("class_id", std::visit(WriteIdentifier(), *environment.class_id));
  if (environment.vendor) json.set("vendor", *environment.vendor);
  if (environment.model) json.set("model", *environment.model);
  if (environment.layer) json.set("layer", *environment.layer);
  if (environment.index) json.set("index", *environment.index);
  if (environment.instance)
    json.set("instance", std::visit(WriteIdentifier(), *environment.instance));
  if (environment.group) json.set("group", std::visit(WriteIdentifier(), *environment.group));
  return json;
}

Result<Environment> parse_environment(const Json& json) {
  if (!json.only({"class_id", "vendor", "model", "layer", "index", "instance", "group"}))
    return malformed("a member is not known, or it is no object");
  Environment environment;
  VEDETTE_CHECK(read_identifier(json, "class_id", environment.class_id));
  VEDETTE_CHECK(read_text(json, "vendor", environment.vendor));
  VEDETTE_CHECK(read_text(json, "model", environment.model));
  VEDETTE_CHECK(read_number(json, "layer", environment.layer));
  VEDETTE_CHECK(read_number(json, "index", environment.index));
  VEDETTE_CHECK(read_identifier(json, "instance", environment.instance));
  VEDETTE_CHECK(read_identifier(json, "group", environment.group));
  if (environment == Environment()) return malformed("it says nothing");
  return environment;
}

}  // namespace vedette::attestation::corim
