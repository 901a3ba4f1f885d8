#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>

#include "codec/json.h"
#include "codec/utf8.h"
#include "inference/api/open_inference.h"

namespace vedette::inference {

namespace {

using codec::Json;

constexpr std::size_t kMaxId = 128;

std::unexpected<Error> refuse_request(std::string message, std::string cause = {}) {
  return refuse("OIP-REQUEST", std::move(message), std::move(cause));
}

std::unexpected<Error> refuse_value(std::string_view what) {
  return refuse("OIP-VALUE", "a value does not fit its tensor's datatype", std::string(what));
}

template <class T>
void put(Bytes& to, T value) {
  const std::size_t at = to.size();
  to.resize(at + sizeof value);
  std::memcpy(to.data() + at, &value, sizeof value);
}

Result<void> put_boolean(Bytes& to, const Json& value) {
  const bool* const boolean = value.if_bool();
  if (boolean == nullptr) return refuse_value("BOOL takes true and false only");
  to.push_back(*boolean ? 1 : 0);
  return {};
}

template <std::integral T>
Result<void> put_integer(Bytes& to, const Json& value) {
  const std::int64_t* const integer = value.if_integer();
  if (integer == nullptr) return refuse_value("an integer is needed");
  if (!std::in_range<T>(*integer)) return refuse_value(std::to_string(*integer));
  put(to, static_cast<T>(*integer));
  return {};
}

template <std::floating_point T>
Result<void> put_real(Bytes& to, const Json& value) {
  const double* const real = value.if_double();
  const std::int64_t* const integer = value.if_integer();
  if (real == nullptr && integer == nullptr) return refuse_value("a number is needed");
  const double number = real != nullptr ? *real : static_cast<double>(*integer);
  if (std::fabs(number) > static_cast<double>(std::numeric_limits<T>::max()))
    return refuse_value("beyond the datatype's range");
  put(to, static_cast<T>(number));
  return {};
}

Result<void> put_value(Bytes& to, DataType type, const Json& value) {
  switch (type) {
    case DataType::boolean:
      return put_boolean(to, value);
    case DataType::int8:
      return put_integer<std::int8_t>(to, value);
    case DataType::int16:
      return put_integer<std::int16_t>(to, value);
    case DataType::int32:
      return put_integer<std::int32_t>(to, value);
    case DataType::int64:
      return put_integer<std::int64_t>(to, value);
    case DataType::uint8:
      return put_integer<std::uint8_t>(to, value);
    case DataType::uint16:
      return put_integer<std::uint16_t>(to, value);
    case DataType::uint32:
      return put_integer<std::uint32_t>(to, value);
    case DataType::uint64:
      return put_integer<std::uint64_t>(to, value);
    case DataType::fp32:
      return put_real<float>(to, value);
    case DataType::fp64:
      return put_real<double>(to, value);
    case DataType::fp16:
      break;
  }
  return refuse("OIP-DATATYPE", "this datatype has no JSON form", std::string(name_of(type)));
}

std::unexpected<Error> refuse_shape(const Tensor& tensor) {
  return refuse("OIP-SHAPE", "a tensor's data do not have its shape",
                tensor.name + ": " + describe(tensor.type, tensor.shape));
}

// Data nested by dimension: every array has exactly as many members as its dimension says.
Result<void> read_nested(Tensor& tensor, const Json& value, std::size_t depth) {
  if (depth == tensor.shape.size()) return put_value(tensor.data, tensor.type, value);
  const Json::Array* const values = value.if_array();
  if (values == nullptr || !std::cmp_equal(values->size(), tensor.shape[depth]))
    return refuse_shape(tensor);
  for (const Json& inner : *values)
    VEDETTE_CHECK(read_nested(tensor, inner, depth + 1));
  return {};
}

// A scalar's data come as one value in an array. `expected` is the tensor's size in octets.
Result<void> read_data(Tensor& tensor, const Json& data, std::uint64_t expected) {
  const Json::Array* const values = data.if_array();
  if (values == nullptr) return refuse_request("a tensor's data are no array", tensor.name);
  const bool nested = !values->empty() && values->front().is_array();
  if (nested) return read_nested(tensor, data, 0);
  if (values->size() != expected / element_size(tensor.type)) return refuse_shape(tensor);
  for (const Json& value : *values)
    VEDETTE_CHECK(put_value(tensor.data, tensor.type, value));
  return {};
}

Result<std::vector<std::int64_t>> read_shape(const Json& input) {
  VEDETTE_TRY(const Json* array, input.array("shape"));
  std::vector<std::int64_t> shape;
  for (const Json& dimension : *array->if_array()) {
    const std::int64_t* const value = dimension.if_integer();
    if (value == nullptr) return refuse_request("a shape holds something other than integers");
    if (shape.size() == kMaxRank) return refuse_request("a tensor has too many dimensions");
    shape.push_back(*value);
  }
  return shape;
}

Result<DataType> read_type(const Json& input) {
  VEDETTE_TRY(const std::string name, input.string("datatype"));
  const auto type = data_type_from_name(name);
  if (!type)
    return refuse("OIP-DATATYPE", "this datatype is not known here", name.substr(0, 40),
                  "use BOOL, INT8 to INT64, UINT8 to UINT64, FP32 or FP64");
  if (*type == DataType::fp16)
    return refuse("OIP-DATATYPE", "FP16 has no JSON form", name,
                  "the protocol carries FP16 as binary data only");
  return *type;
}

Result<void> check_parameters(const Json& owner) {
  const Json* const parameters = owner.find("parameters");
  if (parameters == nullptr || parameters->is_object()) return {};
  return refuse_request("'parameters' is not an object");
}

Result<Tensor> read_input(const Json& input) {
  VEDETTE_CHECK(input.only({"name", "shape", "datatype", "parameters", "data"}));
  VEDETTE_CHECK(check_parameters(input));
  Tensor tensor;
  VEDETTE_TRY(tensor.name, input.string("name"));
  VEDETTE_TRY(tensor.type, read_type(input));
  VEDETTE_TRY(tensor.shape, read_shape(input));
  const auto size = byte_size(tensor.type, tensor.shape);
  if (!size) return refuse("OIP-SHAPE", size.error().message, size.error().cause);
  VEDETTE_TRY(const Json* data, input.array("data"));
  VEDETTE_CHECK(read_data(tensor, *data, *size));
  if (const auto checked = check_tensor(tensor); !checked)
    return refuse_request(checked.error().message, checked.error().cause);
  return tensor;
}

Result<std::vector<Tensor>> read_inputs(const Json& request) {
  VEDETTE_TRY(const Json* array, request.array("inputs"));
  const Json::Array& values = *array->if_array();
  if (values.empty() || values.size() > kMaxTensors)
    return refuse_request("a request has 1 to 64 inputs", std::to_string(values.size()));
  std::vector<Tensor> inputs;
  for (const Json& value : values) {
    VEDETTE_TRY(Tensor tensor, read_input(value));
    if (std::ranges::find(inputs, tensor.name, &Tensor::name) != inputs.end())
      return refuse_request("two inputs have one name", tensor.name);
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

Result<std::vector<std::string>> read_wanted(const Json& request) {
  std::vector<std::string> wanted;
  if (request.find("outputs") == nullptr) return wanted;
  VEDETTE_TRY(const Json* array, request.array("outputs"));
  if (array->if_array()->size() > kMaxTensors)
    return refuse_request("a request names too many outputs");
  for (const Json& output : *array->if_array()) {
    VEDETTE_CHECK(output.only({"name", "parameters"}));
    VEDETTE_CHECK(check_parameters(output));
    VEDETTE_TRY(std::string name, output.string("name"));
    if (!is_tensor_name(name)) return refuse_request("an output's name is malformed");
    if (std::ranges::find(wanted, name) != wanted.end())
      return refuse_request("an output is named twice", name);
    wanted.push_back(std::move(name));
  }
  return wanted;
}

Result<std::string> read_id(const Json& request) {
  if (request.find("id") == nullptr) return std::string();
  VEDETTE_TRY(std::string id, request.string("id"));
  if (id.size() > kMaxId || codec::has_control_character(id))
    return refuse_request("'id' is too long or has control characters");
  return id;
}

Result<InferRequest> read_request(const Json& body) {
  VEDETTE_CHECK(body.only({"id", "parameters", "inputs", "outputs"}));
  VEDETTE_CHECK(check_parameters(body));
  InferRequest request;
  VEDETTE_TRY(request.id, read_id(body));
  VEDETTE_TRY(request.inputs, read_inputs(body));
  VEDETTE_TRY(request.outputs, read_wanted(body));
  return request;
}

}  // namespace

Result<InferRequest> parse_infer_request(std::string_view body, const InferLimits& limits) {
  // Deep enough for kMaxRank nested dimensions; parameters may not go deeper either.
  constexpr std::size_t kMaxDepth = kMaxRank + 6;
  VEDETTE_TRY(const Json json, codec::parse_json(body, {.max_bytes = limits.max_body_bytes,
                                                        .max_depth = kMaxDepth,
                                                        .max_values = limits.max_values}));
  auto request = read_request(json);
  // A member that is missing, foreign or of the wrong kind speaks the protocol's language.
  if (!request && request.error().code == "JSON-MEMBER") request.error().code = "OIP-REQUEST";
  return request;
}

}  // namespace vedette::inference
