#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "codec/utf8.h"
#include "release/contract_members.h"
#include "release/member_reader.h"
#include "release/runtime_contract.h"

namespace vedette::release {
namespace {

using codec::Json;

constexpr std::size_t kMaxTensorName = 128;  // octets
constexpr std::size_t kMaxRank = 8;
constexpr std::size_t kMaxWord = 64;  // of an operator or its domain
constexpr std::size_t kMaxDevicePath = 128;
constexpr std::size_t kMaxUserName = 32;
constexpr std::int64_t kMaxDimension = std::int64_t{1} << 31;
constexpr std::size_t kMaxDeviceNodes = 8;

struct DataType {
  std::string_view name;
  std::uint64_t octets;
};
constexpr std::array<DataType, 12> kDataTypes{{{"BOOL", 1},
                                               {"INT8", 1},
                                               {"INT16", 2},
                                               {"INT32", 4},
                                               {"INT64", 8},
                                               {"UINT8", 1},
                                               {"UINT16", 2},
                                               {"UINT32", 4},
                                               {"UINT64", 8},
                                               {"FP16", 2},
                                               {"FP32", 4},
                                               {"FP64", 8}}};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// As useradd makes them: lower-case letters, digits, `_` and `-`, no digit or `-` first.
bool is_user_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxUserName || is_digit(name.front()) || name.front() == '-')
    return false;
  return std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '-'; });
}

