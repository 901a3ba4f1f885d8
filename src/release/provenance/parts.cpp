#include "release/provenance/parts.h"

#include <algorithm>
#include <set>

#include "codec/utf8.h"
#include "release/digest_text.h"
#include "release/member_reader.h"

namespace vedette::release {
namespace {

using codec::Json;

constexpr MemberOwner kOwner{.code = "PROV-MEMBER", .noun = "provenance"};
constexpr std::uint64_t kMaxRecords = (std::uint64_t{1} << 53U) - 1;  // exact in every JSON reader

std::string plain(MemberReader& fields, std::string_view name) {
  std::string text = fields.text(name, "");
  if (!is_plain_text(text)) fields.refuse_member(name, "text of one line, of at most 1024 octets");
  return text;
}

std::string required_plain(MemberReader& fields, std::string_view name) {
  if (!fields.has(name)) fields.refuse_member(name, "there");
  std::string text = plain(fields, name);
  if (text.empty()) fields.refuse_member(name, "there");
  return text;
}

std::optional<crypto::Sha256Digest> digest(MemberReader& fields, std::string_view name) {
  if (!fields.has(name)) return std::nullopt;
  const auto parsed = parse_digest(fields.text(name, ""));
  if (!parsed) fields.refuse_member(name, "64 lower-case hexadecimal digits");
  return parsed;
}

crypto::Sha256Digest required_digest(MemberReader& fields, std::string_view name) {
  if (!fields.has(name)) fields.refuse_member(name, "there");
  return digest(fields, name).value_or(crypto::Sha256Digest{});
}

std::optional<TimePoint> time_of(MemberReader& fields, std::string_view name) {
  if (!fields.has(name)) return std::nullopt;
  const auto time = from_rfc3339(fields.text(name, ""));
  if (!time) fields.refuse_member(name, "a time such as 2026-11-01T10:00:00Z");
  return time ? std::optional(*time) : std::nullopt;
}

Result<Dependency> read_dependency(const Json& json, std::string place) {
  MemberReader fields(json, std::move(place), kOwner);
  Dependency result{.uri = required_plain(fields, "uri"), .sha256 = digest(fields, "sha256")};
  VEDETTE_CHECK(fields.finish());
  return result;
}

Result<Dataset> read_dataset(const Json& json, std::string place) {
  MemberReader fields(json, std::move(place), kOwner);
  Dataset result{.name = required_plain(fields, "name"),
                 .split = required_plain(fields, "split"),
                 .licence = required_plain(fields, "licence"),
                 .root = required_digest(fields, "root"),
                 .records = fields.required_count("records", 1, kMaxRecords)};
  VEDETTE_CHECK(fields.finish());
  return result;
}

Result<Evaluation> read_evaluation(const Json& json, std::string place) {
  MemberReader fields(json, std::move(place), kOwner);
  if (!fields.has("value")) fields.refuse_member("value", "there");
  Evaluation result{.metric = required_plain(fields, "metric"),
                    .value = fields.number("value").value_or(0),
                    .dataset_root = required_digest(fields, "dataset_root"),
                    .minimum = fields.number("minimum")};
  if (result.minimum && result.value < *result.minimum)
    fields.refuse_member("value", "at least the minimum");
  VEDETTE_CHECK(fields.finish());
  return result;
}

template <class Element>
Result<std::vector<Element>> read_list(const Json& holder, std::string_view name,
                                       Result<Element> (*read_one)(const Json&, std::string)) {
  MemberReader fields(holder, "", kOwner);
  std::vector<Element> result;
  for (const Json& json : fields.list(name, kMaxProvenanceEntries)) {
    VEDETTE_TRY(Element element, read_one(json, fields.path(name, result.size())));
    result.push_back(std::move(element));
  }
  VEDETTE_CHECK(fields.finish());
  if (result.empty()) return bad_member(name, "a list with something in it");
  return result;
}

template <class Elements, class WriteOne>
Json write_list(std::string_view name, const Elements& elements, WriteOne write_one) {
  Json::Array list;
  for (const auto& element : elements)
    list.push_back(write_one(element));
  Json holder;
  holder.set(std::string(name), std::move(list));
  return holder;
}

// An author's file holds all parts; each reader of a list wants an object with that list alone.
Json alone(std::string_view name, const Json& list) {
  return Json::Object{{std::string(name), list}};
}

}  // namespace

bool is_plain_text(std::string_view text) {
  return text.size() <= kMaxProvenanceText && codec::is_utf8(text) &&
         !codec::has_control_character(text);
}

std::unexpected<Error> bad_member(std::string_view name, std::string_view wanted) {
  return refuse(kOwner.code,
                "the provenance's '" + std::string(name) + "' is not " + std::string(wanted), {},
                "docs/provenance.md explains every member");
}

Result<Build> read_build(const Json& members) {
  MemberReader fields(members, "build", kOwner);
  Build build{.type = required_plain(fields, "type"),
              .builder = required_plain(fields, "builder"),
              .invocation = plain(fields, "invocation")};
  if (const Json* parameters = fields.section("parameters")) {
    if (!parameters->is_object()) fields.refuse_member("parameters", "a group of members");
    build.parameters = *parameters;
  }
  for (const Json& json : fields.list("dependencies", kMaxProvenanceEntries)) {
    VEDETTE_TRY(Dependency one,
                read_dependency(json, fields.path("dependencies", build.dependencies.size())));
    build.dependencies.push_back(std::move(one));
  }
  build.started = time_of(fields, "started");
  build.finished = time_of(fields, "finished");
  if (build.started && build.finished && *build.finished < *build.started)
    fields.refuse_member("finished", "after it was started");
  VEDETTE_CHECK(fields.finish());
  return build;
}

Result<std::vector<Dataset>> read_datasets(const Json& holder) {
  return read_list<Dataset>(holder, "datasets", read_dataset);
}

Result<std::vector<Evaluation>> read_evaluations(const Json& holder) {
  return read_list<Evaluation>(holder, "evaluations", read_evaluation);
}

Result<Lineage> read_lineage(const Json& members) {
  MemberReader fields(members, "lineage", kOwner);
  Lineage result{.base = plain(fields, "base"),
                 .base_root = digest(fields, "base_root"),
                 .method = plain(fields, "method"),
                 .recipe_sha256 = digest(fields, "recipe_sha256")};
  if (result.base_root.has_value() == result.base.empty())
    fields.refuse_member("base_root", "there exactly when 'base' is");
  if (result == Lineage{}) fields.refuse_member("base", "there, nor is anything else");
  VEDETTE_CHECK(fields.finish());
  return result;
}

Json write_datasets(const std::vector<Dataset>& datasets) {
  return write_list("datasets", datasets, [](const Dataset& one) {
    return Json::Object{{"name", one.name},
                        {"split", one.split},
                        {"licence", one.licence},
                        {"root", to_hex(one.root)},
                        {"records", one.records}};
  });
}

Json write_evaluations(const std::vector<Evaluation>& evaluations) {
  return write_list("evaluations", evaluations, [](const Evaluation& one) {
    Json json(Json::Object{
        {"metric", one.metric}, {"value", one.value}, {"dataset_root", to_hex(one.dataset_root)}});
    if (one.minimum) json.set("minimum", *one.minimum);
    return json;
  });
}

Json write_lineage(const Lineage& lineage) {
  Json json = Json::Object{};
  if (!lineage.base.empty()) json.set("base", lineage.base);
  if (lineage.base_root) json.set("base_root", to_hex(*lineage.base_root));
  if (!lineage.method.empty()) json.set("method", lineage.method);
  if (lineage.recipe_sha256) json.set("recipe_sha256", to_hex(*lineage.recipe_sha256));
  return json;
}

Result<void> check_whole(const Provenance& provenance) {
  std::set<crypto::Sha256Digest> roots;
  for (const Dataset& dataset : provenance.datasets)
    if (!roots.insert(dataset.root).second)
      return bad_member("datasets", "of different data: one is there twice: " + dataset.name);
  if (provenance.datasets.empty()) return {};
  for (const Evaluation& evaluation : provenance.evaluations)
    if (std::ranges::find(provenance.datasets, evaluation.dataset_root, &Dataset::root) ==
        provenance.datasets.end())
      return bad_member("evaluations",
                        "of the datasets: one was on " + to_hex(evaluation.dataset_root));
  return {};
}

Result<Provenance> read_provenance(const Json& members) {
  MemberReader fields(members, "", kOwner);
  Provenance result;
  if (const Json* build = fields.section("build")) {
    VEDETTE_TRY(result.build, read_build(*build));
  }
  if (const Json* datasets = fields.section("datasets")) {
    VEDETTE_TRY(result.datasets, read_datasets(alone("datasets", *datasets)));
  }
  if (const Json* lineage = fields.section("lineage")) {
    VEDETTE_TRY(result.lineage, read_lineage(*lineage));
  }
  if (const Json* evaluations = fields.section("evaluations")) {
    VEDETTE_TRY(result.evaluations, read_evaluations(alone("evaluations", *evaluations)));
  }
  VEDETTE_CHECK(fields.finish());
  if (result == Provenance{}) return bad_member("build", "there, nor is any other part");
  VEDETTE_CHECK(check_whole(result));
  return result;
}

}  // namespace vedette::release
