#include "inference/admission/graph_scan.h"

#include <algorithm>
#include <set>

#include "inference/admission/growth.h"
#include "inference/admission/quantised.h"

namespace vedette::inference::admission {
namespace {

Result<void> spend(std::size_t& spent, std::size_t more, std::size_t limit, std::string_view what) {
  if (more > limit - spent)
    return refuse("ADM-LIMIT", "the model is too large",
                  "over " + std::to_string(limit) + " " + std::string(what));
  spent += more;
  return {};
}

// TensorAnnotation: names beside tensors, for quantisation; checked for form only.
Result<void> check_annotation(ByteView bytes) {
  MessageReader reader(bytes, kAnnotation);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    if (field.number == 2) VEDETTE_CHECK(check_string_pair(field.bytes));
  }
  return {};
}

std::unexpected<Error> refuse_name(std::string sentence, std::string_view name,
                                   std::string_view hint = {}) {
  return refuse("ADM-NAME", std::move(sentence), "'" + std::string(name) + "'", std::string(hint));
}

}  // namespace

// The fields of a graph may come in any order; what a node may use is read before the nodes are.
struct GraphScanner::Parts {
  std::vector<ByteView> nodes;
  std::vector<ByteView> initializers;
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
  std::map<std::string_view, ValueType> declared;  // value_info
};

Result<GraphScanner::Parts> GraphScanner::split(ByteView bytes) {
  Parts parts;
  const auto read_value = [&](const WireField& field) -> Result<ValueInfo> {
    VEDETTE_CHECK(spend(tally_.values, 1, rules_.limits.values, "values"));
    VEDETTE_TRY(ValueInfo info, scan_value_info(field.bytes));
    VEDETTE_CHECK(octets_of_value(info.type, info.name));
    return info;
  };
  MessageReader reader(bytes, kGraph);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    switch (field.number) {
      case 1:
        VEDETTE_CHECK(spend(tally_.nodes, 1, rules_.limits.nodes, "nodes"));
        parts.nodes.push_back(field.bytes);
        break;
      case 5:
        VEDETTE_CHECK(spend(tally_.initializers, 1, rules_.limits.initializers, "stored tensors"));
        parts.initializers.push_back(field.bytes);
        break;
      case 11: {
        VEDETTE_TRY(ValueInfo info, read_value(field));
        parts.inputs.push_back(std::move(info));
        break;
      }
      case 12: {
        VEDETTE_TRY(ValueInfo info, read_value(field));
        parts.outputs.push_back(std::move(info));
        break;
      }
      case 13: {
        VEDETTE_TRY(const ValueInfo info, read_value(field));
        if (!parts.declared.emplace(info.name, info.type).second)
          return refuse_name("a value of the model is declared twice", info.name);
        break;
      }
      case 14:
        VEDETTE_CHECK(check_annotation(field.bytes));
        break;
      case 15:
        return std::unexpected(refusal_of_sparse_tensor(field.bytes));
      case 16:
        VEDETTE_CHECK(check_string_pair(field.bytes));
        break;
      default:
        break;
    }
  }
  return parts;
}

Result<std::uint64_t> GraphScanner::octets_of_value(const ValueType& type,
                                                    std::string_view name) const {
  VEDETTE_TRY(const std::uint64_t octets, octets_at_least(type));
  if (octets < rules_.memory_octets) return octets;
  return refuse("ADM-MEMORY", "a single value of the model needs more memory than is allowed",
                "'" + std::string(name) + "' " + describe_shape(*type.shape) + ": at least " +
                    std::to_string(octets) + " octets, the ceiling is " +
                    std::to_string(rules_.memory_octets));
}

Result<void> GraphScanner::count_intermediate(const ValueType& type, std::string_view name) {
  VEDETTE_TRY(const std::uint64_t octets, octets_of_value(type, name));
  tally_.largest_intermediate = std::max(tally_.largest_intermediate, octets);
  return {};
}

Result<void> GraphScanner::count_tensor(const ScannedTensor& tensor) {
  ++tally_.tensors;
  tally_.tensor_octets += tensor.octets;
  VEDETTE_CHECK(octets_of_value({tensor.element, tensor.shape}, tensor.name));
  return {};
}

Result<void> GraphScanner::add_initializer(ByteView bytes, Scope& scope) {
  VEDETTE_TRY(const ScannedTensor tensor, scan_tensor(bytes));
  VEDETTE_CHECK(count_tensor(tensor));
  return scope.define(tensor.name, Value::of(tensor));
}

