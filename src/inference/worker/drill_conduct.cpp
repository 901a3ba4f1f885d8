// The conduct of vedette-worker: it does no more than its work, but in a drill.
#include "inference/policy/drill_act.h"
#include "inference/worker/forbidden_act.h"
#include "inference/worker/worker.h"

namespace vedette::inference {

Conduct drill_conduct() {
  return {.act = [](std::string_view drill, Moment moment) -> std::optional<WorkerExit> {
    const auto act = drill_act_from_name(drill);
    if (!act || moment != Moment::caged) return std::nullopt;
    return commit(*act).succeeded ? WorkerExit::leaked : WorkerExit::act_refused;
  }};
}

}  // namespace vedette::inference
