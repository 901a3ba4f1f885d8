// Which process on this device may ask which model, and what it may see of the answer.
//
// Default is deny. The first rule in the operator's order that names the caller, the model and the
// act decides, and is returned by its id. Pure: who the caller is, the kernel has said before.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::policy {

inline constexpr std::string_view kEveryModel = "*";

struct LocalCaller {
  std::uint32_t uid = 0;
  std::span<const std::uint32_t> groups;  // all that the kernel vouches for; may be empty
};

enum class LocalAct : std::uint8_t {
  see_status,    // of the whole agent: what it did last, and why; the owner and root alone
  see_metadata,  // that a model is there, whether it is ready, and what it takes and gives
  infer,
};

struct CallerRule {
  std::string id;  // for the decision, e.g. `user camera`
  // Who: each that is set must hold; with neither it is every caller whom the kernel names.
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  std::vector<std::string> models;  // by name, or kEveryModel; an empty list names none
  bool may_see_metadata = true;
  bool may_infer = true;
  std::optional<std::vector<std::string>> outputs;  // that it may see; none set: all of them
};

struct LocalPolicy {
  std::uint32_t owner = 0;        // the uid that the agent runs as
  std::vector<CallerRule> rules;  // without any, the owner and root may ask everything
};

struct LocalDecision {
  bool allowed = false;
  std::string_view rule;    // of the policy, or `owner`, `no-credentials` or `default-deny`
  std::string_view reason;  // a sentence without a full stop
  const std::vector<std::string>* outputs = nullptr;  // nullptr: all of them

  [[nodiscard]] bool shows(std::string_view output) const;
};

// `caller` is nothing when the kernel did not say who asks: then nobody is let in, by no rule. The
// decision borrows from `policy`. `model` is ignored for see_status.
[[nodiscard]] LocalDecision decide(const LocalPolicy& policy,
                                   const std::optional<LocalCaller>& caller, LocalAct act,
                                   std::string_view model);

}  // namespace vedette::policy
