// How strong the cage must be on this machine. It is declared, never lowered silently.
#pragma once

#include <optional>
#include <string_view>

#include "inference/policy/profile.h"

namespace vedette::inference {

enum class Posture {
  full,  // every layer, or the worker does not start
  // A kernel that gives no user namespaces (some distributions restrict them) is tolerated when the
  // agent is root: the other namespaces are made by a privileged zygote, and the worker becomes
  // `nobody`. Every other layer is required.
  without_user_namespace,
  // A kernel without Landlock is tolerated; every other layer is required.
  without_landlock,
  // Cores that run two threads, and a kernel that cannot keep strangers apart on them (no
  // CONFIG_SCHED_CORE), are tolerated; every other layer is required.
  without_core_scheduling,
};

inline constexpr Posture kPostures[] = {Posture::full, Posture::without_user_namespace,
                                        Posture::without_landlock,
                                        Posture::without_core_scheduling};

[[nodiscard]] std::string_view name_of(Posture posture);  // `full`, `without-landlock`, ...
[[nodiscard]] std::optional<Posture> posture_from_name(std::string_view name);

// The profile as it is on a machine of that posture: only what the posture tolerates is touched.
[[nodiscard]] Profile at_posture(Profile profile, Posture posture);

}  // namespace vedette::inference
