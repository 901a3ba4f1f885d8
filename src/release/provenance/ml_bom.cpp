#include "release/provenance/ml_bom.h"

#include "release/oms_shards.h"
#include "release/provenance/parts.h"

namespace vedette::release {
namespace {

using codec::Json;

constexpr std::string_view kModelRef = "model";

Json::Array hashes(const crypto::Sha256Digest& sha256) {
  return {Json::Object{{"alg", "SHA-256"}, {"content", to_hex(sha256)}}};
}

Json property(std::string_view name, std::string value) {
  return Json::Object{{"name", "vedette:" + std::string(name)}, {"value", std::move(value)}};
}

std::string dataset_ref(const Dataset& dataset) {
  return "dataset:" + to_hex(dataset.root);
}

// RFC 9562, 5.8: the bits that say version and variant, and 122 of our own.
std::string serial_number(const Manifest& manifest, const Provenance& provenance) {
  Bytes octets = to_bytes(to_hex(manifest.root));
  append(octets, as_bytes(codec::to_json(write_datasets(provenance.datasets))));
  append(octets, as_bytes(codec::to_json(write_evaluations(provenance.evaluations))));
  if (provenance.build) append(octets, as_bytes(codec::to_json(write_slsa(*provenance.build))));
  if (provenance.lineage)
    append(octets, as_bytes(codec::to_json(write_lineage(*provenance.lineage))));
  auto digest = crypto::sha256(octets);
  digest[6] = static_cast<std::uint8_t>(0x80 | (digest[6] & 0x0F));
  digest[8] = static_cast<std::uint8_t>(0x80 | (digest[8] & 0x3F));
  const std::string hex = to_hex(ByteView(digest).first(16));
  return "urn:uuid:" + hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

Json dataset_component(const Dataset& dataset) {
  Json data(Json::Object{{"type", "dataset"}, {"name", dataset.name}});
  return Json::Object{
      {"type", "data"},
      {"bom-ref", dataset_ref(dataset)},
      {"name", dataset.name},
      {"hashes", hashes(dataset.root)},
      {"licenses", Json::Array{Json::Object{{"expression", dataset.licence}}}},
      {"data", Json::Array{std::move(data)}},
      {"properties", Json::Array{property("split", dataset.split),
                                 property("records", std::to_string(dataset.records))}}};
}

// Of a model that was signed by shards no file's own digest is known, only its name.
Json::Array file_components(const Manifest& manifest) {
  Json::Array files;
  if (manifest.shard_size != 0) {
    for (const ShardedFile& file : sharded_files(manifest.resources))
      files.emplace_back(Json::Object{{"type", "file"}, {"name", file.name}});
    return files;
  }
  for (const Resource& file : manifest.resources)
    files.emplace_back(
        Json::Object{{"type", "file"}, {"name", file.name}, {"hashes", hashes(file.sha256)}});
  return files;
}

Json metric(const Evaluation& evaluation) {
  Json json(Json::Object{{"type", evaluation.metric},
                         {"value", codec::to_json(evaluation.value)},
                         {"slice", "dataset:" + to_hex(evaluation.dataset_root)}});
  return json;
}

Json model_card(const Provenance& provenance) {
  Json card = Json::Object{};
  Json::Array data;
  for (const Dataset& dataset : provenance.datasets)
    data.emplace_back(Json::Object{{"ref", dataset_ref(dataset)}});
  if (!data.empty()) card.set("modelParameters", Json::Object{{"datasets", std::move(data)}});
  Json::Array metrics;
  for (const Evaluation& evaluation : provenance.evaluations)
    metrics.push_back(metric(evaluation));
  if (!metrics.empty())
    card.set("quantitativeAnalysis", Json::Object{{"performanceMetrics", std::move(metrics)}});
  return card;
}

Json pedigree(const Lineage& lineage) {
  Json json = Json::Object{};
  if (lineage.base_root)
    json.set("ancestors", Json::Array{Json::Object{{"type", "machine-learning-model"},
                                                   {"name", lineage.base},
                                                   {"hashes", hashes(*lineage.base_root)}}});
  if (!lineage.method.empty()) json.set("notes", lineage.method);
  return json;
}

Json::Array properties(const Provenance& provenance) {
  Json::Array list;
  if (provenance.build) {
    list.push_back(property("builder", provenance.build->builder));
    list.push_back(property("build-type", provenance.build->type));
  }
  if (provenance.lineage && provenance.lineage->recipe_sha256)
    list.push_back(property("recipe-sha256", to_hex(*provenance.lineage->recipe_sha256)));
  for (const Evaluation& evaluation : provenance.evaluations)
    if (evaluation.minimum)
      list.push_back(property("minimum:" + evaluation.metric, codec::to_json(*evaluation.minimum)));
  return list;
}

Json model_component(const BomSubject& subject, const Provenance& provenance) {
  Json model(Json::Object{
      {"type", "machine-learning-model"}, {"bom-ref", kModelRef}, {"name", subject.name}});
  if (!subject.version.empty()) model.set("version", subject.version);
  model.set("hashes", hashes(subject.manifest.root));
  model.set("components", file_components(subject.manifest));
  if (provenance.lineage) model.set("pedigree", pedigree(*provenance.lineage));
  model.set("modelCard", model_card(provenance));
  if (Json::Array list = properties(provenance); !list.empty())
    model.set("properties", std::move(list));
  return model;
}

}  // namespace

Json make_ml_bom(const BomSubject& subject, const Provenance& provenance) {
  Json::Array components;
  Json::Array needs;
  for (const Dataset& dataset : provenance.datasets) {
    components.push_back(dataset_component(dataset));
    needs.emplace_back(dataset_ref(dataset));
  }
  return Json::Object{
      {"bomFormat", "CycloneDX"},
      {"specVersion", "1.6"},
      {"serialNumber", serial_number(subject.manifest, provenance)},
      {"version", 1},
      {"metadata", Json::Object{{"timestamp", to_rfc3339(subject.now)},
                                {"component", model_component(subject, provenance)}}},
      {"components", std::move(components)},
      {"dependencies",
       Json::Array{Json::Object{{"ref", kModelRef}, {"dependsOn", std::move(needs)}}}}};
}

}  // namespace vedette::release
