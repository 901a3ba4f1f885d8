#include "cli/views.h"

#include <vector>

#include "cli/output.h"
#include "cli/progress.h"
#include "codec/base64.h"

namespace vedette::cli {

using codec::Json;

namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::string_view kNothing = "-";
constexpr std::size_t kShortId = 12;

const Json& member(const Json& object, std::string_view name) {
  static const Json kNone;
  const Json* value = object.find(name);
  return value == nullptr ? kNone : *value;
}

const Json::Array& list(const Json& object, std::string_view name) {
  static const Json::Array kNone;
  const Json::Array* array = member(object, name).if_array();
  return array == nullptr ? kNone : *array;
}

std::string cell(const Json& value) {
  if (const auto* text = value.if_string()) return text->empty() ? std::string(kNothing) : *text;
  if (const auto* number = value.if_integer()) return std::to_string(*number);
  if (const auto* flag = value.if_bool()) return *flag ? "yes" : "no";
  if (value.is_null()) return std::string(kNothing);
  if (const auto* array = value.if_array()) {
    std::string joined;
    for (const Json& element : *array)
      joined += (joined.empty() ? "" : ", ") + cell(element);
    return joined.empty() ? std::string(kNothing) : joined;
  }
  return codec::to_json(value);
}

// A table, or a sentence when it would be only a header.
std::string shown(const Rows& rows, std::string_view nothing) {
  return rows.size() > 1 ? table(rows) : std::string(nothing) + "\n";
}

std::string attested(const Json& device) {
  const Json& attestation = member(device, "attestation");
  if (!attestation.is_object()) return "never";
  const bool* affirming = member(attestation, "affirming").if_bool();
  if (affirming == nullptr) return cell_of(attestation, "at");
  const std::string verdict = *affirming ? "affirming" : "contrary";
  return verdict + " " + cell_of(attestation, "at");
}

// `0123456789ab, 2 widenings`
std::string contract_cell(const Json& release) {
  const Json& contract = member(release, "contract");
  if (!contract.is_object()) return std::string(kNothing);
  if (contract.find("refused") != nullptr) return "REFUSED: " + cell_of(contract, "refused");
  const std::size_t wider = list(contract, "widenings").size();
  return cell_of(contract, "sha256").substr(0, kShortId) + ", " +
         (wider == 0 ? "strict"
                     : std::to_string(wider) + (wider == 1 ? " widening" : " widenings"));
}

std::string size_cell(const Json& file) {
  const std::int64_t* size = member(file, "size").if_integer();
  return size == nullptr || *size < 0 ? std::string(kNothing)
                                      : size_text(static_cast<std::uint64_t>(*size));
}

// How many devices saw it break out of its rules; 'vedette violation list' says how.
std::string suspect_cell(const Json& release) {
  const std::int64_t* devices = member(release, "suspect_devices").if_integer();
  if (devices == nullptr) return std::string(kNothing);
  if (*devices == 0) return "no";
  return "by " + std::to_string(*devices) + (*devices == 1 ? " device" : " devices");
}

// At most as deep as the reader of JSON lets anything be.
void add_facts(const Json& value, const std::string& name, Rows& rows) {
  const Json::Object* members = value.if_object();
  if (members == nullptr) {
    rows.push_back({name, cell(value)});
    return;
  }
  for (const auto& [key, inner] : *members) {
    std::string path = name;
    if (!path.empty()) path += '.';
    path += key;
    add_facts(inner, path, rows);
  }
}

// Whether devices get it.
std::string state_cell(const Json& release) {
  if (release.boolean("blocked").value_or(false)) return "blocked";
  return release.boolean("pending").value_or(false) ? "awaits approval" : "given out";
}

Json claims_in(const std::string& jws) {
  const std::size_t first = jws.find('.');
  const std::size_t second = first == std::string::npos ? first : jws.find('.', first + 1);
  if (second == std::string::npos) return {};
  const auto payload =
      codec::from_base64url(std::string_view(jws).substr(first + 1, second - first - 1));
  if (!payload) return {};
  const auto claims = codec::parse_json(as_text(*payload));
  return claims ? *claims : Json();
}

}  // namespace

