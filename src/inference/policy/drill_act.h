// Drills: a forbidden act that a worker commits on purpose, in its real cage.
#pragma once

#include <optional>
#include <string_view>

namespace vedette::inference {

enum class DrillAct { open_file, socket, exec, fork, ptrace };

inline constexpr DrillAct kDrillActs[] = {DrillAct::open_file, DrillAct::socket, DrillAct::exec,
                                          DrillAct::fork, DrillAct::ptrace};

// `open-file`, `socket`, `exec`, `fork`, `ptrace`.
[[nodiscard]] std::string_view name_of(DrillAct act);
[[nodiscard]] std::optional<DrillAct> drill_act_from_name(std::string_view name);

}  // namespace vedette::inference
