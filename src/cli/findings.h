// Findings: what a machine's facts and its drills mean, in words. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/machine.h"
#include "codec/json.h"
#include "inference/host/drill.h"
#include "inference/policy/posture.h"

namespace vedette::cli {

enum class Standing {
  good,
  insecure,  // it works, with less protection than it could have
  missing,   // required: without it no model runs here
};

struct Finding {
  std::string name;
  Standing standing = Standing::missing;
  std::string detail;
  std::string hint;  // empty when good
};

[[nodiscard]] std::vector<Finding> judge_machine(const MachineFacts& facts);
// The strongest posture that this machine can keep; none: no model runs here.
[[nodiscard]] std::optional<inference::Posture> strongest_posture(const MachineFacts& facts);
// Of the programs beside this one; a worker is required, the others are not.
[[nodiscard]] Finding judge_program(const std::string& name, bool present);
[[nodiscard]] Finding judge_drill(inference::DrillAct act,
                                  const Result<inference::DrillVerdict>& verdict);

[[nodiscard]] bool all_required(const std::vector<Finding>& findings);
// `{"ready":…,"findings":[{"name","standing","detail","hint"}]}`.
[[nodiscard]] codec::Json findings_json(const std::vector<Finding>& findings);
[[nodiscard]] std::string findings_text(const std::vector<Finding>& findings, bool colour);

}  // namespace vedette::cli
