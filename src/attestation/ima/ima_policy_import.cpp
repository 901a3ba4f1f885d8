#include "attestation/ima/ima_policy_import.h"

#include <algorithm>
#include <optional>

#include "attestation/ima/ima_entry.h"
#include "codec/base64.h"
#include "codec/json.h"

namespace vedette::attestation {
namespace {

using codec::Json;

constexpr std::size_t kMaxLeftOut = 1000;

std::unexpected<Error> unfit(std::string cause) {
  return refuse("ATT-IMA-POLICY", "this is not a policy that can be taken over", std::move(cause));
}

void leave_out(ImaPolicyImport& import, std::string what) {
  if (import.left_out.size() < kMaxLeftOut) import.left_out.push_back(std::move(what));
}

// `object` of names to arrays of digests, each handed to `take`.
template <class Take>
Result<void> each_digest(const Json& object, std::string_view member, Take take) {
  const Json* const names = object.find(member);
  if (names == nullptr) return {};
  if (!names->is_object()) return unfit(std::string(member) + ": not an object");
  for (const auto& [name, digests] : *names->if_object()) {
    if (!digests.is_array()) return unfit(std::string(member) + ": not a list of digests");
    for (const Json& digest : *digests.if_array()) {
      if (digest.if_string() == nullptr) return unfit(std::string(member) + ": not a digest");
      VEDETTE_TRY(FileDigest parsed, parse_file_digest(*digest.if_string()));
      VEDETTE_CHECK(take(name, std::move(parsed)));
    }
  }
  return {};
}

// The pattern of ours for a regular expression, if it is but a literal with one `.*`.
std::optional<std::string> pattern_of(std::string_view expression) {
  if (expression.starts_with('^')) expression.remove_prefix(1);
  if (expression.ends_with('$') && !expression.ends_with("\\$")) expression.remove_suffix(1);
  std::string pattern;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    const std::string_view rest = expression.substr(i + 1);
    if (c == '.' && rest.starts_with('*')) {
      if (pattern.find('*') != std::string::npos) return std::nullopt;
      pattern += '*';
      ++i;
    } else if (c == '\\' && !rest.empty() &&
               std::string_view(".+-_/$^()[]{}|?").find(rest[0]) != std::string_view::npos) {
      pattern += rest[0];
      ++i;
    } else if (std::string_view("\\^$*+?()[]{}|").find(c) != std::string_view::npos) {
      return std::nullopt;
    } else {
      pattern += c;
    }
  }
  if (pattern.empty() || pattern == "*") return std::nullopt;
  return pattern;
}

Result<void> import_excludes(const Json& json, ImaPolicyImport& import) {
  const Json* const excludes = json.find("excludes");
  if (excludes == nullptr) return {};
  if (!excludes->is_array()) return unfit("excludes: not a list");
  for (const Json& each : *excludes->if_array()) {
    if (each.if_string() == nullptr) return unfit("excludes: not a text");
    const auto pattern = pattern_of(*each.if_string());
    if (pattern) {
      VEDETTE_CHECK(import.policy.exclude(*pattern));
    } else {
      leave_out(import, "the exclude " + shown(*each.if_string()));
    }
  }
  return {};
}

Result<void> import_digests(const Json& json, ImaPolicyImport& import) {
  ImaPolicy& policy = import.policy;
  VEDETTE_CHECK(each_digest(json, "digests", [&](std::string_view path, FileDigest digest) {
    if (path != kBootAggregate) return policy.allow_file(path, std::move(digest));
    leave_out(import, "a digest of boot_aggregate");
    return Result<void>();
  }));
  for (const char* const member : {"keyrings", "ima-buf"})
    VEDETTE_CHECK(each_digest(json, member, [&](std::string_view name, FileDigest digest) {
      return policy.allow_buffer(name, std::move(digest));
    }));
  return {};
}

Result<void> import_ima_options(const Json& json, ImaPolicyImport& import) {
  const Json* const options = json.find("ima");
  if (options == nullptr) return {};
  VEDETTE_CHECK(options->only({"ignored_keyrings", "log_hash_alg", "dm_policy"}));
  if (const Json* const rings = options->find("ignored_keyrings");
      rings != nullptr && !(rings->is_array() && rings->if_array()->empty()))
    leave_out(import, "ignored_keyrings");
  if (const Json* const mapper = options->find("dm_policy");
      mapper != nullptr && !mapper->is_null())
    leave_out(import, "dm_policy");
  return {};
}

// A JSON text within the JSON: public keys as SubjectPublicKeyInfo in base64.
Result<void> import_keys(const Json& json, ImaPolicyImport& import) {
  const Json* const text = json.find("verification-keys");
  if (text == nullptr || text->is_null()) return {};
  if (text->if_string() == nullptr) return unfit("verification-keys: not a text");
  if (text->if_string()->empty()) return {};
  VEDETTE_TRY(const Json ring, codec::parse_json(*text->if_string()));
  VEDETTE_CHECK(ring.only({"meta", "pubkeys", "keyids"}));
  VEDETTE_TRY(const Json* const keys, ring.array("pubkeys"));
  for (const Json& each : *keys->if_array()) {
    if (each.if_string() == nullptr) return unfit("verification-keys: not a key");
    VEDETTE_TRY(const Bytes der, codec::from_base64(*each.if_string()));
    auto key = crypto::PublicKey::from_spki_der(der);
    if (key) {
      VEDETTE_CHECK(import.policy.trust(ima_key(*std::move(key))));
    } else {
      leave_out(import, "a verification key: " + describe(key.error()));
    }
  }
  return {};
}

Result<void> check_version(const Json& json) {
  VEDETTE_CHECK(json.only({"meta", "release", "digests", "excludes", "keyrings", "ima", "ima-buf",
                           "verification-keys"}));
  VEDETTE_TRY(const Json* const meta, json.object("meta"));
  VEDETTE_TRY(const std::int64_t version, meta->integer("version"));
  if (version != 1) return unfit("version " + std::to_string(version));
  return {};
}

Result<void> import_line(ImaPolicy& policy, std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || line.size() < space + 3)
    return unfit("not a digest and a path");
  if (line[space + 1] != ' ' && line[space + 1] != '*') return unfit("not a digest and a path");
  VEDETTE_TRY(FileDigest digest, parse_file_digest(line.substr(0, space)));
  return policy.allow_file(line.substr(space + 2), std::move(digest));
}

}  // namespace

Result<ImaPolicyImport> import_keylime_policy(std::string_view text) {
  VEDETTE_TRY(const Json json,
              codec::parse_json(
                  text, {.max_bytes = kMaxPolicyBytes, .max_depth = 8, .max_values = 4'000'000}));
  VEDETTE_CHECK(check_version(json));
  ImaPolicyImport import;
  VEDETTE_CHECK(import_digests(json, import));
  VEDETTE_CHECK(import_excludes(json, import));
  VEDETTE_CHECK(import_ima_options(json, import));
  VEDETTE_CHECK(import_keys(json, import));
  return import;
}

Result<ImaPolicy> import_digest_list(std::string_view text) {
  if (text.size() > kMaxPolicyBytes) return unfit("more than 256 MiB");
  ImaPolicy policy;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (auto imported = import_line(policy, line); !imported) {
      Error error = std::move(imported).error();
      error.cause = "line " + std::to_string(number) + ": " + error.cause;
      return std::unexpected(std::move(error));
    }
  }
  return policy;
}

}  // namespace vedette::attestation