// A path that names one place below /dev, whatever the working directory: no `.`, `..` or empty
// part.
bool is_device_node(std::string_view path) {
  constexpr std::string_view kFolder = "/dev/";
  if (path.size() > kMaxDevicePath || !path.starts_with(kFolder)) return false;
  path.remove_prefix(kFolder.size());
  for (;;) {
    const std::size_t slash = path.find('/');
    if (!is_word(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

const DataType* find_data_type(std::string_view name) {
  const auto* const found = std::ranges::find(kDataTypes, name, &DataType::name);
  return found == kDataTypes.end() ? nullptr : found;
}

// Octets of the fixed dimensions stay below 2^48, so that no product wraps anywhere.
bool is_shape(const std::vector<std::int64_t>& shape, std::uint64_t octets) {
  constexpr std::uint64_t kMaxOctets = std::uint64_t{1} << 48U;
  for (const std::int64_t dimension : shape) {
    if (dimension == -1) continue;
    if (dimension < 1 || dimension > kMaxDimension) return false;
    octets *= static_cast<std::uint64_t>(dimension);
    if (octets > kMaxOctets) return false;
  }
  return true;
}

void read_tensor_rule(MemberReader& fields, TensorRule& rule) {
  rule.name = fields.required_text("name");
  if (!is_tensor_name(rule.name)) fields.refuse_member("name", "a tensor's name");
  rule.datatype = fields.required_text("datatype");
  const DataType* type = find_data_type(rule.datatype);
  if (type == nullptr)
    fields.refuse_member("datatype", "a type of the Open Inference Protocol, such as FP32",
                         rule.datatype.substr(0, kMaxWord));
  if (!fields.has("shape")) fields.refuse_member("shape", "there");
  rule.shape = fields.dimensions("shape", kMaxRank);
  if (type != nullptr && !is_shape(rule.shape, type->octets))
    fields.refuse_member("shape", "a list of dimensions, each -1 or from 1 to 2^31",
                         "a tensor has at most 2^48 octets");
  rule.minimum = fields.number("minimum");
  rule.maximum = fields.number("maximum");
  if (rule.minimum && rule.maximum && *rule.minimum > *rule.maximum)
    fields.refuse_member("maximum", "at least the minimum");
  rule.finite_only = fields.flag("finite_only", rule.finite_only);
}

Result<TensorRule> read_input(const Json& json, std::string place) {
  MemberReader fields(json, std::move(place));
  TensorRule rule;
  read_tensor_rule(fields, rule);
  VEDETTE_CHECK(fields.finish());
  return rule;
}

Result<OutputRule> read_output(const Json& json, std::string place) {
  MemberReader fields(json, std::move(place));
  OutputRule rule;
  read_tensor_rule(fields, rule);
  rule.visible_to = fields.texts("visible_to", kMaxContractUsers);
  for (const std::string& user : rule.visible_to)
    if (!is_user_name(user))
      fields.refuse_member("visible_to", "a list of user names", user.substr(0, kMaxUserName));
  if (std::set(rule.visible_to.begin(), rule.visible_to.end()).size() != rule.visible_to.size())
    fields.refuse_member("visible_to", "a list of different names");
  VEDETTE_CHECK(fields.finish());
  return rule;
}

Result<OperatorName> read_operator(const Json& json, std::string place) {
  MemberReader fields(json, std::move(place));
  OperatorName result{.domain = fields.text("domain", ""), .name = fields.required_text("name")};
  if (result.domain == "ai.onnx") result.domain.clear();  // one domain, one spelling
  if (!result.domain.empty() && !is_word(result.domain))
    fields.refuse_member("domain", "an operator domain", result.domain.substr(0, kMaxWord));
  if (!is_word(result.name))
    fields.refuse_member("name", "an operator's name", result.name.substr(0, kMaxWord));
  VEDETTE_CHECK(fields.finish());
  return result;
}

Result<RateLimit> read_rate(const Json& json, std::string place) {
  constexpr std::uint64_t kMost = 1'000'000;
  MemberReader fields(json, std::move(place));
  const RateLimit rate{.calls_per_second = fields.required_count("calls_per_second", 1, kMost),
                       .burst = fields.count("burst", 1, 1, kMost)};
  VEDETTE_CHECK(fields.finish());
  return rate;
}

Result<Batching> read_batching(const Json& json, std::string place) {
  MemberReader fields(json, std::move(place));
  const Batching batching{.max_batch = fields.required_count("max_batch", 1, 1024),
                          .max_delay_us = fields.count("max_delay_us", 0, 0, 1'000'000)};
  VEDETTE_CHECK(fields.finish());
  return batching;
}

// `{"threads": 4}` or `{"device_node": "/dev/..."}`: one member, whose name is the power's.
Result<Power> read_power(const Json& json, std::string place) {
  MemberReader fields(json, std::move(place));
  Power power;
  if (fields.has("threads")) {
    power = Threads{fields.count("threads", 2, 2, 64)};
  } else {
    const std::string path = fields.required_text("device_node");
    if (!is_device_node(path))
      fields.refuse_member("device_node", "an absolute path below /dev without '.' or '..'",
                           path.substr(0, kMaxDevicePath));
    power = DeviceNode{path};
  }
  VEDETTE_CHECK(fields.finish());
  return power;
}

// Reads each element by `read_one`, and refuses two with the same `key`.
template <class Element, class ReadOne, class Key>
Result<std::vector<Element>> read_each(MemberReader& fields, std::string_view name,
                                       std::size_t most, ReadOne read_one, Key key) {
  std::vector<Element> elements;
  std::set<std::string> keys;
  for (const Json& json : fields.list(name, most)) {
    const std::string place = fields.path(name, elements.size());
    VEDETTE_TRY(Element element, read_one(json, place));
    if (!keys.insert(key(element)).second)
      return refuse("REL-CONTRACT", "the contract's '" + place + "' is there twice", key(element));
    elements.push_back(std::move(element));
  }
  return elements;
}

std::string key_of(const Power& power) {
  const auto* node = std::get_if<DeviceNode>(&power);
  return node == nullptr ? "threads" : node->path;
}

Result<void> read_tensors(MemberReader& fields, RuntimeContract& contract) {
  const auto name = [](const TensorRule& rule) { return rule.name; };
  VEDETTE_TRY(contract.inputs,
              read_each<TensorRule>(fields, "inputs", kMaxContractTensors, read_input, name));
  VEDETTE_TRY(contract.outputs,
              read_each<OutputRule>(fields, "outputs", kMaxContractTensors, read_output, name));
  return {};
}

Result<void> read_operators(MemberReader& fields, RuntimeContract& contract) {
  if (!fields.has("operators")) return {};
  VEDETTE_TRY(contract.operators,
              read_each<OperatorName>(fields, "operators", kMaxContractOperators, read_operator,
                                      operator_text));
  if (contract.operators->empty())
    fields.refuse_member("operators", "a list of at least one operator", {});
  return {};
}

Result<void> read_powers(MemberReader& fields, RuntimeContract& contract) {
  VEDETTE_TRY(contract.powers,
              read_each<Power>(fields, "powers", kMaxContractPowers, read_power, key_of));
  const auto nodes = std::ranges::count_if(contract.powers, [](const Power& power) {
    return std::holds_alternative<DeviceNode>(power);
  });
  if (static_cast<std::size_t>(nodes) > kMaxDeviceNodes)
    fields.refuse_member("powers", "a list of at most 8 device nodes", std::to_string(nodes));
  return {};
}

Result<void> read_scheduling(MemberReader& fields, RuntimeContract& contract) {
  if (const Json* rate = fields.section("rate")) {
    VEDETTE_TRY(contract.rate, read_rate(*rate, fields.path("rate")));
  }
  if (const Json* batching = fields.section("batching")) {
    VEDETTE_TRY(contract.batching, read_batching(*batching, fields.path("batching")));
  }
  return {};
}

void read_plain(MemberReader& fields, RuntimeContract& contract) {
  contract.profile = fields.text("profile", contract.profile);
  if (contract.profile != "strict")
    fields.refuse_member("profile", "a profile of the sandbox: strict",
                         contract.profile.substr(0, kMaxWord));
  for (const CountMember& member : kCountMembers) {
    std::uint64_t& value = contract.*member.value;
    value = fields.count(member.name, value, member.least, member.most);
  }
  contract.input_isolation = fields.flag("input_isolation", contract.input_isolation);
  const std::string format = fields.text("format", to_string(contract.format));
  if (format == to_string(ModelFormat::ort)) contract.format = ModelFormat::ort;
  if (format != to_string(contract.format))
    fields.refuse_member("format", "onnx or ort", format.substr(0, kMaxWord));
}

}  // namespace

bool is_word(std::string_view text) {
  if (text.empty() || text.size() > kMaxWord || text.front() == '.' || text.back() == '.')
    return false;
  return std::ranges::all_of(
      text, [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.'; });
}

bool is_tensor_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxTensorName && codec::is_utf8(name) &&
         !codec::has_control_character(name);
}

Result<RuntimeContract> read_contract(const Json& members) {
  if (!members.is_object()) return refuse("REL-CONTRACT", "a contract is a group of members");
  MemberReader fields(members, "");
  RuntimeContract contract;
  read_plain(fields, contract);
  VEDETTE_CHECK(read_operators(fields, contract));
  VEDETTE_CHECK(read_tensors(fields, contract));
  VEDETTE_CHECK(read_scheduling(fields, contract));
  VEDETTE_CHECK(read_powers(fields, contract));
  VEDETTE_CHECK(read_scope(fields, contract));
  VEDETTE_CHECK(read_distributions(fields, contract));
  VEDETTE_CHECK(fields.finish());
  return contract;
}

}  // namespace vedette::release
