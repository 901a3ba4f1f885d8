#include "release/tuf/fields.h"

#include <algorithm>
#include <set>

#include "release/tuf/limits.h"

namespace vedette::release::tuf {
namespace {

using codec::Json;

constexpr std::size_t kLongestDigest = 128;  // of 64 octets

bool is_digest(std::string_view text) {
  return !text.empty() && text.size() <= kLongestDigest &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::unexpected<Error> malformed(std::string cause) {
  return refuse("TUF-SYNTAX", "this is not TUF metadata as the specification has it",
                std::move(cause));
}

Result<std::int64_t> read_positive(const Json& json, std::string_view name) {
  VEDETTE_TRY(const std::int64_t number, required(json.integer(name)));
  if (number < 1) return malformed(std::string(name) + " is " + std::to_string(number));
  return number;
}

Result<std::optional<std::uint64_t>> read_length(const Json& json) {
  if (json.find("length") == nullptr) return std::nullopt;
  VEDETTE_TRY(const std::int64_t length, required(json.integer("length")));
  if (length < 0) return malformed("a negative length");
  return static_cast<std::uint64_t>(length);
}

Result<std::vector<std::string>> read_strings(const Json& json, std::string_view name,
                                              std::size_t max_count) {
  VEDETTE_TRY(const Json* array, required(json.array(name)));
  const Json::Array& elements = *array->if_array();
  if (elements.size() > max_count) return malformed("too many " + std::string(name));
  std::vector<std::string> strings;
  std::set<std::string_view> seen;
  strings.reserve(elements.size());
  for (const Json& element : elements) {
    const std::string* text = element.if_string();
    if (text == nullptr || text->empty() || text->size() > kMaxNameOctets)
      return malformed("an element of " + std::string(name) + " that is no proper string");
    if (!seen.insert(*text).second)
      return malformed(std::string(name) + " repeats " + text->substr(0, 80));
    strings.push_back(*text);
  }
  return strings;
}

Result<RoleKeys> read_role_keys(const Json& json) {
  RoleKeys role;
  VEDETTE_TRY(role.key_ids, read_strings(json, "keyids", kMaxRoleKeys));
  VEDETTE_TRY(role.threshold, read_positive(json, "threshold"));
  return role;
}

Result<Keys> read_keys(const Json& json) {
  VEDETTE_TRY(const Json* object, required(json.object("keys")));
  if (object->if_object()->size() > kMaxKeys) return malformed("too many keys");
  Keys keys;
  for (const auto& [key_id, value] : *object->if_object()) {
    if (key_id.empty() || key_id.size() > kMaxNameOctets) return malformed("a key without a name");
    VEDETTE_TRY(Key key, Key::read(value));
    keys.emplace(key_id, std::move(key));
  }
  return keys;
}

Result<Hashes> read_hashes(const Json& json, bool optional) {
  Hashes hashes;
  if (optional && json.find("hashes") == nullptr) return hashes;
  VEDETTE_TRY(const Json* object, required(json.object("hashes")));
  for (const auto& [algorithm, value] : *object->if_object()) {
    const std::string* digest = value.if_string();
    if (digest == nullptr || !is_digest(*digest)) return malformed("a hash that is no digest");
    hashes.emplace_back(algorithm, *digest);
  }
  if (hashes.empty()) return malformed("no hashes");
  return hashes;
}

}  // namespace vedette::release::tuf
