// Authorisation: who may do what, as one table that reads aloud.
//
// Default is deny, forbid wins over permit, and the deciding rule is returned by its id.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

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
  submit_results,
  submit_violations,
  read_everything,  // status, devices, releases, receipts, violations, log
  manage_devices,   // allow, revoke, quarantine, reinstate, endorsement roots
  manage_references,
  publish_blob,
  publish_release,
  block_release,
};

// What is known of the caller on this very request. For others than devices all of it is ignored.
struct Context {
  bool device_active = false;  // enrolled, and neither quarantined nor revoked
  bool attested = false;       // presented a valid, affirming token of the current epoch
};

struct Request {
  Principal principal = Principal::anonymous;
  Action action = Action::enroll;
  Context context;
};

struct Decision {
  bool allowed = false;
  std::string_view rule;    // id of the deciding rule; `default-deny` when none applied
  std::string_view reason;  // a sentence without a full stop
};

[[nodiscard]] Decision decide(const Request& request);

// The same as a Result: refuses AUTH-FORBIDDEN with the rule as cause and what to do as hint.
[[nodiscard]] Result<void> authorize(const Request& request);

[[nodiscard]] std::string_view to_string(Principal principal);
[[nodiscard]] std::string_view to_string(Action action);

// Every action, for tables, documents and tests.
[[nodiscard]] std::span<const Action> all_actions();

}  // namespace vedette::policy
