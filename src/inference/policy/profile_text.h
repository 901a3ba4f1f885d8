// The text of a profile: what is hashed into measurements, sent to the zygote, and enforced there.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "inference/policy/profile.h"

namespace vedette::inference {

inline constexpr std::size_t kMaxProfileText = 8192;  // octets

// One line per fact, `key value`, in a fixed order: two profiles that confine differently differ
// here.
[[nodiscard]] std::string canonical_text(const Profile& profile);

// The profile that canonical_text() wrote. Refuses SBX-PROFILE for anything else: an unknown or
// repeated fact, another order, a fact that is missing, another spelling.
[[nodiscard]] Result<Profile> parse_profile(std::string_view text);

}  // namespace vedette::inference
