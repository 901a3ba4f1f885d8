#include "release/tuf/role_edit.h"

#include <algorithm>
#include <set>

#include "release/tuf/fields.h"
#include "release/tuf/metadata.h"
#include "release/tuf/target_name.h"

namespace vedette::release::tuf {
namespace {

using codec::Json;

constexpr std::size_t kMaxRoleName = 64;

Json new_content(std::string_view type, TimePoint expires) {
  return Json::Object{{"_type", type},
                      {"spec_version", "1.0.34"},
                      {"version", 1},
                      {"expires", to_rfc3339(expires)}};
}

std::unexpected<Error> no_role(std::string_view role, std::string hint) {
  return refuse("TUF-ROLE", "there can be no such role here", std::string(role.substr(0, 80)),
                std::move(hint));
}

Result<void> check_role_name(std::string_view role) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  if (!role.empty() && role.size() <= kMaxRoleName && !is_top_level(role) &&
      role.find_first_not_of(kLetters) == std::string_view::npos)
    return {};
  return no_role(role, "a delegated role's name has lower-case letters, digits, '-' and '_'");
}

Json member(const Json& object, std::string_view name) {
  const Json* found = object.find(name);
  return found != nullptr ? *found : Json(Json::Object{});
}

// The member `keyids` and `threshold` of a role, and the keys that they are about.
struct Listed {
  Json::Array ids;
  std::vector<ListedKey> keys;
};

Result<Listed> list(const RoleHolders& holders) {
  Listed listed;
  std::set<std::string> seen;
  for (const crypto::PublicKey& key : holders.keys) {
    VEDETTE_TRY(ListedKey one, listed_key(key));
    if (!seen.insert(one.id).second) continue;
    listed.ids.emplace_back(one.id);
    listed.keys.push_back(std::move(one));
  }
  if (holders.threshold >= 1 && std::cmp_less_equal(holders.threshold, listed.keys.size()))
    return listed;
  return refuse("TUF-THRESHOLD", "a role's threshold cannot be reached by its keys",
                std::to_string(holders.threshold) + " of " + std::to_string(listed.keys.size()));
}

// Keys that no role names any more go: whoever reads the metadata should not wonder.
Json keys_in_use(const Json& before, const std::vector<ListedKey>& added,
                 const std::vector<const Json*>& roles) {
  std::set<std::string> used;
  for (const Json* role : roles)
    if (const Json* ids = role->find("keyids"); ids != nullptr && ids->if_array() != nullptr)
      for (const Json& id : *ids->if_array())
        if (id.if_string() != nullptr) used.insert(*id.if_string());
  Json keys = Json::Object{};
  for (const auto& [id, value] : *before.if_object())
    if (used.contains(id)) keys.set(id, value);
  for (const ListedKey& key : added)
    keys.set(key.id, key.value);
  return keys;
}

Result<Json::Array> delegated_roles(const Json& delegations) {
  if (delegations.find("succinct_roles") != nullptr)
    return no_role("succinct_roles", "this role delegates to numbered roles, which are not edited");
  const Json* roles = delegations.find("roles");
  return roles != nullptr && roles->if_array() != nullptr ? *roles->if_array() : Json::Array{};
}

void set_roles(Document& targets, Json delegations, Json::Array roles,
               const std::vector<ListedKey>& added) {
  std::vector<const Json*> all;
  all.reserve(roles.size());
  for (const Json& role : roles)
    all.push_back(&role);
  delegations.set("keys", keys_in_use(member(delegations, "keys"), added, all));
  delegations.set("roles", std::move(roles));
  targets.content.set("delegations", std::move(delegations));
}

Json::Array::iterator role_named(Json::Array& roles, std::string_view name) {
  return std::ranges::find_if(
      roles, [&](const Json& role) { return role.string("name").value_or("") == name; });
}

}  // namespace

Result<Document> new_root(const std::map<std::string, RoleHolders, std::less<>>& holders,
                          TimePoint expires) {
  Document root{.content = new_content(kRoot, expires), .signatures = {}};
  root.content.set("consistent_snapshot", true);
  root.content.set("keys", Json::Object{}).set("roles", Json::Object{});
  for (const std::string_view role : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    const auto found = holders.find(role);
    VEDETTE_CHECK(set_holders(root, role, found == holders.end() ? RoleHolders{} : found->second));
  }
  return root;
}

Document new_targets(TimePoint expires) {
  Document targets{.content = new_content(kTargets, expires), .signatures = {}};
  targets.content.set("targets", Json::Object{});
  return targets;
}

Result<void> set_holders(Document& root, std::string_view role, const RoleHolders& holders) {
  if (!is_top_level(role)) return no_role(role, "root names the keys of the top-level roles");
  VEDETTE_TRY(Listed listed, list(holders));
  Json roles = member(root.content, "roles");
  roles.set(std::string(role),
            Json::Object{{"keyids", listed.ids}, {"threshold", holders.threshold}});
  std::vector<const Json*> all;
  for (const auto& [name, value] : *roles.if_object())
    all.push_back(&value);
  root.content.set("keys", keys_in_use(member(root.content, "keys"), listed.keys, all));
  root.content.set("roles", std::move(roles));
  return {};
}

Result<void> set_delegation(Document& targets, const Delegation& delegation) {
  VEDETTE_CHECK(check_role_name(delegation.role));
  VEDETTE_TRY(Listed listed, list(delegation.holders));
  Json::Array paths;
  for (const std::string& path : delegation.paths) {
    VEDETTE_CHECK(check_target_name(path));
    paths.emplace_back(path);
  }
  if (paths.empty()) return no_role(delegation.role, "name at least one path that it speaks of");
  Json role = Json::Object{{"name", delegation.role},
                           {"keyids", listed.ids},
                           {"threshold", delegation.holders.threshold},
                           {"terminating", delegation.terminating},
                           {"paths", std::move(paths)}};
  Json delegations = member(targets.content, "delegations");
  VEDETTE_TRY(Json::Array roles, delegated_roles(delegations));
  const auto present = role_named(roles, delegation.role);
  if (present == roles.end())
    roles.push_back(std::move(role));
  else
    *present = std::move(role);
  set_roles(targets, std::move(delegations), std::move(roles), listed.keys);
  return {};
}

Result<void> remove_delegation(Document& targets, std::string_view role) {
  Json delegations = member(targets.content, "delegations");
  VEDETTE_TRY(Json::Array roles, delegated_roles(delegations));
  const auto present = role_named(roles, role);
  if (present == roles.end()) return no_role(role, "nothing is delegated to it");
  roles.erase(present);
  set_roles(targets, std::move(delegations), std::move(roles), {});
  return {};
}

Result<void> set_target(Document& targets, const std::string& name, std::uint64_t length,
                        const crypto::Sha256Digest& sha256) {
  VEDETTE_CHECK(check_target_name(name));
  Json files = member(targets.content, "targets");
  files.set(name,
            Json::Object{{"length", length}, {"hashes", Json::Object{{"sha256", to_hex(sha256)}}}});
  targets.content.set("targets", std::move(files));
  return {};
}

Result<void> remove_target(Document& targets, std::string_view name) {
  const Json files = member(targets.content, "targets");
  Json::Object rest = *files.if_object();
  if (std::erase_if(rest, [&](const auto& file) { return file.first == name; }) == 0)
    return refuse("TUF-NO-TARGET", "the role lists no such target",
                  std::string(name.substr(0, 80)));
  targets.content.set("targets", std::move(rest));
  return {};
}

}  // namespace vedette::release::tuf
