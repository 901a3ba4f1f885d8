// For tests: the table of rules that was compiled in before policies were texts; but for access
// tokens, which have to be for a named audience since.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "policy/action.h"

namespace vedette::policy::old {

struct Context {
  bool device_active = false;
  bool attested = false;
};

struct Request {
  Principal principal = Principal::anonymous;
  Action action = Action::enroll;
  Context context;
};

struct Decision {
  bool allowed = false;
  std::string_view rule;
  std::string_view reason;
};

enum class Effect : std::uint8_t { permit, forbid };

// When a rule applies, beyond principal and action.
enum class Condition : std::uint8_t { always, active, inactive, attested, not_attested };

using ActionSet = std::uint32_t;

constexpr ActionSet bit(Action action) {
  return ActionSet{1} << static_cast<unsigned>(action);
}

constexpr ActionSet set_of(std::initializer_list<Action> actions) {
  ActionSet set = 0;
  for (const Action action : actions)
    set |= bit(action);
  return set;
}

inline constexpr ActionSet kEveryAction = ~ActionSet{0};

inline constexpr ActionSet kJoining = set_of({Action::read_authorities, Action::enroll});
inline constexpr ActionSet kProving =
    set_of({Action::read_authorities, Action::reenroll, Action::challenge, Action::submit_evidence,
            Action::read_tuf});
inline constexpr ActionSet kWorking = set_of(
    {Action::read_release, Action::read_blob, Action::submit_results, Action::submit_violations});
inline constexpr ActionSet kOperating =
    set_of({Action::read_authorities, Action::read_everything, Action::manage_devices,
            Action::manage_references, Action::publish_blob, Action::publish_release,
            Action::approve_release, Action::block_release});

struct Rule {
  std::string_view id;
  Effect effect;
  Principal principal;
  ActionSet actions;
  Condition condition;
  std::string_view reason;
  std::string_view hint;
};

inline constexpr std::array kRules = {
    Rule{"forbid-withdrawn-device", Effect::forbid, Principal::device, kEveryAction,
         Condition::inactive, "the device is not enrolled, or its trust was withdrawn",
         "ask an operator: 'vedette device show <device>' says why"},
    Rule{"forbid-unattested-device", Effect::forbid, Principal::device,
         kWorking | bit(Action::request_token), Condition::not_attested,
         "the device has not proven what it runs",
         "attest first, and send the token that attestation returns"},
    Rule{"anyone-may-join", Effect::permit, Principal::anonymous, kJoining, Condition::always,
         "enrolment proves itself", ""},
    Rule{"device-may-prove-itself", Effect::permit, Principal::device, kProving, Condition::active,
         "an enrolled device may renew, attest, and hear which releases count", ""},
    Rule{"attested-device-may-work", Effect::permit, Principal::device, kWorking,
         Condition::attested, "a device that proved what it runs may fetch and report", ""},
    Rule{"operator-may-operate", Effect::permit, Principal::operator_, kOperating,
         Condition::always, "operators look after devices and releases", ""},
};

inline bool holds(Condition condition, const Context& context) {
  switch (condition) {
    case Condition::always:
      return true;
    case Condition::active:
      return context.device_active;
    case Condition::inactive:
      return !context.device_active;
    case Condition::attested:
      return context.device_active && context.attested;
    case Condition::not_attested:
      return !context.attested;
  }
  return false;
}

inline const Rule* deciding(const Request& request, Effect effect) {
  const auto* const found = std::ranges::find_if(kRules, [&](const Rule& rule) {
    return rule.effect == effect && rule.principal == request.principal &&
           (rule.actions & bit(request.action)) != 0 && holds(rule.condition, request.context);
  });
  return found == kRules.end() ? nullptr : &*found;
}

inline Decision decide(const Request& request) {
  if (const Rule* rule = deciding(request, Effect::forbid)) return {false, rule->id, rule->reason};
  if (const Rule* rule = deciding(request, Effect::permit)) return {true, rule->id, rule->reason};
  return {false, "default-deny", "no rule allows this"};
}

}  // namespace vedette::policy::old
