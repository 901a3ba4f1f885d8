#include "inference/admission/node_scan.h"

#include <algorithm>
#include <array>

#include "inference/admission/value_scan.h"

namespace vedette::inference::admission {
namespace {

// AttributeProto.AttributeType, and the one field that each allows. Writers of proto3 leave out a
// number that is 0, a string that is empty, and every list that is empty; never a message.
struct ContentRule {
  std::uint64_t type;
  std::uint32_t field;
  bool needed;
};
constexpr std::array kContents = {
    ContentRule{1, 2, false},    // FLOAT: f
    ContentRule{2, 3, false},    // INT: i
    ContentRule{3, 4, false},    // STRING: s
    ContentRule{4, 5, true},     // TENSOR: t
    ContentRule{5, 6, true},     // GRAPH: g
    ContentRule{6, 7, false},    // FLOATS: floats
    ContentRule{7, 8, false},    // INTS: ints
    ContentRule{8, 9, false},    // STRINGS: strings
    ContentRule{9, 10, false},   // TENSORS: tensors
    ContentRule{10, 11, false},  // GRAPHS: graphs
    ContentRule{13, 14, true},   // TYPE_PROTO: tp
    ContentRule{14, 15, false},  // TYPE_PROTOS: type_protos
};

std::unexpected<Error> refuse_attribute(std::string_view name, std::string_view why) {
  return refuse("ADM-SYNTAX", "the model is not a well-formed ONNX file",
                "attribute '" + std::string(name) + "' " + std::string(why));
}

std::unexpected<Error> refuse_too_many(std::string_view what, std::size_t max) {
  return refuse("ADM-LIMIT", "a node of the model is too large",
                "at most " + std::to_string(max) + " " + std::string(what));
}

struct Attribute {
  ScannedAttribute scanned;
  std::uint64_t type = 0;
  std::uint32_t content = 0;  // the field that holds the content, 0 for none
  bool mixed = false;
  bool refers = false;
};

Result<void> add_integers(const WireField& field, ScannedAttribute& attribute) {
  VEDETTE_TRY(const std::uint64_t more, count_numbers(field, FieldKind::varints));
  attribute.integer_count += more;
  if (attribute.integer_count > kMaxModelRank) attribute.integers.clear();
  if (attribute.integer_count > kMaxModelRank) return {};
  return append_integers(field, kMaxModelRank, attribute.integers);
}

Result<void> read_content(const WireField& field, Attribute& attribute) {
  attribute.mixed =
      attribute.mixed || (attribute.content != 0 && attribute.content != field.number);
  attribute.content = field.number;
  ScannedAttribute& scanned = attribute.scanned;
  if (scanned.tensors.size() == kMaxAttributeParts || scanned.graphs.size() == kMaxAttributeParts)
    return refuse_too_many("tensors or graphs in one attribute", kMaxAttributeParts);
  switch (field.number) {
    case 3:
      scanned.integer = static_cast<std::int64_t>(field.value);
      return {};
    case 5:
    case 10: {
      VEDETTE_TRY(ScannedTensor tensor, scan_tensor(field.bytes));
      scanned.tensors.push_back(std::move(tensor));
      return {};
    }
    case 6:
    case 11:
      scanned.graphs.push_back(field.bytes);
      return {};
    case 7:
      VEDETTE_CHECK(count_numbers(field, FieldKind::fixed32s));
      return {};
    case 8:
      return add_integers(field, scanned);
    case 14:
    case 15:
      VEDETTE_CHECK(scan_type(field.bytes));
      return {};
    case 22:
    case 23:
      return std::unexpected(refusal_of_sparse_tensor(field.bytes));
    default:
      return {};
  }
}

Result<void> check_content(const Attribute& attribute) {
  const std::string_view name = attribute.scanned.name;
  if (name.empty()) return refuse("ADM-NAME", "an attribute in the model has no name");
  if (attribute.refers) return refuse_attribute(name, "refers to a function's attribute");
  if (attribute.mixed) return refuse_attribute(name, "holds two things");
  const auto* const rule = std::ranges::find(kContents, attribute.type, &ContentRule::type);
  if (rule == kContents.end()) return refuse_attribute(name, "does not say what it holds");
  const bool fits = attribute.content == 0 ? !rule->needed : attribute.content == rule->field;
  return fits ? Result<void>{} : refuse_attribute(name, "does not hold what it says");
}

Result<ScannedAttribute> scan_attribute(ByteView bytes) {
  Attribute attribute;
  MessageReader reader(bytes, kAttribute);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    switch (field.number) {
      case 1:
        attribute.scanned.name = as_text(field.bytes);
        break;
      case 13:
        break;
      case 20:
        attribute.type = field.value;
        break;
      case 21:
        attribute.refers = true;
        break;
      default:
        VEDETTE_CHECK(read_content(field, attribute));
    }
  }
  VEDETTE_CHECK(check_content(attribute));
  return std::move(attribute.scanned);
}

Result<void> add_value(const WireField& field, std::vector<std::string_view>& to) {
  if (to.size() == kMaxNodeValues) return refuse_too_many("inputs or outputs", kMaxNodeValues);
  to.push_back(as_text(field.bytes));
  return {};
}

Result<void> add_attribute(const WireField& field, ScannedNode& node) {
  if (node.attributes.size() == kMaxAttributes)
    return refuse_too_many("attributes", kMaxAttributes);
  VEDETTE_TRY(ScannedAttribute attribute, scan_attribute(field.bytes));
  if (node.attribute(attribute.name) != nullptr)
    return refuse("ADM-NAME", "a node of the model has two attributes of one name",
                  std::string(attribute.name));
  node.attributes.push_back(std::move(attribute));
  return {};
}

Result<void> read_field(const WireField& field, ScannedNode& node) {
  switch (field.number) {
    case 1:
      return add_value(field, node.inputs);
    case 2:
      return add_value(field, node.outputs);
    case 3:
      node.name = as_text(field.bytes);
      return {};
    case 4:
      node.operator_name = as_text(field.bytes);
      return {};
    case 5:
      return add_attribute(field, node);
    case 7:
      node.domain = normalised_domain(as_text(field.bytes));
      return {};
    case 8:
      if (field.bytes.empty()) return {};
      return refuse("ADM-FUNCTION", "a node of the model chooses among overloaded functions");
    case 9:
      return check_string_pair(field.bytes);
    default:
      return {};
  }
}

}  // namespace

const ScannedAttribute* ScannedNode::attribute(std::string_view wanted) const {
  const auto found = std::ranges::find(attributes, wanted, &ScannedAttribute::name);
  return found == attributes.end() ? nullptr : &*found;
}

std::optional<std::int64_t> ScannedNode::integer(std::string_view wanted) const {
  const ScannedAttribute* const found = attribute(wanted);
  return found == nullptr ? std::nullopt : found->integer;
}

std::string_view normalised_domain(std::string_view domain) {
  return domain == "ai.onnx" ? std::string_view{} : domain;
}

std::string describe(const ScannedNode& node) {
  std::string text(node.operator_name);
  if (!node.name.empty()) text.append(" of node '").append(node.name).append("'");
  return text;
}

Result<ScannedNode> scan_node(ByteView bytes) {
  ScannedNode node;
  MessageReader reader(bytes, kNode);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    VEDETTE_CHECK(read_field(field, node));
  }
  if (node.operator_name.empty())
    return refuse("ADM-NAME", "a node of the model names no operator", std::string(node.name));
  return node;
}

}  // namespace vedette::inference::admission
