#include "policy/action.h"

#include <algorithm>
#include <array>

namespace vedette::policy {

namespace {

constexpr std::array kPrincipals = {Principal::anonymous, Principal::device, Principal::operator_};
constexpr std::array<std::string_view, kPrincipals.size()> kPrincipalNames = {"anonymous", "device",
                                                                              "operator"};

constexpr std::array kActions = {
    Action::read_authorities,  Action::enroll,          Action::reenroll,
    Action::challenge,         Action::submit_evidence, Action::read_release,
    Action::read_blob,         Action::read_tuf,        Action::submit_results,
    Action::submit_violations, Action::request_token,   Action::read_everything,
    Action::manage_devices,    Action::revoke_group,    Action::manage_references,
    Action::publish_blob,      Action::publish_release, Action::approve_release,
    Action::block_release,
};
constexpr std::array<std::string_view, kActions.size()> kActionNames = {
    "read_authorities", "enroll",          "reenroll",        "challenge",      "submit_evidence",
    "read_release",     "read_blob",       "read_tuf",        "submit_results", "submit_violations",
    "request_token",    "read_everything", "manage_devices",  "revoke_group",   "manage_references",
    "publish_blob",     "publish_release", "approve_release", "block_release",
};

template <class T, std::size_t N>
std::string_view name_of(const std::array<std::string_view, N>& names, T member) {
  const auto place = static_cast<std::size_t>(member);
  return place < N ? names[place] : "unknown";
}

template <class T, std::size_t N>
std::optional<T> named(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<T>(found - names.begin());
}

template <class T, std::size_t N>
Mask all_of(const std::array<T, N>& members) {
  Mask mask = 0;
  for (const T member : members)
    mask |= mask_of(member);
  return mask;
}

}  // namespace

std::string_view to_string(Principal principal) {
  return name_of(kPrincipalNames, principal);
}

std::string_view to_string(Action action) {
  return name_of(kActionNames, action);
}

std::optional<Principal> principal_named(std::string_view name) {
  return named<Principal>(kPrincipalNames, name);
}

std::optional<Action> action_named(std::string_view name) {
  return named<Action>(kActionNames, name);
}

std::span<const Principal> all_principals() {
  return kPrincipals;
}

std::span<const Action> all_actions() {
  return kActions;
}

Mask every_principal() {
  return all_of(kPrincipals);
}

Mask every_action() {
  return all_of(kActions);
}

}  // namespace vedette::policy
