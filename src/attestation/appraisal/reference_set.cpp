#include "attestation/appraisal/reference_set.h"

#include <charconv>

namespace vedette::attestation {

namespace {

using codec::Json;

constexpr std::size_t kMostValues = 10'000;  // of a register or a category
constexpr std::size_t kMostCategories = 64;
constexpr std::size_t kMaxValue = 8192;  // octets; a command line
constexpr unsigned kHighestRegister = 23;
constexpr codec::JsonLimits kLimits{
    .max_bytes = kMaxReferenceBytes, .max_depth = 8, .max_values = 4'000'000};

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("REF-SYNTAX", "these are no reference values", std::move(cause),
                "see docs/attestation.md for the form; 'vedette -o json reference show GROUP' "
                "prints one");
}

Result<std::uint8_t> parse_register(const std::string& text) {
  unsigned number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || end != text.data() + text.size() || number > kHighestRegister ||
      std::to_string(number) != text)
    return refuse_syntax("no register: " + text.substr(0, 40));
  return static_cast<std::uint8_t>(number);
}

Result<std::vector<std::string>> parse_texts(const std::string& name, const Json& list) {
  const Json::Array* array = list.if_array();
  if (array == nullptr || array->size() > kMostValues)
    return refuse_syntax("'" + name + "' is no list of at most 10000 values");
  std::vector<std::string> texts;
  for (const Json& element : *array) {
    const std::string* text = element.if_string();
    if (text == nullptr || text->empty() || text->size() > kMaxValue)
      return refuse_syntax("'" + name + "' has a value that is no text of 1 to 8192 octets");
    texts.push_back(*text);
  }
  return texts;
}

Result<crypto::BankDigest> parse_digest(const std::string& text) {
  const auto digest = crypto::parse_bank_digest(text);
  if (!digest)
    return refuse_syntax(
        "neither a SHA-256 digest in lower-case hexadecimal nor 'sha384:' and one of that bank: " +
        text.substr(0, 110));
  return *digest;
}

Result<void> read_digests(const Json& object, const std::string& name, ImaPolicy& policy,
                          Result<void> (ImaPolicy::*allow)(std::string_view, FileDigest)) {
  if (object.find(name) == nullptr) return {};
  VEDETTE_TRY(const Json* files, object.object(name));
  for (const auto& [path, list] : *files->if_object()) {
    VEDETTE_TRY(const auto texts, parse_texts(path, list));
    for (const std::string& text : texts) {
      VEDETTE_TRY(FileDigest digest, parse_file_digest(text));
      VEDETTE_CHECK((policy.*allow)(path, std::move(digest)));
    }
  }
  return {};
}

Result<std::vector<std::string>> optional_texts(const Json& json, const std::string& name) {
  const Json* const list = json.find(name);
  if (list == nullptr) return std::vector<std::string>{};
  return parse_texts(name, *list);
}

Result<std::shared_ptr<const ImaPolicy>> parse_ima(const Json& json) {
  if (!json.only({"files", "buffers", "excludes", "keys", "tolerate_violations"}))
    return refuse_syntax("'ima' has a member that is not known");
  ImaPolicy policy;
  VEDETTE_CHECK(read_digests(json, "files", policy, &ImaPolicy::allow_file));
  VEDETTE_CHECK(read_digests(json, "buffers", policy, &ImaPolicy::allow_buffer));
  VEDETTE_TRY(const auto excludes, optional_texts(json, "excludes"));
  for (const std::string& pattern : excludes)
    VEDETTE_CHECK(policy.exclude(pattern));
  VEDETTE_TRY(const auto keys, optional_texts(json, "keys"));
  for (const std::string& pem : keys) {
    VEDETTE_TRY(auto key, crypto::PublicKey::from_pem(pem));
    VEDETTE_CHECK(policy.trust(ima_key(std::move(key))));
  }
  if (json.find("tolerate_violations") != nullptr) {
    VEDETTE_TRY(const bool tolerate, json.boolean("tolerate_violations"));
    if (tolerate) policy.tolerate_violations();
  }
  return std::make_shared<const ImaPolicy>(std::move(policy));
}

}  // namespace

Result<ReferenceValues> parse_registers(const Json& registers) {
  const Json::Object* object = registers.if_object();
  if (object == nullptr) return refuse_syntax("'registers' is no object");
  ReferenceValues values;
  for (const auto& [name, list] : *object) {
    VEDETTE_TRY(const std::uint8_t number, parse_register(name));
    VEDETTE_TRY(const auto texts, parse_texts(name, list));
    if (texts.empty()) return refuse_syntax("register " + name + " has no values");
    for (const std::string& text : texts) {
      VEDETTE_TRY(const auto digest, parse_digest(text));
      values.registers[number].push_back(digest);
    }
  }
  return values;
}

Result<Accepted> parse_accepted(const Json& json) {
  const Json::Object* object = json.if_object();
  if (object == nullptr || object->size() > kMostCategories)
    return refuse_syntax("no object of at most 64 categories");
  Accepted accepted;
  for (const auto& [category, list] : *object) {
    VEDETTE_TRY(auto texts, parse_texts(category, list));
    accepted[category] = {std::make_move_iterator(texts.begin()),
                          std::make_move_iterator(texts.end())};
  }
  return accepted;
}

Result<ReferenceSet> parse_reference_set(const Json& json) {
  if (!json.only({"registers", "boot", "ima", "runtime"}))
    return refuse_syntax("a member is not known");
  ReferenceSet set;
  set.id = crypto::sha256(as_bytes(codec::to_json(json)));
  if (const Json* registers = json.find("registers")) {
    VEDETTE_TRY(set.exact, parse_registers(*registers));
  }
  if (const Json* boot = json.find("boot")) {
    VEDETTE_TRY(set.boot, parse_accepted(*boot));
  }
  if (const Json* ima = json.find("ima")) {
    VEDETTE_TRY(set.ima, parse_ima(*ima));
  }
  if (const Json* runtime = json.find("runtime")) {
    VEDETTE_TRY(set.runtime, parse_accepted(*runtime));
  }
  if (set.exact.registers.empty() && set.boot.empty() && set.ima == nullptr && set.runtime.empty())
    return refuse_syntax("there are no values in it");
  return set;
}

Result<ReferenceSet> read_reference_set(std::string_view text) {
  const auto json = codec::parse_json(text, kLimits);
  if (!json) return refuse_syntax(describe(json.error()));
  return parse_reference_set(*json);
}

Json to_json(const ReferenceValues& values) {
  Json registers{Json::Object{}};
  for (const auto& [number, accepted] : values.registers) {
    Json::Array list;
    for (const auto& value : accepted)
      list.emplace_back(to_string(value));
    registers.set(std::to_string(number), std::move(list));
  }
  return registers;
}

Json to_json(const Accepted& accepted) {
  Json json{Json::Object{}};
  for (const auto& [category, values] : accepted)
    json.set(category, Json::Array(values.begin(), values.end()));
  return json;
}

}  // namespace vedette::attestation
