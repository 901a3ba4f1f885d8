#include "agent/contract_mapping.h"

#include <algorithm>

namespace vedette::agent {

namespace {

using inference::serving::IoRules;
using inference::serving::TensorRule;
using release::RuntimeContract;

std::chrono::milliseconds lesser(std::chrono::milliseconds own, std::uint64_t contract_ms) {
  return std::min(own, std::chrono::milliseconds{contract_ms});
}

std::unexpected<Error> refuse_ceiling(const std::string& what, std::string hint) {
  return refuse("AGT-CONTRACT-CEILING",
                "the model's contract asks for more than this device allows", what,
                std::move(hint));
}

Result<void> check_ceiling(std::string_view member, std::uint64_t asked, std::uint64_t allowed) {
  if (asked <= allowed) return {};
  return refuse_ceiling(std::string(member) + ": " + std::to_string(asked) + ", allowed are " +
                            std::to_string(allowed),
                        "raise the device's own limit, or publish the model with a lesser one");
}

inference::Power power_of(const release::Power& power) {
  if (const auto* threads = std::get_if<release::Threads>(&power))
    return inference::ThreadsPower{static_cast<unsigned>(threads->count)};
  return inference::DeviceNodePower{std::get<release::DeviceNode>(power).path};
}

// A device that allows n threads allows fewer, too; every other power is allowed by its own text.
bool is_allowed(const AgentConfig& config, const inference::Power& asked) {
  return std::ranges::any_of(config.powers, [&](const inference::Power& allowed) {
    const auto* most = std::get_if<inference::ThreadsPower>(&allowed);
    const auto* threads = std::get_if<inference::ThreadsPower>(&asked);
    if (most != nullptr && threads != nullptr) return threads->count <= most->count;
    return allowed == asked;
  });
}

Result<void> grant_powers(const AgentConfig& config, const RuntimeContract& contract,
                          inference::Profile& profile) {
  for (const release::Power& asked : contract.powers) {
    const inference::Power power = power_of(asked);
    if (!is_allowed(config, power))
      return refuse_ceiling(inference::text_of(power),
                            "allow it under [inference] allow, or publish without that power");
    VEDETTE_CHECK(inference::grant(profile, power));
  }
  // No widening that a device would have to allow: it takes from the model what others left.
  if (contract.input_isolation)
    VEDETTE_CHECK(inference::grant(profile, inference::ForkPerRequestPower{}));
  return {};
}

Result<TensorRule> rule_of(const release::TensorRule& rule) {
  const auto type = inference::data_type_from_name(rule.datatype);
  if (!type)
    return refuse("AGT-CONTRACT", "the contract names a datatype that cannot cross the cage",
                  rule.name + ": " + rule.datatype);
  return TensorRule{.name = rule.name,
                    .type = *type,
                    .shape = rule.shape,
                    .minimum = rule.minimum,
                    .maximum = rule.maximum,
                    .finite_only = rule.finite_only};
}

Result<IoRules> rules_of(const RuntimeContract& contract) {
  IoRules rules;
  for (const release::TensorRule& input : contract.inputs) {
    VEDETTE_TRY(TensorRule rule, rule_of(input));
    rules.inputs.push_back(std::move(rule));
  }
  for (const release::OutputRule& output : contract.outputs) {
    VEDETTE_TRY(TensorRule rule, rule_of(output));
    rules.outputs.push_back(std::move(rule));
  }
  VEDETTE_CHECK(inference::serving::check_rules(rules));
  return rules;
}

inference::serving::ServerSettings serving_of(const AgentConfig& config,
                                              const RuntimeContract& contract,
                                              std::chrono::milliseconds call_deadline) {
  inference::serving::ServerSettings settings;
  settings.replicas = static_cast<std::size_t>(std::min(config.replicas, contract.replicas));
  settings.max_waiting = static_cast<std::size_t>(contract.queue);
  settings.max_deadline = call_deadline;
  settings.min_patience = call_deadline;
  settings.batch.max_bytes = contract.request_bytes;
  if (!contract.batching) return settings;
  settings.batch.max_rows = static_cast<std::int64_t>(contract.batching->max_batch);
  settings.max_delay = std::chrono::microseconds(contract.batching->max_delay_us);
  return settings;
}

std::optional<std::vector<inference::OperatorId>> operators_of(const RuntimeContract& contract) {
  if (!contract.operators) return std::nullopt;
  std::vector<inference::OperatorId> operators;
  for (const release::OperatorName& name : *contract.operators)
    operators.push_back({name.domain, name.name});
  return operators;
}

Result<void> check_allowed(const AgentConfig& config, const RuntimeContract& contract) {
  const inference::channel::ChannelShape device;
  VEDETTE_CHECK(check_ceiling("memory_bytes", contract.memory_bytes, config.worker_memory_bytes));
  VEDETTE_CHECK(check_ceiling("request_bytes", contract.request_bytes, device.request_bytes));
  VEDETTE_CHECK(check_ceiling("reply_bytes", contract.reply_bytes, device.reply_bytes));
  if (contract.format == release::ModelFormat::ort && !config.allow_ort_format)
    return refuse_ceiling("format ort",
                          "allow \"ort\" under [inference] allow, or publish the model as ONNX");
  return {};
}

void apply_limits(const RuntimeContract& contract, inference::WorkerSettings& settings) {
  settings.format = contract.format == release::ModelFormat::ort ? inference::ModelFormat::ort
                                                                 : inference::ModelFormat::onnx;
  settings.profile.limits.memory_bytes = contract.memory_bytes;
  settings.channel.request_bytes = contract.request_bytes;
  settings.channel.reply_bytes = contract.reply_bytes;
  settings.channel.spin_microseconds = static_cast<std::uint32_t>(contract.spin_us);
  settings.start_deadline = lesser(settings.start_deadline, contract.load_deadline_ms);
}

bool fits(std::span<const std::int64_t> wanted, std::span<const std::int64_t> declared) {
  return std::ranges::equal(wanted, declared, [](std::int64_t one, std::int64_t other) {
    return one == -1 || other == -1 || one == other;
  });
}

Result<std::vector<TensorRule>> complete(std::vector<TensorRule> rules,
                                         const std::vector<inference::TensorInfo>& declared) {
  for (const TensorRule& rule : rules) {
    const auto info = std::ranges::find(declared, rule.name, &inference::TensorInfo::name);
    if (info == declared.end() || info->type != rule.type || !fits(rule.shape, info->shape))
      return refuse("AGT-CONTRACT-IO", "the model is not what its contract says", rule.name,
                    "publish the contract that belongs to this model");
  }
  for (const inference::TensorInfo& info : declared)
    if (std::ranges::find(rules, info.name, &TensorRule::name) == rules.end())
      rules.push_back({.name = info.name, .type = info.type, .shape = info.shape});
  return rules;
}

}  // namespace

Result<void> check_scope(const AgentConfig& config, const RuntimeContract& contract,
                         TimePoint now) {
  const auto& regions = contract.regions;
  if (!regions.empty() && std::ranges::find(regions, config.region) == regions.end())
    return refuse("AGT-CONTRACT-REGION", "the model may not run in this device's region",
                  config.region.empty() ? "none is configured" : config.region,
                  "device.region says where it is");
  if (contract.valid_from && now < *contract.valid_from)
    return refuse("AGT-CONTRACT-TIME", "the model may not run yet",
                  "from " + to_rfc3339(*contract.valid_from));
  if (contract.valid_until && now >= *contract.valid_until)
    return refuse("AGT-CONTRACT-TIME", "the model may not run any more",
                  "until " + to_rfc3339(*contract.valid_until), "publish a release that lasts");
  return {};
}

Result<WorkerTerms> map_contract(const AgentConfig& config,
                                 const std::optional<RuntimeContract>& contract) {
  WorkerTerms terms;
  inference::WorkerSettings& settings = terms.settings;
  terms.call_deadline = config.inference_deadline;
  VEDETTE_TRY(settings.profile,
              inference::built_in_profile(contract ? contract->profile : "strict"));
  settings.profile.limits.memory_bytes = config.worker_memory_bytes;
  terms.serving.max_deadline = terms.serving.min_patience = terms.call_deadline;
  terms.admission.memory_octets = config.worker_memory_bytes;
  if (!contract) return terms;
  VEDETTE_CHECK(check_allowed(config, *contract));
  VEDETTE_CHECK(grant_powers(config, *contract, settings.profile));
  apply_limits(*contract, settings);
  terms.call_deadline = lesser(terms.call_deadline, contract->call_deadline_ms);
  terms.serving = serving_of(config, *contract, terms.call_deadline);
  terms.admission.memory_octets = contract->memory_bytes;
  terms.admission.operators = operators_of(*contract);
  if (contract->rate)
    terms.rate = inference::serving::Rate{
        .per_second = static_cast<std::uint32_t>(contract->rate->calls_per_second),
        .burst = static_cast<std::uint32_t>(contract->rate->burst)};
  VEDETTE_TRY(terms.rules, rules_of(*contract));
  terms.golden = contract->golden;
  terms.distributions = contract->distributions;
  return terms;
}

Result<IoRules> complete_rules(const IoRules& contract, const inference::ModelMetadata& model) {
  IoRules rules;
  VEDETTE_TRY(rules.inputs, complete(contract.inputs, model.inputs));
  VEDETTE_TRY(rules.outputs, complete(contract.outputs, model.outputs));
  return rules;
}

Result<void> check_distributions(const std::vector<release::OutputDistribution>& distributions,
                                 const inference::ModelMetadata& model) {
  for (const release::OutputDistribution& one : distributions)
    if (std::ranges::find(model.outputs, one.output, &inference::TensorInfo::name) ==
        model.outputs.end())
      return refuse("AGT-CONTRACT-IO", "the contract is about a tensor that the model lacks",
                    "the distribution of output '" + one.output + "'");
  return {};
}

}  // namespace vedette::agent
