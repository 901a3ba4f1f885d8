#include <array>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "cli/command_line.h"
#include "cli/findings.h"
#include "cli/machine.h"

namespace vedette::cli {

namespace {

using inference::DrillAct;

bool is_program(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0;
}

// In the strongest posture that the machine can keep: what it lacks is a finding of its own.
void run_drills(const std::string& worker, inference::Posture posture,
                std::vector<Finding>& findings) {
  for (const DrillAct act : inference::kDrillActs)
    findings.push_back(judge_drill(act, inference::run_drill(worker, act, posture)));
}

Result<void> examine(Environment& environment) {
  const MachineFacts facts = probe_machine();
  std::vector<Finding> findings = judge_machine(facts);
  for (const char* program : {"vedette-server", "vedette-agent", "vedette-worker"})
    findings.push_back(
        judge_program(program, is_program(environment.program_folder + "/" + program)));
  const std::string worker = environment.program_folder + "/vedette-worker";
  const auto posture = strongest_posture(facts);
  if (posture && is_program(worker)) run_drills(worker, *posture, findings);
  environment.output->result(findings_json(findings),
                             findings_text(findings, environment.output->colour()));
  if (all_required(findings)) return {};
  return refuse("DOCTOR-MISSING", "this machine lacks what is required to run a model safely", {},
                "see the lines that say 'missing'");
}

}  // namespace

void add_doctor_command(CLI::App& app, Choice& choice) {
  on_call(*app.add_subcommand("doctor", "what this machine offers, and whether the cage holds"),
          choice, [](Environment& environment) { return examine(environment); });
}

}  // namespace vedette::cli