std::string cell_of(const Json& object, std::string_view name) {
  return cell(member(object, name));
}

std::string devices_view(const Json& answer) {
  Rows rows{{"DEVICE", "GROUP", "SKU", "KEY", "STATUS", "EPOCH", "ENROLLED", "ATTESTED"}};
  for (const Json& device : list(answer, "devices"))
    rows.push_back({cell_of(device, "id"), cell_of(device, "group"), cell_of(device, "sku"),
                    cell_of(device, "device_key"), cell_of(device, "status"),
                    cell_of(device, "epoch"), cell_of(device, "enrolled_at"), attested(device)});
  return shown(rows, "no device has enrolled; 'vedette device allow' lets one in");
}

std::string makers_view(const Json& answer) {
  Rows rows{{"GROUP", "SHA256", "ROOT", "SKU", "SHA-1", "EXPIRED", "SUBJECT"}};
  for (const Json& root : list(answer, "roots"))
    rows.push_back({cell_of(root, "group"), cell_of(root, "sha256"), cell_of(root, "root"),
                    cell_of(root, "sku"), cell_of(root, "sha1_signature"), cell_of(root, "expired"),
                    cell_of(root, "subject")});
  return shown(rows, "no maker is admitted; 'vedette trust ek-roots import' lets its TPMs in");
}

std::string facts_view(const Json& object) {
  Rows rows;
  add_facts(object, "", rows);
  return table(rows);
}

std::string releases_view(const Json& answer) {
  Rows rows{
      {"MODEL", "RELEASE", "TIER", "FILE", "SIZE", "PUBLISHED", "STATE", "SUSPECT", "CONTRACT"}};
  for (const Json& release : list(answer, "releases")) {
    const Json& file = member(release, "file");
    rows.push_back({cell_of(release, "model"), cell_of(release, "release"),
                    cell_of(release, "tier"), cell_of(file, "name"), size_cell(file),
                    cell_of(release, "published_at"), state_cell(release), suspect_cell(release),
                    contract_cell(release)});
  }
  return shown(rows, "nothing is published; 'vedette release publish' does it");
}

Json with_claims_of(const Json& object) {
  Json extended = object;
  const std::string* jws = member(object, "jws").if_string();
  if (jws != nullptr) extended.set("claims", claims_in(*jws));
  return extended;
}

Json with_claims(const Json& answer) {
  Json::Array receipts;
  for (const Json& receipt : list(answer, "receipts"))
    receipts.push_back(with_claims_of(receipt));
  Json json;
  json.set("receipts", std::move(receipts));
  return json;
}

std::string receipts_view(const Json& answer) {
  Rows rows{{"RECEIPT", "DEVICE", "MODEL", "RELEASE", "SEQUENCE", "TIME", "RECEIVED"}};
  for (const Json& receipt : list(answer, "receipts")) {
    const Json& claims = member(receipt, "claims");
    rows.push_back({cell_of(receipt, "id").substr(0, kShortId), cell_of(receipt, "device"),
                    cell_of(receipt, "model"), cell_of(receipt, "release"),
                    cell_of(claims, "sequence"), cell_of(claims, "time"),
                    cell_of(receipt, "received_at")});
  }
  return shown(rows, "no result has been believed yet");
}

std::string entries_view(const Json& answer) {
  Rows rows{{"INDEX", "TIME", "KIND", "SUBJECT", "ACTOR", "VERDICT", "CODE"}};
  for (const Json& entry : list(answer, "entries"))
    rows.push_back({cell_of(entry, "index"), cell_of(entry, "time"), cell_of(entry, "kind"),
                    cell_of(entry, "subject"), cell_of(entry, "actor"), cell_of(entry, "verdict"),
                    cell_of(entry, "code")});
  return shown(rows, "no entries there");
}

}  // namespace vedette::cli
