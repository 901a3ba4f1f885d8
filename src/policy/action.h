// Who may ask, and for what: the principals and actions that rules speak of.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

namespace vedette::policy {

// NOLINTNEXTLINE(readability-identifier-naming): `operator` is a keyword
enum class Principal : std::uint8_t { anonymous, device, operator_ };

enum class Action : std::uint8_t {
  read_authorities,  // the CA certificates
  enroll,            // both steps
  reenroll,
  challenge,  // ask for a nonce
  submit_evidence,
  read_release,
  read_blob,
  read_tuf,  // the repository that says which releases count
  submit_results,
  submit_violations,
  request_token,    // for a relying party
  read_everything,  // status, devices, releases, receipts, violations, log
  manage_devices,   // allow, disallow, revoke, quarantine, reinstate, endorsement roots
  revoke_group,     // every enrolled device of a group at once
  manage_references,
  publish_blob,
  publish_release,
  approve_release,  // hand in another publisher's approval
  block_release,
};

[[nodiscard]] std::string_view to_string(Principal principal);
[[nodiscard]] std::string_view to_string(Action action);  // `unknown` beyond the enumeration
[[nodiscard]] std::optional<Principal> principal_named(std::string_view name);
[[nodiscard]] std::optional<Action> action_named(std::string_view name);

// Every one, in order: for tables, documents, proofs and tests.
[[nodiscard]] std::span<const Principal> all_principals();
[[nodiscard]] std::span<const Action> all_actions();

// A set of either. What is not in the enumeration is in no set.
using Mask = std::uint32_t;

template <class T>
[[nodiscard]] constexpr Mask mask_of(T member) {
  const auto place = static_cast<unsigned>(member);
  return place < 32U ? Mask{1} << place : Mask{0};
}

template <class T>
[[nodiscard]] constexpr Mask mask_of(std::initializer_list<T> members) {
  Mask mask = 0;
  for (const T member : members)
    mask |= mask_of(member);
  return mask;
}

template <class T>
[[nodiscard]] constexpr bool holds(Mask mask, T member) {
  return (mask & mask_of(member)) != 0;
}

[[nodiscard]] Mask every_principal();
[[nodiscard]] Mask every_action();

}  // namespace vedette::policy
