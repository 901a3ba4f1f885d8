#include <algorithm>
#include <charconv>
#include <limits>

#include "codec/json.h"
#include "codec/utf8.h"
#include "inference/api/json_data.h"
#include "inference/api/open_inference.h"
#include "inference/api/parameters.h"

namespace vedette::inference {

namespace {

using codec::Json;

constexpr std::size_t kMaxId = 128;

std::unexpected<Error> refuse_request(std::string message, std::string cause = {}) {
  return refuse("OIP-REQUEST", std::move(message), std::move(cause));
}

// What follows the JSON: handed out piece by piece, in the order of the inputs.
class BinaryTail {
 public:
  explicit BinaryTail(ByteView octets) : rest_(octets) {}

  Result<ByteView> take(const TensorView& tensor, std::uint64_t announced, std::uint64_t size) {
    if (announced != size)
      return refuse("OIP-BINARY", "'binary_data_size' is not what datatype and shape need",
                    tensor.name + ": " + describe(tensor.type, tensor.shape) + " needs " +
                        std::to_string(size) + ", not " + std::to_string(announced));
    if (size > rest_.size())
      return refuse("OIP-BINARY", "the body ends before an input's binary data do", tensor.name,
                    std::string(kJsonLengthHeader) + " tells how many octets are JSON");
    const ByteView octets = rest_.first(size);
    rest_ = rest_.subspan(size);
    return octets;
  }

  [[nodiscard]] Result<void> finish() const {
    if (rest_.empty()) return {};
    return refuse("OIP-BINARY", "the body holds octets that belong to no input",
                  std::to_string(rest_.size()));
  }

 private:
  ByteView rest_;
};

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
                  "use BOOL, INT8 to INT64, UINT8 to UINT64, FP16, FP32 or FP64");
  return *type;
}

Result<ByteView> read_json_input(const TensorView& tensor, const Json& input, std::uint64_t size,
                                 std::vector<Bytes>& decoded) {
  if (tensor.type == DataType::fp16)
    return refuse("OIP-DATATYPE", "FP16 has no JSON form", tensor.name,
                  "the protocol carries FP16 as binary data only");
  VEDETTE_TRY(const Json* data, input.array("data"));
  VEDETTE_TRY(Bytes octets, read_json_data(tensor, *data, size));
  // The vector may grow and move its members; the octets of a member stay where they are.
  return ByteView(decoded.emplace_back(std::move(octets)));
}

Result<TensorView> read_input(const Json& input, BinaryTail& tail, std::vector<Bytes>& decoded) {
  VEDETTE_CHECK(input.only({"name", "shape", "datatype", "parameters", "data"}));
  VEDETTE_TRY(const auto announced, read_input_parameters(input));
  TensorView tensor;
  VEDETTE_TRY(tensor.name, input.string("name"));
  if (!is_tensor_name(tensor.name)) return refuse_request("an input's name is malformed");
  VEDETTE_TRY(tensor.type, read_type(input));
  VEDETTE_TRY(tensor.shape, read_shape(input));
  const auto size = byte_size(tensor.type, tensor.shape);
  if (!size) return refuse("OIP-SHAPE", size.error().message, size.error().cause);
  if (announced && input.find("data") != nullptr)
    return refuse("OIP-BINARY", "an input has both 'data' and binary data", tensor.name);
  if (announced) {
    VEDETTE_TRY(tensor.data, tail.take(tensor, *announced, *size));
  } else {
    VEDETTE_TRY(tensor.data, read_json_input(tensor, input, *size, decoded));
  }
  if (const auto checked = check_tensor_view(tensor); !checked)
    return refuse("OIP-VALUE", checked.error().message, checked.error().cause);
  return tensor;
}

