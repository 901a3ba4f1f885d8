#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "codec/json.h"
#include "release/contract_members.h"
#include "release/runtime_contract.h"

namespace vedette::release {
namespace {

constexpr std::size_t kNamesShown = 8;

std::string shortened(const std::vector<std::string>& names) {
  if (names.size() <= kNamesShown) return joined(names);
  return joined({names.begin(), names.begin() + kNamesShown}) + " and " +
         std::to_string(names.size() - kNamesShown) + " more";
}

std::string sentence(const Power& power) {
  if (const auto* threads = std::get_if<Threads>(&power))
    return "it runs on " + std::to_string(threads->count) +
           " threads: the sandbox lets it make them while it loads";
  return "it opens the device node " + std::get<DeviceNode>(power).path +
         ": the sandbox lets it speak to that driver";
}

std::string range_text(const TensorRule& rule) {
  std::string text;
  if (rule.minimum) text += ", at least " + number_text(*rule.minimum);
  if (rule.maximum) text += ", at most " + number_text(*rule.maximum);
  return text + (rule.finite_only ? ", finite" : ", NaN and infinity allowed");
}

std::string rule_text(std::string_view side, const TensorRule& rule) {
  return std::string(side) + " '" + rule.name + "': " + tensor_text(rule) + range_text(rule);
}

std::string viewers_text(const OutputRule& rule) {
  return rule.visible_to.empty() ? ", for every authorised caller"
                                 : ", only for " + joined(rule.visible_to);
}

std::string operators_text(const RuntimeContract& contract) {
  if (!contract.operators) return "operators: the device's built-in list";
  std::vector<std::string> names;
  std::ranges::transform(*contract.operators, std::back_inserter(names), operator_text);
  return "operators: only " + shortened(names);
}

}  // namespace

std::string quantity_text(std::uint64_t value, Unit unit) {
  switch (unit) {
    case Unit::bytes:
      return value % kMebibyte == 0 ? std::to_string(value / kMebibyte) + " MiB"
                                    : std::to_string(value) + " bytes";
    case Unit::milliseconds:
      return std::to_string(value) + " ms";
    case Unit::microseconds:
      return std::to_string(value) + " us";
    case Unit::count:
      return std::to_string(value);
  }
  std::unreachable();
}

std::string number_text(double value) {
  return codec::to_json(value);
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts)
    text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string tensor_text(const TensorRule& rule) {
  std::string shape;
  for (const std::int64_t dimension : rule.shape)
    shape += (shape.empty() ? "" : ",") + std::to_string(dimension);
  return rule.datatype + "[" + shape + "]";
}

std::string operator_text(const OperatorName& name) {
  return name.domain.empty() ? name.name : name.domain + ":" + name.name;
}

bool is_foreign(const OperatorName& name) {
  return !name.domain.empty() && name.domain != "ai.onnx.ml";
}

std::vector<std::string> widenings(const RuntimeContract& contract) {
  std::vector<std::string> sentences;
  std::ranges::transform(contract.powers, std::back_inserter(sentences), sentence);
  if (contract.format == ModelFormat::ort)
    sentences.emplace_back(
        "its model is in ORT format: what a converter made of the graph, not the graph itself");
  std::map<std::string, std::vector<std::string>> foreign;
  if (contract.operators)
    for (const OperatorName& name : *contract.operators)
      if (is_foreign(name)) foreign[name.domain].push_back(name.name);
  for (const auto& [domain, names] : foreign)
    sentences.push_back("it uses operators outside of ONNX's own domains, of " + domain + ": " +
                        shortened(names));
  return sentences;
}

std::string describe(const RuntimeContract& contract) {
  std::string text = "sandbox: the profile '" + contract.profile + "'\n";
  for (const CountMember& member : kCountMembers)
    text += std::string(member.noun) + ": at most " +
            quantity_text(contract.*member.value, member.unit) + "\n";
  text +=
      std::string("requests: ") +
      (contract.input_isolation ? "each in a fork of its own" : "one after the other in a worker") +
      "\n";
  text += "model: in " + std::string(contract.format == ModelFormat::onnx ? "ONNX" : "ORT") +
          " format\n" + operators_text(contract) + "\n";
  for (const TensorRule& rule : contract.inputs)
    text += rule_text("input", rule) + "\n";
  for (const OutputRule& rule : contract.outputs)
    text += rule_text("output", rule) + viewers_text(rule) + "\n";
  text += contract.rate
              ? "rate: at most " + std::to_string(contract.rate->calls_per_second) +
                    " calls per second, bursts of " + std::to_string(contract.rate->burst) + "\n"
              : "rate: no limit of its own\n";
  text += contract.batching
              ? "batching: at most " + std::to_string(contract.batching->max_batch) +
                    " calls in one run, after at most " +
                    quantity_text(contract.batching->max_delay_us, Unit::microseconds) + "\n"
              : "batching: none\n";
  text += scope_text(contract);
  text += distributions_text(contract);
  const auto wider = widenings(contract);
  if (wider.empty()) return text + "wider than the strictest: in nothing\n";
  for (const std::string& one : wider)
    text += "wider than the strictest: " + one + "\n";
  return text;
}

}  // namespace vedette::release
