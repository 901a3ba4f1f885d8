// Which delegated roles may speak of a target (specification, 4.5 and 5.6.7; TAP 15).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "release/tuf/metadata.h"

namespace vedette::release::tuf {

// `*` and `?` match within a segment only, never a `/`; all other characters match themselves.
// Takes time in proportion to the product of both lengths, whatever the pattern.
[[nodiscard]] bool matches_path(std::string_view pattern, std::string_view target_name);

struct Child {
  std::string role_name;
  bool terminating = false;
};

// The roles that speak of `target_name`, by priority, up to the first that is terminating.
[[nodiscard]] std::vector<Child> children_for(const Delegations& delegations,
                                              std::string_view target_name);

// Who has to sign `role_name` for this delegator; none when it delegates to no such role.
[[nodiscard]] std::optional<RoleKeys> keys_of(const Delegations& delegations,
                                              std::string_view role_name);

}  // namespace vedette::release::tuf
