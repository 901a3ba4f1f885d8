#include "release/tuf/targets_read.h"

#include <set>

#include "release/tuf/fields.h"
#include "release/tuf/limits.h"

namespace vedette::release::tuf {
namespace {

using codec::Json;

constexpr std::size_t kSha256HexDigits = 64;
constexpr std::int64_t kMaxBitLength = 32;
constexpr std::size_t kUnbounded = kMaxJsonValues;  // by the document's own bounds

Result<TargetFile> read_target(const std::string& name, const Json& json) {
  if (name.empty() || name.size() > kMaxNameOctets) return malformed("an improper target name");
  VEDETTE_TRY(const auto length, read_length(json));
  if (!length) return malformed("a target without a length");
  VEDETTE_TRY(Hashes hashes, read_hashes(json, false));
  return TargetFile{.name = name, .length = *length, .hashes = std::move(hashes)};
}

Result<void> check_prefixes(const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes)
    if (prefix.size() > kSha256HexDigits ||
        prefix.find_first_not_of("0123456789abcdef") != std::string::npos)
      return malformed("a path hash prefix that is not hexadecimal");
  return {};
}

Result<DelegatedRole> read_role(const Json& json) {
  DelegatedRole role;
  VEDETTE_TRY(role.name, required(json.string("name")));
  if (role.name.empty() || role.name.size() > kMaxNameOctets)
    return malformed("an improper role name");
  if (is_top_level(role.name)) return malformed("a delegation to the top-level role " + role.name);
  VEDETTE_TRY(role.keys, read_role_keys(json));
  VEDETTE_TRY(role.terminating, required(json.boolean("terminating")));
  const bool by_path = json.find("paths") != nullptr;
  if (by_path == (json.find("path_hash_prefixes") != nullptr))
    return malformed("not exactly one of paths and path_hash_prefixes");
  if (by_path) {
    VEDETTE_TRY(role.paths, read_strings(json, "paths", kUnbounded));
  } else {
    VEDETTE_TRY(role.path_hash_prefixes, read_strings(json, "path_hash_prefixes", kUnbounded));
    VEDETTE_CHECK(check_prefixes(role.path_hash_prefixes));
  }
  return role;
}

Result<std::vector<DelegatedRole>> read_roles(const Json::Array& elements) {
  std::vector<DelegatedRole> roles;
  std::set<std::string> names;
  for (const Json& element : elements) {
    VEDETTE_TRY(DelegatedRole role, read_role(element));
    if (!names.insert(role.name).second) return malformed("two delegations to " + role.name);
    roles.push_back(std::move(role));
  }
  return roles;
}

Result<SuccinctRoles> read_succinct_roles(const Json& json) {
  SuccinctRoles roles;
  VEDETTE_TRY(roles.keys, read_role_keys(json));
  VEDETTE_TRY(const std::int64_t bits, read_positive(json, "bit_length"));
  if (bits > kMaxBitLength) return malformed("a bit length of " + std::to_string(bits));
  roles.bit_length = static_cast<unsigned>(bits);
  VEDETTE_TRY(roles.name_prefix, required(json.string("name_prefix")));
  if (roles.name_prefix.size() > kMaxNameOctets) return malformed("a name prefix that is too long");
  return roles;
}

Result<Delegations> read_delegations(const Json& json) {
  Delegations delegations;
  VEDETTE_TRY(delegations.keys, read_keys(json));
  const bool listed = json.find("roles") != nullptr;
  if (listed == (json.find("succinct_roles") != nullptr))
    return malformed("not exactly one of roles and succinct_roles");
  if (listed) {
    VEDETTE_TRY(const Json* roles, required(json.array("roles")));
    VEDETTE_TRY(delegations.roles, read_roles(*roles->if_array()));
  } else {
    VEDETTE_TRY(const Json* roles, required(json.object("succinct_roles")));
    VEDETTE_TRY(delegations.succinct_roles, read_succinct_roles(*roles));
  }
  return delegations;
}

}  // namespace

Result<Targets> read_targets(const Json& json) {
  Targets targets;
  VEDETTE_TRY(const Json* files, required(json.object("targets")));
  for (const auto& [name, value] : *files->if_object()) {
    VEDETTE_TRY(TargetFile file, read_target(name, value));
    targets.targets.emplace(name, std::move(file));
  }
  if (json.find("delegations") != nullptr) {
    VEDETTE_TRY(const Json* delegations, required(json.object("delegations")));
    VEDETTE_TRY(targets.delegations, read_delegations(*delegations));
  }
  return targets;
}

}  // namespace vedette::release::tuf