// An input of an initializer's name takes that as its default, and must be of its type and shape.
Result<void> GraphScanner::add_inputs(const Parts& parts, Scope& scope, GraphFacts& facts) {
  std::set<std::string_view> names;
  for (const ValueInfo& input : parts.inputs) {
    if (!names.insert(input.name).second)
      return refuse_name("two inputs of the model have one name", input.name);
    if (const Value* const filled = scope.find_here(input.name); filled != nullptr) {
      VEDETTE_CHECK(check_agreement(input.name, input.type, filled->type));
      continue;
    }
    VEDETTE_CHECK(scope.define(input.name, Value{input.type, {}, {}, false}));
    facts.inputs.push_back(input);
  }
  return {};
}

// value_info may repeat what is stored or given; the rest are values that nodes make.
Result<void> GraphScanner::check_declared(const Parts& parts, const Scope& scope) {
  for (const auto& [name, type] : parts.declared) {
    const Value* const known = scope.find_here(name);
    VEDETTE_CHECK(known == nullptr ? count_intermediate(type, name)
                                   : check_agreement(name, type, known->type));
  }
  return {};
}

Result<void> GraphScanner::scan_attributes(const ScannedNode& node, const Scope& scope,
                                           std::size_t depth) {
  for (const ScannedAttribute& attribute : node.attributes) {
    for (const ScannedTensor& tensor : attribute.tensors)
      VEDETTE_CHECK(count_tensor(tensor));
    for (const ByteView graph : attribute.graphs)
      VEDETTE_CHECK(scan_graph(graph, &scope, depth + 1));
  }
  return {};
}

Result<void> GraphScanner::add_outputs(const ScannedNode& node, const Parts& parts, Scope& scope) {
  VEDETTE_TRY(Value first, result_of(node, scope));
  if (!first.constant) VEDETTE_CHECK(count_intermediate(first.type, describe(node)));
  bool is_first = true;
  for (const std::string_view name : node.outputs) {
    Value value = is_first ? std::move(first) : Value{};
    is_first = false;
    if (name.empty()) continue;
    if (const auto declared = parts.declared.find(name); declared != parts.declared.end()) {
      if (value.constant) VEDETTE_CHECK(check_agreement(name, declared->second, value.type));
      if (value.type.element == nullptr) value.type.element = declared->second.element;
      if (!value.type.shape) value.type.shape = declared->second.shape;
    }
    VEDETTE_CHECK(scope.define(name, std::move(value)));
  }
  return {};
}

Result<void> GraphScanner::add_node(ByteView bytes, const Parts& parts, Scope& scope,
                                    std::size_t depth) {
  VEDETTE_TRY(const ScannedNode node, scan_node(bytes));
  const AdmissionLimits& limits = rules_.limits;
  VEDETTE_CHECK(spend(tally_.attributes, node.attributes.size(), limits.attributes, "attributes"));
  VEDETTE_CHECK(
      spend(tally_.values, node.inputs.size() + node.outputs.size(), limits.values, "values"));
  VEDETTE_CHECK(allowed_.check(node, imports_));
  ++tally_.operators[{node.domain, node.operator_name}];
  for (const std::string_view input : node.inputs)
    if (!input.empty() && scope.find(input) == nullptr)
      return refuse_name("a node of the model uses a value that was not made before it", input,
                         "sort the nodes; if the model has a cycle, it cannot run");
  VEDETTE_CHECK(scan_attributes(node, scope, depth));
  VEDETTE_CHECK(check_packed_weights(node, scope));
  return add_outputs(node, parts, scope);
}

Result<GraphFacts> GraphScanner::scan_graph(ByteView bytes, const Scope* outer, std::size_t depth) {
  if (depth > rules_.limits.graph_depth)
    return refuse("ADM-LIMIT", "the model nests graphs too deeply",
                  "at most " + std::to_string(rules_.limits.graph_depth));
  tally_.deepest = std::max(tally_.deepest, depth);
  VEDETTE_TRY(Parts parts, split(bytes));
  Scope scope(outer);
  for (const ByteView initializer : parts.initializers)
    VEDETTE_CHECK(add_initializer(initializer, scope));
  GraphFacts facts;
  VEDETTE_CHECK(add_inputs(parts, scope, facts));
  VEDETTE_CHECK(check_declared(parts, scope));
  for (const ByteView node : parts.nodes)
    VEDETTE_CHECK(add_node(node, parts, scope, depth));
  for (const ValueInfo& output : parts.outputs)
    if (scope.find_here(output.name) == nullptr)
      return refuse_name("an output of the model is made by no node", output.name);
  facts.outputs = std::move(parts.outputs);
  return facts;
}

}  // namespace vedette::inference::admission
