#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "codec/json.h"
#include "inference/api/open_inference.h"

namespace vedette::inference {

namespace {

using codec::Json;

std::string quoted(std::string_view text) {
  return codec::to_json(Json(text));
}

template <class T>
Result<void> render_value(std::string& to, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value))
      return refuse("OIP-NOT-FINITE", "the model answered with a number that JSON cannot hold",
                    std::isnan(value) ? "NaN" : "infinity");
  }
  std::array<char, 40> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  to.append(text.data(), end);
  return {};
}

// Written value by value: a tree of JSON values would take forty octets for each number.
template <class T>
Result<void> render_values(std::string& to, const Bytes& data) {
  for (std::size_t at = 0; at + sizeof(T) <= data.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, data.data() + at, sizeof value);
    if (at != 0) to += ',';
    VEDETTE_CHECK(render_value(to, value));
  }
  return {};
}

Result<void> render_booleans(std::string& to, const Bytes& data) {
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (i != 0) to += ',';
    to += data[i] != 0 ? "true" : "false";
  }
  return {};
}

Result<void> render_data(std::string& to, const Tensor& tensor) {
  switch (tensor.type) {
    case DataType::boolean:
      return render_booleans(to, tensor.data);
    case DataType::int8:
      return render_values<std::int8_t>(to, tensor.data);
    case DataType::int16:
      return render_values<std::int16_t>(to, tensor.data);
    case DataType::int32:
      return render_values<std::int32_t>(to, tensor.data);
    case DataType::int64:
      return render_values<std::int64_t>(to, tensor.data);
    case DataType::uint8:
      return render_values<std::uint8_t>(to, tensor.data);
    case DataType::uint16:
      return render_values<std::uint16_t>(to, tensor.data);
    case DataType::uint32:
      return render_values<std::uint32_t>(to, tensor.data);
    case DataType::uint64:
      return render_values<std::uint64_t>(to, tensor.data);
    case DataType::fp32:
      return render_values<float>(to, tensor.data);
    case DataType::fp64:
      return render_values<double>(to, tensor.data);
    case DataType::fp16:
      break;
  }
  return refuse("OIP-DATATYPE", "the model answered in a datatype without JSON form",
                tensor.name + ": " + std::string(name_of(tensor.type)));
}

std::string render_shape(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : ",") + std::to_string(shape[i]);
  return text + "]";
}

Result<void> render_output(std::string& to, const Tensor& tensor) {
  to += R"({"name":)" + quoted(tensor.name) + R"(,"datatype":")" +
        std::string(name_of(tensor.type)) + R"(","shape":)" + render_shape(tensor.shape) +
        R"(,"data":[)";
  VEDETTE_CHECK(render_data(to, tensor));
  to += "]}";
  return {};
}

Json to_json_list(const std::vector<TensorInfo>& infos) {
  Json::Array list;
  for (const TensorInfo& info : infos) {
    Json::Array shape;
    for (const std::int64_t dimension : info.shape)
      shape.emplace_back(dimension);
    Json entry;
    entry.set("name", info.name).set("datatype", name_of(info.type)).set("shape", std::move(shape));
    list.push_back(std::move(entry));
  }
  return list;
}

Json to_json_list(const std::vector<std::string>& texts) {
  Json::Array list;
  for (const std::string& text : texts)
    list.emplace_back(text);
  return list;
}

}  // namespace

Result<std::vector<Tensor>> select_outputs(std::vector<Tensor> outputs,
                                           const std::vector<std::string>& wanted) {
  if (wanted.empty()) return outputs;
  std::vector<Tensor> selected;
  for (const std::string& name : wanted) {
    const auto output = std::ranges::find(outputs, name, &Tensor::name);
    if (output == outputs.end())
      return refuse("OIP-OUTPUT", "the model has no output of this name", name);
    selected.push_back(std::move(*output));
  }
  return selected;
}

Result<std::string> render_infer_response(const InferResponse& response) {
  std::string text = R"({"model_name":)" + quoted(response.model_name);
  if (!response.model_version.empty())
    text += R"(,"model_version":)" + quoted(response.model_version);
  if (!response.id.empty()) text += R"(,"id":)" + quoted(response.id);
  text += R"(,"outputs":[)";
  for (std::size_t i = 0; i < response.outputs.size(); ++i) {
    if (i != 0) text += ',';
    VEDETTE_CHECK(render_output(text, response.outputs[i]));
  }
  return text + "]}";
}

std::string render_model_metadata(std::string_view name, const std::vector<std::string>& versions,
                                  std::string_view platform, const ModelMetadata& metadata) {
  Json body;
  body.set("name", name)
      .set("versions", to_json_list(versions))
      .set("platform", platform)
      .set("inputs", to_json_list(metadata.inputs))
      .set("outputs", to_json_list(metadata.outputs));
  return codec::to_json(body);
}

std::string render_server_metadata(std::string_view name, std::string_view version,
                                   const std::vector<std::string>& extensions) {
  Json body;
  body.set("name", name).set("version", version).set("extensions", to_json_list(extensions));
  return codec::to_json(body);
}

std::string render_error(const Error& error) {
  Json body;
  body.set("error", describe(error));
  return codec::to_json(body);
}

}  // namespace vedette::inference
