#include "codec/json.h"
#include "inference/api/element_values.h"
#include "inference/api/open_inference.h"

namespace vedette::inference {

namespace {

using codec::Json;

Json shape_json(std::span<const std::int64_t> shape) {
  Json::Array list;
  for (const std::int64_t dimension : shape)
    list.emplace_back(dimension);
  return list;
}

Json tensor_infos(const std::vector<TensorInfo>& infos) {
  Json::Array list;
  for (const TensorInfo& info : infos) {
    Json one;
    one.set("name", info.name).set("datatype", name_of(info.type));
    one.set("shape", shape_json(info.shape));
    list.push_back(std::move(one));
  }
  return list;
}

Json text_list(const std::vector<std::string>& texts) {
  Json::Array list;
  for (const std::string& text : texts)
    list.emplace_back(text);
  return list;
}

}  // namespace

Result<std::string> render_infer_response(const InferResponse& response) {
  Json json;
  json.set("model_name", response.model_name);
  if (!response.model_version.empty()) json.set("model_version", response.model_version);
  if (!response.id.empty()) json.set("id", response.id);
  Json::Array outputs;
  for (const Tensor& tensor : response.outputs) {
    VEDETTE_TRY(auto elements, elements_of(tensor));
    Json one;
    one.set("name", tensor.name).set("datatype", name_of(tensor.type));
    one.set("shape", shape_json(tensor.shape)).set("data", std::move(elements));
    outputs.push_back(std::move(one));
  }
  json.set("outputs", std::move(outputs));
  return codec::to_json(json);
}

std::string render_model_metadata(std::string_view name, const std::vector<std::string>& versions,
                                  std::string_view platform, const ModelMetadata& metadata) {
  Json json;
  json.set("name", name).set("versions", text_list(versions)).set("platform", platform);
  json.set("inputs", tensor_infos(metadata.inputs));
  json.set("outputs", tensor_infos(metadata.outputs));
  return codec::to_json(json);
}

std::string render_server_metadata(std::string_view name, std::string_view version,
                                   const std::vector<std::string>& extensions) {
  Json json;
  json.set("name", name).set("version", version).set("extensions", text_list(extensions));
  return codec::to_json(json);
}

std::string render_error(const Error& error) {
  Json json;
  json.set("error", describe(error));
  return codec::to_json(json);
}

}  // namespace vedette::inference
