#include <algorithm>
#include <set>

#include "codec/json.h"
#include "inference/api/element_values.h"
#include "inference/api/open_inference.h"

namespace vedette::inference {

namespace {

using codec::Json;

constexpr std::size_t kMaxIdBytes = 128;

std::unexpected<Error> malformed(std::string cause) {
  return refuse("OIP-REQUEST", "not an inference request", std::move(cause),
                "see the Open Inference Protocol v2: {\"inputs\":[{name, datatype, shape, data}]}");
}

// `only` and the typed members speak JSON-MEMBER; here it is a malformed request.
template <class T>
Result<T> member(Result<T> read) {
  if (!read && read.error().code == "JSON-MEMBER")
    return malformed(read.error().message + " " + read.error().cause);
  return read;
}

Result<std::vector<std::int64_t>> read_shape(const Json& input) {
  VEDETTE_TRY(const Json* list, member(input.array("shape")));
  if (list->if_array()->size() > kMaxRank)
    return refuse("OIP-SHAPE", "a shape has too many dimensions");
  std::vector<std::int64_t> shape;
  for (const Json& element : *list->if_array()) {
    const std::int64_t* dimension = element.if_integer();
    if (dimension == nullptr || *dimension < 0)
      return refuse("OIP-SHAPE", "a dimension is not a whole number of 0 or more");
    shape.push_back(*dimension);
  }
  return shape;
}

Result<void> append_flat(DataType type, const Json::Array& data, Bytes& to) {
  for (const Json& element : data)
    VEDETTE_CHECK(append_element(type, element, to));
  return {};
}

// Nested lists, each level as long as its dimension; the recursion is as deep as the shape, at most
// kMaxRank.
Result<void> append_nested(DataType type, const Json& data, std::span<const std::int64_t> shape,
                           Bytes& to) {
  if (shape.empty()) return append_element(type, data, to);
  const Json::Array* list = data.if_array();
  if (list == nullptr || std::cmp_not_equal(list->size(), shape.front()))
    return refuse("OIP-SHAPE", "the nesting of the data is not that of the shape");
  for (const Json& element : *list)
    VEDETTE_CHECK(append_nested(type, element, shape.subspan(1), to));
  return {};
}

Result<Bytes> read_data(DataType type, const std::vector<std::int64_t>& shape, const Json& input,
                        std::size_t max_values) {
  VEDETTE_TRY(const Json* data, member(input.array("data")));
  const auto expected = byte_size(type, shape);
  if (!expected) return refuse("OIP-SHAPE", "the shape is too large", describe(expected.error()));
  if (*expected / element_size(type) > max_values)
    return refuse("OIP-SHAPE", "the shape has more elements than a request may");
  Bytes bytes;
  const Json::Array& list = *data->if_array();
  const bool nested = !list.empty() && list.front().is_array();
  if (nested)
    VEDETTE_CHECK(append_nested(type, *data, shape, bytes));
  else
    VEDETTE_CHECK(append_flat(type, list, bytes));
  if (bytes.size() != *expected)
    return refuse("OIP-SHAPE", "shape and data disagree",
                  describe(type, shape) + " needs " +
                      std::to_string(*expected / element_size(type)) + " values, " +
                      std::to_string(bytes.size() / element_size(type)) + " came");
  return bytes;
}

Result<Tensor> read_input(const Json& input, std::size_t max_values) {
  VEDETTE_CHECK(member(input.only({"name", "datatype", "shape", "data", "parameters"})));
  Tensor tensor;
  VEDETTE_TRY(tensor.name, member(input.string("name")));
  VEDETTE_TRY(const std::string type_name, member(input.string("datatype")));
  const auto type = data_type_from_name(type_name);
  if (!type || *type == DataType::fp16)
    return refuse("OIP-DATATYPE", "the datatype cannot be sent as JSON", type_name.substr(0, 40),
                  "use BOOL, INT8 to INT64, UINT8 to UINT64, FP32 or FP64");
  tensor.type = *type;
  VEDETTE_TRY(tensor.shape, read_shape(input));
  VEDETTE_TRY(tensor.data, read_data(tensor.type, tensor.shape, input, max_values));
  if (auto checked = check_tensor(tensor); !checked) return malformed(checked.error().message);
  return tensor;
}

Result<std::vector<Tensor>> read_inputs(const Json& body, std::size_t max_values) {
  VEDETTE_TRY(const Json* list, member(body.array("inputs")));
  const Json::Array& inputs = *list->if_array();
  if (inputs.empty() || inputs.size() > kMaxTensors) return malformed("1 to 64 inputs are taken");
  std::vector<Tensor> tensors;
  std::set<std::string> names;
  for (const Json& input : inputs) {
    VEDETTE_TRY(Tensor tensor, read_input(input, max_values));
    if (!names.insert(tensor.name).second) return malformed("the input " + tensor.name + " twice");
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Result<std::vector<std::string>> read_outputs(const Json& body) {
  std::vector<std::string> names;
  if (body.find("outputs") == nullptr) return names;
  VEDETTE_TRY(const Json* list, member(body.array("outputs")));
  if (list->if_array()->size() > kMaxTensors) return malformed("too many outputs");
  for (const Json& output : *list->if_array()) {
    VEDETTE_CHECK(member(output.only({"name", "parameters"})));
    VEDETTE_TRY(std::string name, member(output.string("name")));
    if (std::ranges::find(names, name) != names.end()) return malformed("an output is named twice");
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

Result<InferRequest> parse_infer_request(std::string_view body, const InferLimits& limits) {
  VEDETTE_TRY(const Json json, codec::parse_json(body, {.max_bytes = limits.max_body_bytes,
                                                        .max_depth = kMaxRank + 8,
                                                        .max_values = limits.max_values}));
  VEDETTE_CHECK(member(json.only({"id", "inputs", "outputs", "parameters"})));
  InferRequest request;
  if (json.find("id") != nullptr) {
    VEDETTE_TRY(request.id, member(json.string("id")));
    if (request.id.size() > kMaxIdBytes) return malformed("the id is longer than 128 octets");
  }
  VEDETTE_TRY(request.inputs, read_inputs(json, limits.max_values));
  VEDETTE_TRY(request.outputs, read_outputs(json));
  return request;
}

Result<std::vector<Tensor>> select_outputs(std::vector<Tensor> outputs,
                                           const std::vector<std::string>& wanted) {
  if (wanted.empty()) return outputs;
  std::vector<Tensor> selected;
  for (const std::string& name : wanted) {
    const auto found =
        std::ranges::find_if(outputs, [&](const Tensor& tensor) { return tensor.name == name; });
    if (found == outputs.end())
      return refuse("OIP-OUTPUT", "the model has no such output", name.substr(0, kMaxTensorName));
    selected.push_back(std::move(*found));
  }
  return selected;
}

}  // namespace vedette::inference
