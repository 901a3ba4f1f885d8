#include "release/tuf/delegation.h"

#include <algorithm>

namespace vedette::release::tuf {
namespace {

// One segment: on a mismatch, the last `*` takes one character more, so nothing is tried twice.
bool matches_segment(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t after_star = 0;  // in `text`: where what follows the star is tried
  std::size_t position = 0;
  while (position < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      after_star = position;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[position])) {
      ++at;
      ++position;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      position = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

std::string digits_of(const SuccinctRoles& roles, std::uint64_t number) {
  const std::size_t width = (roles.bit_length + 3) / 4;  // of the largest number
  std::string digits(width, '0');
  for (std::size_t i = width; i-- > 0; number >>= 4U)
    digits[i] = "0123456789abcdef"[number & 0x0FU];
  return digits;
}

std::string bin_of(const SuccinctRoles& roles, const crypto::Sha256Digest& name_digest) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 4; ++i)
    number = number << 8U | name_digest.at(i);
  return roles.name_prefix + "-" + digits_of(roles, number >> (32 - roles.bit_length));
}

bool is_bin(const SuccinctRoles& roles, std::string_view role_name) {
  const std::size_t width = digits_of(roles, 0).size();
  if (role_name.size() != roles.name_prefix.size() + 1 + width) return false;
  if (!role_name.starts_with(roles.name_prefix + "-")) return false;
  std::uint64_t number = 0;
  for (const char digit : role_name.substr(role_name.size() - width)) {
    const auto value = std::string_view("0123456789abcdef").find(digit);
    if (value == std::string_view::npos) return false;
    number = number << 4U | value;
  }
  return number < std::uint64_t{1} << roles.bit_length;
}

bool speaks_of(const DelegatedRole& role, std::string_view target_name,
               std::string_view name_digest) {
  return std::ranges::any_of(role.paths,
                             [&](const auto& path) { return matches_path(path, target_name); }) ||
         std::ranges::any_of(role.path_hash_prefixes,
                             [&](const auto& prefix) { return name_digest.starts_with(prefix); });
}

}  // namespace

bool matches_path(std::string_view pattern, std::string_view target_name) {
  for (;;) {
    const std::size_t pattern_end = pattern.find('/');
    const std::size_t name_end = target_name.find('/');
    if (!matches_segment(pattern.substr(0, pattern_end), target_name.substr(0, name_end)))
      return false;
    const bool last = pattern_end == std::string_view::npos;
    if (last != (name_end == std::string_view::npos)) return false;
    if (last) return true;
    pattern.remove_prefix(pattern_end + 1);
    target_name.remove_prefix(name_end + 1);
  }
}

std::vector<Child> children_for(const Delegations& delegations, std::string_view target_name) {
  const crypto::Sha256Digest digest = crypto::sha256(as_bytes(target_name));
  if (delegations.succinct_roles)
    return {{.role_name = bin_of(*delegations.succinct_roles, digest), .terminating = false}};
  const std::string hex = to_hex(digest);
  std::vector<Child> children;
  for (const DelegatedRole& role : delegations.roles) {
    if (!speaks_of(role, target_name, hex)) continue;
    children.push_back({.role_name = role.name, .terminating = role.terminating});
    if (role.terminating) break;
  }
  return children;
}

std::optional<RoleKeys> keys_of(const Delegations& delegations, std::string_view role_name) {
  if (delegations.succinct_roles)
    return is_bin(*delegations.succinct_roles, role_name)
               ? std::optional(delegations.succinct_roles->keys)
               : std::nullopt;
  const auto role = std::ranges::find(delegations.roles, role_name, &DelegatedRole::name);
  return role == delegations.roles.end() ? std::nullopt : std::optional(role->keys);
}

}  // namespace vedette::release::tuf
