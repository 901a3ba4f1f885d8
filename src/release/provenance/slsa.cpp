#include "release/digest_text.h"
#include "release/provenance/parts.h"

namespace vedette::release {
namespace {

using codec::Json;

template <class T>
Result<T> as_slsa(Result<T> result) {
  if (!result)
    return refuse("PROV-STATEMENT", "this is not SLSA provenance v1", describe(result.error()));
  return result;
}

std::unexpected<Error> no_slsa(std::string cause) {
  return refuse("PROV-STATEMENT", "this is not SLSA provenance v1", std::move(cause));
}

// Empty when it is absent.
Result<std::string> text_of(const Json& object, std::string_view name) {
  if (object.find(name) == nullptr) return std::string();
  VEDETTE_TRY(std::string text, as_slsa(object.string(name)));
  if (!is_plain_text(text)) return no_slsa(std::string(name) + " is not text of one line");
  return text;
}

Result<std::string> required_text(const Json& object, std::string_view name) {
  VEDETTE_TRY(std::string text, text_of(object, name));
  if (text.empty()) return no_slsa("without " + std::string(name));
  return text;
}

Result<std::optional<TimePoint>> time_or_nothing(const Json& object, std::string_view name) {
  VEDETTE_TRY(const std::string text, text_of(object, name));
  if (text.empty()) return std::nullopt;
  VEDETTE_TRY(const TimePoint time, as_slsa(from_rfc3339(text)));
  return time;
}

Result<std::optional<crypto::Sha256Digest>> sha256_or_nothing(const Json& descriptor) {
  const Json* digests = descriptor.find("digest");
  if (digests == nullptr || digests->find("sha256") == nullptr) return std::nullopt;
  VEDETTE_TRY(const std::string text, required_text(*digests, "sha256"));
  const auto digest = parse_digest(text);
  if (!digest) return no_slsa("a digest that is none: " + text.substr(0, 80));
  return *digest;
}

// A dependency without a URI is named by what it is called, as in-toto allows.
Result<Dependency> read_descriptor(const Json& json) {
  if (!json.is_object()) return no_slsa("a dependency that is no object");
  Dependency result;
  VEDETTE_TRY(result.uri, text_of(json, "uri"));
  if (result.uri.empty()) {
    VEDETTE_TRY(result.uri, required_text(json, "name"));
  }
  VEDETTE_TRY(result.sha256, sha256_or_nothing(json));
  return result;
}

Result<std::vector<Dependency>> read_descriptors(const Json& definition) {
  std::vector<Dependency> result;
  const Json* list = definition.find("resolvedDependencies");
  if (list == nullptr) return result;
  VEDETTE_TRY(const Json* array, as_slsa(definition.array("resolvedDependencies")));
  if (array->if_array()->size() > kMaxProvenanceEntries)
    return bad_member("resolvedDependencies", "a list of at most 256");
  for (const Json& json : *array->if_array()) {
    VEDETTE_TRY(Dependency one, read_descriptor(json));
    result.push_back(std::move(one));
  }
  return result;
}

Json descriptor(const Dependency& dependency) {
  Json json(Json::Object{{"uri", dependency.uri}});
  if (dependency.sha256) json.set("digest", Json::Object{{"sha256", to_hex(*dependency.sha256)}});
  return json;
}

Json metadata(const Build& build) {
  Json json = Json::Object{};
  if (!build.invocation.empty()) json.set("invocationId", build.invocation);
  if (build.started) json.set("startedOn", to_rfc3339(*build.started));
  if (build.finished) json.set("finishedOn", to_rfc3339(*build.finished));
  return json;
}

}  // namespace

Json write_slsa(const Build& build) {
  Json::Array dependencies;
  for (const Dependency& dependency : build.dependencies)
    dependencies.push_back(descriptor(dependency));
  const Json::Object definition{{"buildType", build.type},
                                {"externalParameters", build.parameters},
                                {"resolvedDependencies", std::move(dependencies)}};
  const Json::Object run{{"builder", Json::Object{{"id", build.builder}}},
                         {"metadata", metadata(build)}};
  return Json::Object{{"buildDefinition", definition}, {"runDetails", run}};
}

Result<Build> read_slsa(const Json& predicate) {
  VEDETTE_TRY(const Json* definition, as_slsa(predicate.object("buildDefinition")));
  VEDETTE_TRY(const Json* run, as_slsa(predicate.object("runDetails")));
  VEDETTE_TRY(const Json* builder, as_slsa(run->object("builder")));
  VEDETTE_TRY(const Json* parameters, as_slsa(definition->object("externalParameters")));
  Build build;
  VEDETTE_TRY(build.type, required_text(*definition, "buildType"));
  VEDETTE_TRY(build.builder, required_text(*builder, "id"));
  build.parameters = *parameters;
  VEDETTE_TRY(build.dependencies, read_descriptors(*definition));
  if (const Json* about = run->find("metadata")) {
    VEDETTE_TRY(build.invocation, text_of(*about, "invocationId"));
    VEDETTE_TRY(build.started, time_or_nothing(*about, "startedOn"));
    VEDETTE_TRY(build.finished, time_or_nothing(*about, "finishedOn"));
  }
  return build;
}

}  // namespace vedette::release
