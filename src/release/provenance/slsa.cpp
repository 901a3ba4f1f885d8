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

std::string text_or_nothing(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  const std::string* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string() : *text;
}

Result<std::optional<TimePoint>> time_or_nothing(const Json& object, std::string_view name) {
  const std::string text = text_or_nothing(object, name);
  if (text.empty()) return std::nullopt;
  VEDETTE_TRY(const TimePoint time, as_slsa(from_rfc3339(text)));
  return time;
}

// A dependency without a URI is named by what it is called, as in-toto allows.
Dependency read_descriptor(const Json& json) {
  Dependency result{.uri = text_or_nothing(json, "uri")};
  if (result.uri.empty()) result.uri = text_or_nothing(json, "name");
  if (const Json* digests = json.find("digest"))
    result.sha256 = parse_digest(text_or_nothing(*digests, "sha256"));
  return result;
}

Result<std::vector<Dependency>> read_descriptors(const Json& definition) {
  std::vector<Dependency> result;
  const Json* list = definition.find("resolvedDependencies");
  if (list == nullptr) return result;
  VEDETTE_TRY(const Json* array, as_slsa(definition.array("resolvedDependencies")));
  if (array->if_array()->size() > kMaxProvenanceEntries)
    return bad_member("resolvedDependencies", "a list of at most 256");
  for (const Json& json : *array->if_array())
    result.push_back(read_descriptor(json));
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
  VEDETTE_TRY(build.type, as_slsa(definition->string("buildType")));
  VEDETTE_TRY(build.builder, as_slsa(builder->string("id")));
  build.parameters = *parameters;
  VEDETTE_TRY(build.dependencies, read_descriptors(*definition));
  if (const Json* about = run->find("metadata")) {
    build.invocation = text_or_nothing(*about, "invocationId");
    VEDETTE_TRY(build.started, time_or_nothing(*about, "startedOn"));
    VEDETTE_TRY(build.finished, time_or_nothing(*about, "finishedOn"));
  }
  return build;
}

}  // namespace vedette::release
