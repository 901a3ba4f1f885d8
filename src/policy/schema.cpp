#include "policy/schema.h"

#include <algorithm>
#include <array>
#include <limits>

namespace vedette::policy {

namespace {

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
constexpr std::array<std::string_view, 3> kStatuses = {"active", "quarantined", "revoked"};
constexpr std::array<std::string_view, 3> kKeys = {"tpm", "pkcs11", "memory"};
constexpr std::array<std::string_view, 3> kTiers = {"low", "medium", "high"};
constexpr std::span<const std::string_view> kNone;

constexpr std::array<AttributeSchema, kAttributes> kSchema = {{
    {Attribute::principal_name, "principal.name", Type::name, kNone, 0, 0,
     "the device's or the operator's own name, from its certificate"},
    {Attribute::principal_group, "principal.group", Type::name, kNone, 0, 0,
     "the device's group, from its record"},
    {Attribute::principal_sku, "principal.sku", Type::name, kNone, 0, 0,
     "the device's hardware model, where an operator has said one"},
    {Attribute::principal_status, "principal.status", Type::choice, kStatuses, 0, 0,
     "the device's status, from its record"},
    {Attribute::principal_key, "principal.key", Type::choice, kKeys, 0, 0,
     "where the device's key lives, from its record; pkcs11 and memory are its own word"},
    {Attribute::principal_roles, "principal.roles", Type::roles, kNone, 0, 0,
     "the operator's roles, as this policy gives them"},
    {Attribute::resource_group, "resource.group", Type::name, kNone, 0, 0,
     "the group that the request is about"},
    {Attribute::resource_device, "resource.device", Type::name, kNone, 0, 0,
     "the device that the request is about"},
    {Attribute::resource_model, "resource.model", Type::name, kNone, 0, 0,
     "the model that the request is about"},
    {Attribute::resource_tier, "resource.tier", Type::choice, kTiers, 0, 0,
     "the tier of the release that the request is about"},
    {Attribute::resource_audience, "resource.audience", Type::text, kNone, 0, 0,
     "the relying party that the token is to be for, as it calls itself"},
    {Attribute::context_attested, "context.attested", Type::flag, kNone, 0, 0,
     "the device sent a valid, affirming verdict of the present epoch"},
    {Attribute::context_attestation_age, "context.attestation_age", Type::duration, kNone, 0,
     kNoLimit, "how long ago that verdict was given, rounded up to whole seconds"},
    {Attribute::context_approvals, "context.approvals", Type::number, kNone, 1, 2,
     "how many operators stand behind the change: whoever asks, and who proposed it"},
}};

constexpr Mask kOneModel = mask_of(
    {Action::read_release, Action::read_blob, Action::approve_release, Action::block_release});

constexpr Mask kOneGroup = mask_of({Action::manage_references, Action::revoke_group});

Presence always_for(bool is_known) {
  return is_known ? Presence::always : Presence::never;
}

Presence of_a_device(Attribute attribute) {
  return attribute == Attribute::principal_sku || attribute == Attribute::context_attestation_age
             ? Presence::sometimes
             : Presence::always;
}

}  // namespace

const AttributeSchema& schema_of(Attribute attribute) {
  return kSchema.at(static_cast<std::size_t>(attribute));
}

std::span<const AttributeSchema> whole_schema() {
  return kSchema;
}

std::optional<Attribute> attribute_named(std::string_view path) {
  const auto* const found = std::ranges::find(kSchema, path, &AttributeSchema::path);
  if (found == kSchema.end()) return std::nullopt;
  return found->attribute;
}

Presence presence(Attribute attribute, Principal principal, Action action) {
  const bool is_device = principal == Principal::device;
  switch (attribute) {
    case Attribute::principal_name:
      return always_for(principal != Principal::anonymous);
    case Attribute::principal_roles:
      return always_for(principal == Principal::operator_);
    case Attribute::principal_group:
    case Attribute::principal_sku:
    case Attribute::principal_status:
    case Attribute::principal_key:
    case Attribute::context_attested:
    case Attribute::context_attestation_age:
      return is_device ? of_a_device(attribute) : Presence::never;
    case Attribute::resource_group:
      if (action == Action::manage_devices) return Presence::sometimes;
      return always_for(holds(kOneGroup, action));
    case Attribute::resource_device:
      return action == Action::manage_devices ? Presence::sometimes : Presence::never;
    case Attribute::resource_model:
    case Attribute::resource_tier:
      return holds(kOneModel, action) ? Presence::sometimes : Presence::never;
    case Attribute::resource_audience:
      return action == Action::request_token ? Presence::sometimes : Presence::never;
    case Attribute::context_approvals:
      return always_for(holds(kOneGroup, action));
  }
  return Presence::never;
}

std::string_view to_string(Type type) {
  constexpr std::array<std::string_view, 7> kNames = {
      "a flag", "a number", "a duration", "a name", "a text", "a choice", "a set of roles"};
  return kNames.at(static_cast<std::size_t>(type));
}

}  // namespace vedette::policy
