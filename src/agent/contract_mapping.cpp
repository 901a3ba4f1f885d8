#include "agent/contract_mapping.h"

#include <algorithm>

namespace vedette::agent {

namespace {

using release::RuntimeContract;

std::chrono::milliseconds lesser(std::chrono::milliseconds own, std::uint64_t contract_ms) {
  return std::min(own, std::chrono::milliseconds{contract_ms});
}

Result<void> check_ceiling(std::string_view member, std::uint64_t asked, std::uint64_t allowed) {
  if (asked <= allowed) return {};
  return refuse("AGT-CONTRACT-CEILING",
                "the model's contract asks for more than this device allows",
                std::string(member) + ": " + std::to_string(asked) + ", allowed are " +
                    std::to_string(allowed),
                "raise the device's own limit, or publish the model with a lesser one");
}

// No configuration grants a power yet.
Result<void> check_powers(const RuntimeContract& contract) {
  std::string asked;
  if (!contract.powers.empty()) asked = "powers";
  if (contract.format != release::ModelFormat::onnx) asked = "format";
  if (asked.empty()) return {};
  return refuse(
      "AGT-CONTRACT-CEILING", "the model's contract asks for more than this device allows",
      asked + ": " + release::widenings(contract).front(), "publish the model without that power");
}

// What the author demands and nothing here enforces. Permissions that go unused (replicas, queue,
// batching, spinning) are no demands.
Result<void> check_enforced(const RuntimeContract& contract) {
  std::string demand;
  if (contract.operators) demand = "operators";
  if (!contract.inputs.empty()) demand = "inputs";
  if (!contract.outputs.empty()) demand = "outputs";
  if (contract.rate) demand = "rate";
  if (contract.input_isolation) demand = "input_isolation";
  if (demand.empty()) return {};
  return refuse("AGT-CONTRACT-UNENFORCED",
                "the model's contract demands what this agent cannot enforce", demand,
                "update the agent, or publish the model without that demand");
}

Result<void> check_allowed(const RuntimeContract& contract,
                           const inference::WorkerSettings& device) {
  VEDETTE_CHECK(check_ceiling("memory_bytes", contract.memory_bytes, device.profile.limits.memory_bytes));
  VEDETTE_CHECK(check_ceiling("request_bytes", contract.request_bytes, device.channel.request_bytes));
  VEDETTE_CHECK(check_ceiling("reply_bytes", contract.reply_bytes, device.channel.reply_bytes));
  VEDETTE_CHECK(check_powers(contract));
  return check_enforced(contract);
}

}  // namespace

Result<WorkerTerms> map_contract(const AgentConfig& config,
                                 const std::optional<RuntimeContract>& contract) {
  WorkerTerms terms{.settings = {}, .call_deadline = config.inference_deadline};
  inference::WorkerSettings& settings = terms.settings;
  VEDETTE_TRY(settings.profile,
              inference::built_in_profile(contract ? contract->profile : "strict"));
  settings.profile.limits.memory_bytes = config.worker_memory_bytes;
  if (!contract) return terms;
  VEDETTE_CHECK(check_allowed(*contract, settings));
  settings.profile.limits.memory_bytes = contract->memory_bytes;
  settings.channel.request_bytes = contract->request_bytes;
  settings.channel.reply_bytes = contract->reply_bytes;
  settings.start_deadline = lesser(settings.start_deadline, contract->load_deadline_ms);
  terms.call_deadline = lesser(terms.call_deadline, contract->call_deadline_ms);
  return terms;
}

}  // namespace vedette::agent
