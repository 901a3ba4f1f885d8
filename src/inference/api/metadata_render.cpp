#include "codec/json.h"
#include "inference/api/open_inference.h"

namespace vedette::inference {

namespace {

using codec::Json;

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

std::string render_repository_index(std::span<const IndexEntry> entries) {
  Json::Array list;
  for (const IndexEntry& entry : entries) {
    Json one;
    one.set("name", entry.name)
        .set("version", entry.version)
        .set("state", entry.ready ? "READY" : "UNAVAILABLE")
        .set("reason", entry.reason);
    list.push_back(std::move(one));
  }
  return codec::to_json(list);
}

std::string render_error(const Error& error) {
  Json body;
  body.set("error", describe(error));
  return codec::to_json(body);
}

}  // namespace vedette::inference
