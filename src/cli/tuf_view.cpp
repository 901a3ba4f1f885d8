#include "cli/tuf_view.h"

#include <optional>
#include <vector>

#include "cli/output.h"

namespace vedette::cli {

namespace {

using codec::Json;
namespace tuf = release::tuf;

// Names of the members of an object, or of the `name`s in an array of roles.
Json::Array names_of(const Json* members) {
  Json::Array names;
  if (members == nullptr || members->if_object() == nullptr) return names;
  for (const auto& [name, value] : *members->if_object())
    names.emplace_back(name);
  return names;
}

Json::Array delegated(const Json& content) {
  Json::Array names;
  const Json* delegations = content.find("delegations");
  const Json* roles = delegations != nullptr ? delegations->find("roles") : nullptr;
  if (roles == nullptr || roles->if_array() == nullptr) return names;
  for (const Json& role : *roles->if_array())
    names.emplace_back(role.string("name").value_or(""));
  return names;
}

struct Rows {
  std::vector<std::vector<std::string>> table{
      {"ROLE", "STATE", "VERSION", "EXPIRES", "SIGNATURES"}};

  Result<Json> add(const std::string& role, const char* state, ByteView octets) {
    VEDETTE_TRY(const tuf::Document document, tuf::read_document(octets));
    VEDETTE_TRY(const std::int64_t version, tuf::version_of(document));
    table.push_back({role, state, std::to_string(version),
                     document.content.string("expires").value_or(""),
                     std::to_string(document.signatures.size())});
    return document_json(document);
  }

  Result<void> add_to(Json& all, const std::string& role, const char* state,
                      const std::optional<Bytes>& octets) {
    if (!octets) return {};
    VEDETTE_TRY(Json json, add(role, state, *octets));
    all.set(role, std::move(json));
    return {};
  }
};

}  // namespace

Json document_json(const tuf::Document& document) {
  const Json& content = document.content;
  Json::Array signers;
  for (const Json& signature : document.signatures)
    signers.emplace_back(signature.string("keyid").value_or(""));
  Json json;
  json.set("type", content.string("_type").value_or(""));
  json.set("version", content.integer("version").value_or(0));
  json.set("expires", content.string("expires").value_or(""));
  json.set("signatures", std::move(signers));
  if (content.find("targets") != nullptr) json.set("targets", names_of(content.find("targets")));
  if (content.find("delegations") != nullptr) json.set("delegations", delegated(content));
  return json;
}

std::string document_text(const tuf::Document& document) {
  const Json json = document_json(document);
  std::string text = printable(json.string("type").value_or("")) + " version " +
                     std::to_string(json.integer("version").value_or(0)) + ", until " +
                     printable(json.string("expires").value_or("")) + "\n";
  for (const char* list : {"targets", "delegations", "signatures"}) {
    const Json* names = json.find(list);
    if (names == nullptr) continue;
    text += "  " + std::string(list) + "\n";
    for (const Json& name : *names->if_array())
      text += "    " + printable(*name.if_string()) + "\n";
  }
  return text;
}

Result<RepositoryView> view_repository(const tuf::Published& published, const tuf::Staged& staged) {
  Rows rows;
  Json out = Json::Object{};
  Json drafts = Json::Object{};
  VEDETTE_CHECK(rows.add_to(out, "root", "published", published.root));
  VEDETTE_CHECK(rows.add_to(out, "timestamp", "published", published.timestamp));
  VEDETTE_CHECK(rows.add_to(out, "snapshot", "published", published.snapshot));
  for (const auto& [role, octets] : published.targets)
    VEDETTE_CHECK(rows.add_to(out, role, "published", octets));
  VEDETTE_CHECK(rows.add_to(drafts, "root", "staged", staged.root));
  for (const auto& [role, octets] : staged.targets)
    VEDETTE_CHECK(rows.add_to(drafts, role, "staged", octets));
  RepositoryView view;
  view.json.set("published", std::move(out)).set("staged", std::move(drafts));
  view.text = table(rows.table);
  return view;
}

}  // namespace vedette::cli
