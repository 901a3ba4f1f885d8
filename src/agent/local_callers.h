// `[[api.callers]]`: the operator's rules on who may ask which model, read from the configuration.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "codec/json.h"
#include "policy/local_caller.h"

namespace vedette::agent {

inline constexpr std::size_t kMaxCallerRules = 256;

// One rule for each table. Its keys: `user` or `uid`, `group` or `gid` (both a user and a group:
// both must hold), or `any = true`; `models`, by name or "*"; `outputs` (all when absent); `infer`
// and `metadata` (true when absent). Names are looked up in the system's databases. Refuses
// CONFIG-VALUE and CONFIG-UNKNOWN, naming the table by its number.
[[nodiscard]] Result<std::vector<policy::CallerRule>> read_caller_rules(
    const std::vector<codec::Json>& tables);

// Of a user in the system's databases. Refuses CONFIG-VALUE when there is none.
[[nodiscard]] Result<std::uint32_t> uid_of(const std::string& user);

// Permission bits in octal, as chmod(1) has them: "0660". Refuses CONFIG-VALUE.
[[nodiscard]] Result<unsigned> read_mode(std::string_view text);

}  // namespace vedette::agent
