// Schema: what a condition may ask about, of which type, and for whom and what it is known.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "policy/action.h"

namespace vedette::policy {

enum class Attribute : std::uint8_t {
  principal_name,
  principal_group,
  principal_sku,
  principal_status,
  principal_key,
  principal_roles,
  resource_group,
  resource_device,
  resource_model,
  resource_tier,
  resource_audience,
  context_attested,
  context_attestation_age,
  context_approvals,
};
inline constexpr std::size_t kAttributes = 14;

enum class Type : std::uint8_t {
  flag,
  number,    // a whole number
  duration,  // whole seconds
  name,      // as in base/strong_id.h
  text,      // 1 to 255 visible characters of ASCII
  choice,    // one of a few words
  roles,     // of an operator; asked for with `principal has role NAME`
};

struct AttributeSchema {
  Attribute attribute;
  std::string_view path;  // `context.attested`
  Type type;
  std::span<const std::string_view> choices;  // of a choice
  std::int64_t least;                         // of a number and a duration, inclusive
  std::int64_t most;
  std::string_view meaning;
};

// Whether a request says it.
enum class Presence : std::uint8_t { never, sometimes, always };

[[nodiscard]] const AttributeSchema& schema_of(Attribute attribute);
[[nodiscard]] std::span<const AttributeSchema> whole_schema();
[[nodiscard]] std::optional<Attribute> attribute_named(std::string_view path);
// context.attestation_age is known exactly when context.attested holds.
[[nodiscard]] Presence presence(Attribute attribute, Principal principal, Action action);

[[nodiscard]] std::string_view to_string(Type type);

}  // namespace vedette::policy
