#include "cli/corim_view.h"

#include "attestation/corim/environment_json.h"
#include "cli/output.h"
#include "cli/views.h"

namespace vedette::cli {

namespace {

namespace corim = attestation::corim;
using codec::Json;
using corim::Corim;
using corim::Measurement;
using Rows = std::vector<std::vector<std::string>>;

std::string text_of(const corim::TagId& id) {
  if (const auto* text = std::get_if<std::string>(&id)) return *text;
  return to_hex(std::get<corim::Uuid>(id).octets);
}

std::string text_of(const corim::Profile& profile) {
  if (const auto* uri = std::get_if<std::string>(&profile)) return *uri;
  return "oid " + to_hex(std::get<corim::Oid>(profile).encoded);
}

std::string text_of(const corim::Digest& digest) {
  switch (digest.algorithm) {
    case crypto::Hash::sha256:
      return "sha256:" + to_hex(digest.value);
    case crypto::Hash::sha384:
      return "sha384:" + to_hex(digest.value);
    case crypto::Hash::sha512:
      return "sha512:" + to_hex(digest.value);
  }
  return to_hex(digest.value);
}

std::string text_of(const corim::RegisterIndex& index) {
  if (const auto* number = std::get_if<std::uint64_t>(&index)) return std::to_string(*number);
  return std::get<std::string>(index);
}

std::string text_of(const corim::MeasurementKey& key) {
  struct Words {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(std::uint64_t number) const { return std::to_string(number); }
    std::string operator()(const corim::Uuid& uuid) const { return "uuid " + to_hex(uuid.octets); }
    std::string operator()(const corim::Oid& oid) const { return "oid " + to_hex(oid.encoded); }
  };
  return std::visit(Words(), key);
}

Json digests_of(const std::vector<corim::Digest>& digests) {
  Json::Array list;
  for (const corim::Digest& digest : digests)
    list.emplace_back(text_of(digest));
  return list;
}

void set_validity(Json& json, const std::optional<corim::Validity>& validity) {
  if (!validity) return;
  if (validity->not_before) json.set("valid_from", to_rfc3339(*validity->not_before));
  // CWT claims may have a beginning alone.
  if (validity->not_after != TimePoint::max())
    json.set("valid_until", to_rfc3339(validity->not_after));
}

Json to_json(const Measurement& measurement) {
  Json json{Json::Object{}};
  if (const auto key = text_of(measurement.key); !key.empty()) json.set("key", key);
  if (measurement.name) json.set("name", *measurement.name);
  if (measurement.version) json.set("version", measurement.version->text);
  if (measurement.svn)
    json.set(measurement.svn->is_minimum ? "minimum_svn" : "svn", measurement.svn->value);
  if (!measurement.digests.empty()) json.set("digests", digests_of(measurement.digests));
  if (!measurement.flags.empty()) json.set("flags", std::uint64_t{measurement.flags.size()});
  if (measurement.raw) json.set("raw", to_hex(measurement.raw->value));
  if (!measurement.registers.empty()) {
    Json registers{Json::Object{}};
    for (const auto& [index, digests] : measurement.registers)
      registers.set(text_of(index), digests_of(digests));
    json.set("registers", std::move(registers));
  }
  if (!measurement.authorized_by.empty())
    json.set("authorizing_keys", std::uint64_t{measurement.authorized_by.size()});
  return json;
}

Json to_json(const std::vector<corim::ReferenceTriple>& triples) {
  Json::Array list;
  for (const auto& triple : triples) {
    Json::Array measurements;
    for (const Measurement& measurement : triple.measurements)
      measurements.push_back(to_json(measurement));
    list.emplace_back(Json::Object{{"environment", corim::to_json(triple.environment)},
                                   {"measurements", std::move(measurements)}});
  }
  return list;
}

// One row for each value of a register, and one for each thing that no register shows.
void add_rows(const std::string& whose, const Measurement& measurement, Rows& rows) {
  const Json json = to_json(measurement);
  for (const auto& [name, value] : *json.if_object()) {
    if (name != "registers") {
      rows.push_back({whose, name, cell_of(json, name)});
      continue;
    }
    for (const auto& [index, digests] : *value.if_object())
      rows.push_back({whose, "register " + index, cell_of(value, index)});
  }
}

std::string told_validity(const Json& json) {
  return "from " + cell_of(json, "valid_from") + " until " + cell_of(json, "valid_until");
}

}  // namespace

std::string in_words(const corim::Environment& environment) {
  const Json json = corim::to_json(environment);
  std::string words;
  for (const auto& [name, value] : *json.if_object()) {
    words += (words.empty() ? "" : ", ") + (name == "class_id" ? "class" : name) + " ";
    const auto* const identifier = value.if_object();
    words += identifier == nullptr
                 ? cell_of(json, name)
                 : identifier->front().first + " " + *identifier->front().second.if_string();
  }
  return printable(words);
}

Json corim_json(const Corim& manifest) {
  Json json;
  json.set("id", text_of(manifest.id));
  if (manifest.profile) json.set("profile", text_of(*manifest.profile));
  set_validity(json, manifest.validity);
  if (manifest.signer) {
    Json signer;
    signer.set("name", manifest.signer->name);
    if (manifest.signer->uri) signer.set("uri", *manifest.signer->uri);
    set_validity(signer, manifest.signer->validity);
    json.set("signer", std::move(signer));
  }
  if (manifest.key) json.set("key_sha256", to_hex(manifest.key->spki_sha256()));
  Json::Array tags;
  for (const corim::TagIdentity& tag : manifest.tags)
    tags.emplace_back(Json::Object{{"id", Json(text_of(tag.id))}, {"version", Json(tag.version)}});
  json.set("tags", std::move(tags)).set("reference", to_json(manifest.reference));
  return json.set("endorsed", to_json(manifest.endorsed));
}

std::string corim_view(const Corim& manifest) {
  const Json json = corim_json(manifest);
  Rows facts{{"manifest", cell_of(json, "id")}};
  if (const Json* signer = json.find("signer"))
    facts.push_back({"signed by", cell_of(*signer, "name")});
  if (manifest.key) facts.push_back({"key", cell_of(json, "key_sha256")});
  if (manifest.profile) facts.push_back({"profile", cell_of(json, "profile")});
  facts.push_back({"valid", manifest.validity ? told_validity(json) : "for ever, it says"});
  for (const corim::TagIdentity& tag : manifest.tags)
    facts.push_back({"tag", text_of(tag.id) + ", version " + std::to_string(tag.version)});
  Rows rows{{"FOR", "WHAT", "REFERENCE VALUE"}};
  for (const auto& triple : manifest.reference)
    for (const Measurement& measurement : triple.measurements)
      add_rows(in_words(triple.environment), measurement, rows);
  std::string view = table(facts) + table(rows);
  if (!manifest.endorsed.empty())
    view += std::to_string(manifest.endorsed.size()) +
            " endorsed values: read, and of no use as reference values\n";
  return view;
}

}  // namespace vedette::cli
