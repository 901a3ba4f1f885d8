#include "inference/policy/drill_act.h"

namespace vedette::inference {

std::string_view name_of(DrillAct act) {
  switch (act) {
    case DrillAct::open_file:
      return "open-file";
    case DrillAct::socket:
      return "socket";
    case DrillAct::exec:
      return "exec";
    case DrillAct::fork:
      return "fork";
    case DrillAct::ptrace:
      return "ptrace";
  }
  return "unknown";
}

std::optional<DrillAct> drill_act_from_name(std::string_view name) {
  for (const DrillAct act : kDrillActs)
    if (name_of(act) == name) return act;
  return std::nullopt;
}

}  // namespace vedette::inference
