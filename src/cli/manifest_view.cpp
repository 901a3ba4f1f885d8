#include "cli/manifest_view.h"

#include <vector>

#include "cli/output.h"
#include "codec/base64.h"
#include "release/oms_bundle.h"

namespace vedette::cli {

using codec::Json;

namespace {

std::unexpected<Error> not_a_bundle(std::string cause) {
  return refuse("OMS-BUNDLE", "this is not a model signing bundle", std::move(cause),
                "'vedette model sign' makes one");
}

std::string hint_in(const Json& bundle) {
  const Json* material = bundle.find("verificationMaterial");
  const Json* key = material == nullptr ? nullptr : material->find("publicKey");
  const Json* hint = key == nullptr ? nullptr : key->find("hint");
  const std::string* text = hint == nullptr ? nullptr : hint->if_string();
  return text == nullptr ? std::string() : *text;
}

}  // namespace

Json manifest_json(const release::Manifest& manifest) {
  Json::Array files;
  for (const auto& resource : manifest.resources) {
    Json file;
    file.set("name", resource.name).set("sha256", to_hex(resource.sha256));
    files.push_back(std::move(file));
  }
  Json::Array ignored;
  for (const std::string& path : manifest.ignore_paths)
    ignored.emplace_back(path);
  Json json;
  json.set("model_name", manifest.model_name).set("root", to_hex(manifest.root));
  const bool sharded = manifest.shard_size != 0;
  json.set(sharded ? "shards" : "files", std::move(files)).set("ignored", std::move(ignored));
  if (sharded) json.set("shard_size", manifest.shard_size);
  return json;
}

std::string files_text(const release::Manifest& manifest) {
  const std::size_t count = manifest.resources.size();
  const std::string_view noun = manifest.shard_size == 0 ? " file" : " shard";
  std::string text = std::to_string(count) + std::string(noun) + (count == 1 ? "" : "s");
  if (manifest.shard_size != 0)
    text += " of at most " + std::to_string(manifest.shard_size) + " octets";
  return text;
}

Result<UnverifiedBundle> read_unverified_bundle(std::string_view bundle) {
  constexpr std::size_t kMaxDepth = 16;
  VEDETTE_TRY(const Json json, codec::parse_json(bundle, {.max_bytes = release::kMaxBundleBytes,
                                                          .max_depth = kMaxDepth}));
  const auto envelope = json.object("dsseEnvelope");
  if (!envelope) return not_a_bundle(envelope.error().message);
  const auto payload = (*envelope)->string("payload");
  if (!payload) return not_a_bundle(payload.error().message);
  VEDETTE_TRY(const Bytes statement, codec::from_base64(*payload));
  VEDETTE_TRY(release::Manifest manifest, release::parse_statement(as_text(statement)));
  return UnverifiedBundle{.manifest = std::move(manifest), .publisher_hint = hint_in(json)};
}

std::string unverified_text(const UnverifiedBundle& bundle, bool colour) {
  std::vector<std::vector<std::string>> facts{
      {"model", bundle.manifest.model_name},
      {"root", to_hex(bundle.manifest.root)},
      {"publisher hint", bundle.publisher_hint.empty() ? "none" : bundle.publisher_hint}};
  const bool sharded = bundle.manifest.shard_size != 0;
  if (sharded)
    facts.push_back({"shards of", std::to_string(bundle.manifest.shard_size) + " octets"});
  for (const std::string& path : bundle.manifest.ignore_paths)
    facts.push_back({"left out", path});
  std::vector<std::vector<std::string>> files{{"SHA-256", sharded ? "SHARD" : "FILE"}};
  for (const auto& resource : bundle.manifest.resources)
    files.push_back({to_hex(resource.sha256), resource.name});
  return styled("NOT VERIFIED", "1;33", colour) +
         ": this is what the bundle claims. No signature and no file was checked;\n"
         "use 'vedette model verify' before you believe any of it.\n\n" +
         table(facts) + "\n" + table(files);
}

}  // namespace vedette::cli