Result<void> read_inputs(const Json& body, BinaryTail& tail, InferRequest& request) {
  VEDETTE_TRY(const Json* array, body.array("inputs"));
  const Json::Array& values = *array->if_array();
  if (values.empty() || values.size() > kMaxTensors)
    return refuse_request("a request has 1 to 64 inputs", std::to_string(values.size()));
  for (const Json& value : values) {
    VEDETTE_TRY(TensorView tensor, read_input(value, tail, request.decoded));
    if (std::ranges::find(request.inputs, tensor.name, &TensorView::name) != request.inputs.end())
      return refuse_request("two inputs have one name", tensor.name);
    request.inputs.push_back(std::move(tensor));
  }
  return tail.finish();
}

Result<void> read_wanted(const Json& body, InferRequest& request) {
  if (body.find("outputs") == nullptr) return {};
  VEDETTE_TRY(const Json* array, body.array("outputs"));
  if (array->if_array()->size() > kMaxTensors)
    return refuse_request("a request names too many outputs");
  for (const Json& output : *array->if_array()) {
    VEDETTE_CHECK(output.only({"name", "parameters"}));
    WantedOutput wanted;
    VEDETTE_TRY(wanted.form, read_output_parameters(output, request.default_form));
    VEDETTE_TRY(wanted.name, output.string("name"));
    if (!is_tensor_name(wanted.name)) return refuse_request("an output's name is malformed");
    if (std::ranges::find(request.outputs, wanted.name, &WantedOutput::name) !=
        request.outputs.end())
      return refuse_request("an output is named twice", wanted.name);
    request.outputs.push_back(std::move(wanted));
  }
  return {};
}

Result<std::string> read_id(const Json& body) {
  if (body.find("id") == nullptr) return std::string();
  VEDETTE_TRY(std::string id, body.string("id"));
  if (id.size() > kMaxId || codec::has_control_character(id))
    return refuse_request("'id' is too long or has control characters");
  return id;
}

Result<InferRequest> read_request(const Json& body, ByteView binary) {
  VEDETTE_CHECK(body.only({"id", "parameters", "inputs", "outputs"}));
  InferRequest request;
  VEDETTE_CHECK(read_request_parameters(body, request));
  VEDETTE_TRY(request.id, read_id(body));
  BinaryTail tail(binary);
  VEDETTE_CHECK(read_inputs(body, tail, request));
  VEDETTE_CHECK(read_wanted(body, request));
  return request;
}

}  // namespace

Result<std::size_t> parse_json_length(std::string_view value) {
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (error != std::errc{} || end != value.data() + value.size())
    return refuse("OIP-BINARY", "the header " + std::string(kJsonLengthHeader) + " is no number",
                  std::string(value.substr(0, 40)));
  return length;
}

Result<InferRequest> parse_infer_request(ByteView body, std::optional<std::size_t> json_bytes,
                                         const InferLimits& limits) {
  // Deep enough for kMaxRank nested dimensions; parameters may not go deeper either.
  constexpr std::size_t kMaxDepth = kMaxRank + 6;
  const std::size_t length = json_bytes.value_or(body.size());
  if (length > body.size())
    return refuse("OIP-BINARY", "the body is shorter than its JSON is said to be",
                  std::to_string(body.size()) + " octets, not " + std::to_string(length));
  VEDETTE_TRY(const Json json,
              codec::parse_json(as_text(body.first(length)), {.max_bytes = limits.max_json_bytes,
                                                              .max_depth = kMaxDepth,
                                                              .max_values = limits.max_values}));
  auto request = read_request(json, body.subspan(length));
  // A member that is missing, foreign or of the wrong kind speaks the protocol's language.
  if (!request && request.error().code == "JSON-MEMBER") request.error().code = "OIP-REQUEST";
  return request;
}

std::chrono::milliseconds deadline_of(const InferRequest& request, std::chrono::milliseconds most) {
  if (!request.timeout || *request.timeout >= most) return most;
  return std::chrono::ceil<std::chrono::milliseconds>(*request.timeout);
}

}  // namespace vedette::inference
