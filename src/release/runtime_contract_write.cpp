#include "release/contract_members.h"
#include "release/runtime_contract.h"

namespace vedette::release {
namespace {

using codec::Json;

Json write_rule(const TensorRule& rule) {
  Json json;
  json.set("name", rule.name).set("datatype", rule.datatype);
  json.set("shape", Json::Array(rule.shape.begin(), rule.shape.end()));
  if (rule.minimum) json.set("minimum", *rule.minimum);
  if (rule.maximum) json.set("maximum", *rule.maximum);
  json.set("finite_only", rule.finite_only);
  return json;
}

Json write_output(const OutputRule& rule) {
  Json json = write_rule(rule);
  json.set("visible_to", Json::Array(rule.visible_to.begin(), rule.visible_to.end()));
  return json;
}

Json write_operator(const OperatorName& name) {
  return Json::Object{{"domain", name.domain}, {"name", name.name}};
}

Json write_power(const Power& power) {
  if (const auto* threads = std::get_if<Threads>(&power))
    return Json::Object{{"threads", threads->count}};
  return Json::Object{{"device_node", std::get<DeviceNode>(power).path}};
}

template <class Elements, class WriteOne>
Json write_each(const Elements& elements, WriteOne write_one) {
  Json::Array array;
  array.reserve(elements.size());
  for (const auto& element : elements)
    array.push_back(write_one(element));
  return array;
}

}  // namespace

Json write_contract(const RuntimeContract& contract) {
  Json json;
  json.set("profile", contract.profile);
  for (const CountMember& member : kCountMembers)
    json.set(std::string(member.name), contract.*member.value);
  json.set("input_isolation", contract.input_isolation);
  json.set("format", to_string(contract.format));
  if (contract.operators) json.set("operators", write_each(*contract.operators, write_operator));
  json.set("inputs", write_each(contract.inputs, write_rule));
  json.set("outputs", write_each(contract.outputs, write_output));
  if (contract.rate)
    json.set("rate", Json::Object{{"calls_per_second", contract.rate->calls_per_second},
                                  {"burst", contract.rate->burst}});
  if (contract.batching)
    json.set("batching", Json::Object{{"max_batch", contract.batching->max_batch},
                                      {"max_delay_us", contract.batching->max_delay_us}});
  json.set("powers", write_each(contract.powers, write_power));
  write_scope(json, contract);
  write_distributions(json, contract);
  return json;
}

}  // namespace vedette::release
