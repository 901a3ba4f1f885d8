#include "inference/sandbox/delegation.h"

#include <algorithm>

#include "inference/sandbox/cgroup_plan.h"

namespace vedette::inference {

namespace {

constexpr const char* kOwnGroup =
    "give the agent a group of its own: a systemd unit with Delegate=yes that starts nothing else, "
    "or a container that does";

bool holds(const std::vector<std::string>& list, std::string_view item) {
  return std::ranges::find(list, item) != list.end();
}

bool is_ours(const GroupProcess& process, int self) {
  if (process.pid == 0) return false;
  return process.pid == self ||
         std::ranges::find(process.ancestors, self) != process.ancestors.end();
}

std::string words_of(const GroupProcess& process) {
  if (process.pid == 0) return "one outside of this process namespace";
  return std::to_string(process.pid) + " (" + process.name + ")";
}

Result<void> check_alone(const GroupFacts& facts, int self) {
  std::string others;
  std::size_t count = 0;
  for (const GroupProcess& process : facts.processes)
    if (!is_ours(process, self) && count++ == 0) others = words_of(process);
  if (count == 0) return {};
  return refuse("SBX-GROUP-SHARED", "other processes are in the agent's control group",
                facts.folder + ": " + others +
                    (count > 1 ? " and " + std::to_string(count - 1) + " more" : ""),
                kOwnGroup);
}

// In a threaded subtree memory bounds nothing, and processes are not what is moved.
Result<void> check_type(const GroupFacts& facts) {
  if (facts.is_root || facts.type == "domain") return {};
  return refuse("SBX-GROUP-THREADED", "the agent's control group is no domain of its own",
                facts.folder + ": " + facts.type, kOwnGroup);
}

}  // namespace

Result<DelegationSteps> decide_delegation(const GroupFacts& facts,
                                          const std::vector<std::string>& wanted, int self) {
  DelegationSteps steps;
  bool offered = false;
  for (const std::string& controller : wanted) {
    if (!holds(facts.offered, controller)) continue;
    offered = true;
    if (!holds(facts.handed_down, controller)) steps.enable.push_back(controller);
  }
  if (!offered)
    return refuse("SBX-GROUP-CONTROLLERS", "the agent's control group has nothing to bound by",
                  facts.folder + "/cgroup.controllers has neither memory nor pids",
                  "systemd: Delegate=yes; else have the groups above it hand memory and pids down, "
                  "and see that no hierarchy of version 1 holds them");
  VEDETTE_CHECK(check_type(facts));
  if (steps.enable.empty() || facts.is_root) return steps;
  VEDETTE_CHECK(check_alone(facts, self));
  // Itself last, so that nothing that it starts meanwhile is missed.
  for (const bool itself : {false, true})
    for (const GroupProcess& process : facts.processes)
      if ((process.pid == self) == itself) steps.move.push_back(process.pid);
  return steps;
}

}  // namespace vedette::inference
