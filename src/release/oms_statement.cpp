#include <cmath>
#include <optional>

#include "codec/json.h"
#include "release/digest_text.h"
#include "release/manifest_check.h"
#include "release/oms_manifest.h"
#include "release/oms_shards.h"

namespace vedette::release {
namespace {

using codec::Json;

constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
constexpr std::string_view kPredicateType = "https://model_signing/signature/v1.0";
constexpr codec::JsonLimits kLimits{
    .max_bytes = kMaxManifestBytes, .max_depth = 8, .max_values = 5 * kMaxResources};

template <class T>
Result<T> as_syntax(Result<T> result) {
  if (!result)
    return refuse("OMS-SYNTAX", "this is not a model signing statement", describe(result.error()));
  return result;
}

Result<crypto::Sha256Digest> digest_member(const Json& object, std::string_view name) {
  VEDETTE_TRY(const std::string text, as_syntax(object.string(name)));
  const auto digest = parse_digest(text);
  if (!digest)
    return refuse("OMS-SYNTAX", "a digest is not 64 lower-case hexadecimal digits",
                  text.substr(0, 80));
  return *digest;
}

Result<void> check_types(const Json& statement) {
  VEDETTE_CHECK(as_syntax(statement.only({"_type", "subject", "predicateType", "predicate"})));
  VEDETTE_TRY(const std::string type, as_syntax(statement.string("_type")));
  VEDETTE_TRY(const std::string predicate, as_syntax(statement.string("predicateType")));
  if (type != kStatementType || predicate != kPredicateType)
    return refuse("OMS-TYPE", "the statement is not a model signature of version 1.0",
                  type.substr(0, 80) + ", " + predicate.substr(0, 80));
  return {};
}

// Fills model_name and root, the latter as the signer claims it.
Result<void> read_subject(const Json& statement, Manifest& manifest) {
  VEDETTE_TRY(const Json* subjects, as_syntax(statement.array("subject")));
  if (subjects->if_array()->size() != 1)
    return refuse("OMS-SYNTAX", "a model signature has exactly one subject");
  const Json& subject = subjects->if_array()->front();
  VEDETTE_CHECK(as_syntax(subject.only({"name", "digest"})));
  VEDETTE_TRY(manifest.model_name, as_syntax(subject.string("name")));
  VEDETTE_TRY(const Json* digest, as_syntax(subject.object("digest")));
  VEDETTE_CHECK(as_syntax(digest->only({"sha256"})));
  VEDETTE_TRY(manifest.root, digest_member(*digest, "sha256"));
  return {};
}

Result<void> read_ignore_paths(const Json& serialization, Manifest& manifest) {
  if (serialization.find("ignore_paths") == nullptr) return {};
  VEDETTE_TRY(const Json* paths, as_syntax(serialization.array("ignore_paths")));
  for (const Json& path : *paths->if_array()) {
    if (path.if_string() == nullptr) return refuse("OMS-SYNTAX", "an ignored path is not a text");
    manifest.ignore_paths.push_back(*path.if_string());
  }
  return {};
}

// The reference writes 1000000000.0, for a protobuf Struct has no integers; never 0, which says
// whole files.
std::optional<std::uint64_t> shard_size_in(const Json& serialization) {
  constexpr double kMost = static_cast<double>(kMaxShardBytes);
  const Json* size = serialization.find("shard_size");
  if (size == nullptr) return std::nullopt;
  if (const std::int64_t* whole = size->if_integer(); whole != nullptr && *whole >= 1)
    return static_cast<std::uint64_t>(*whole);
  const double* real = size->if_double();
  if (real == nullptr || *real < 1 || *real > kMost || std::trunc(*real) != *real)
    return std::nullopt;
  return static_cast<std::uint64_t>(*real);
}

Result<void> read_method(const Json& serialization, const std::string& method, Manifest& manifest) {
  if (method == "files")
    return as_syntax(serialization.only({"method", "hash_type", "allow_symlinks", "ignore_paths"}));
  VEDETTE_CHECK(as_syntax(
      serialization.only({"method", "hash_type", "allow_symlinks", "ignore_paths", "shard_size"})));
  const auto size = shard_size_in(serialization);
  if (!size)
    return refuse("OMS-SYNTAX", "the statement does not say how large a shard is", {},
                  "shard_size is a whole number of octets");
  manifest.shard_size = *size;
  return {};
}

Result<void> read_serialization(const Json& predicate, Manifest& manifest) {
  VEDETTE_TRY(const Json* serialization, as_syntax(predicate.object("serialization")));
  VEDETTE_TRY(const std::string method, as_syntax(serialization->string("method")));
  VEDETTE_TRY(const std::string hash, as_syntax(serialization->string("hash_type")));
  if ((method != "files" && method != "shards") || hash != "sha256")
    return refuse("OMS-METHOD", "the model was hashed in a way that is not supported",
                  method.substr(0, 80) + " with " + hash.substr(0, 80),
                  "sign it with the method 'files' or 'shards' and the hash 'sha256'");
  VEDETTE_CHECK(read_method(*serialization, method, manifest));
  // Whether the signer followed links changes nothing for us: we never do, and digests decide.
  VEDETTE_CHECK(as_syntax(serialization->boolean("allow_symlinks")));
  return read_ignore_paths(*serialization, manifest);
}

std::string algorithm_of(const Manifest& manifest) {
  return manifest.shard_size == 0 ? "sha256" : shard_algorithm(manifest.shard_size);
}

Result<void> read_resources(const Json& predicate, Manifest& manifest) {
  VEDETTE_TRY(const Json* resources, as_syntax(predicate.array("resources")));
  manifest.resources.reserve(resources->if_array()->size());
  const std::string expected = algorithm_of(manifest);
  for (const Json& item : *resources->if_array()) {
    VEDETTE_CHECK(as_syntax(item.only({"name", "algorithm", "digest"})));
    VEDETTE_TRY(const std::string algorithm, as_syntax(item.string("algorithm")));
    if (algorithm != expected)
      return refuse("OMS-METHOD", "a resource has another hash than the statement says",
                    algorithm.substr(0, 80));
    Resource resource;
    VEDETTE_TRY(resource.name, as_syntax(item.string("name")));
    VEDETTE_TRY(resource.sha256, digest_member(item, "digest"));
    manifest.resources.push_back(std::move(resource));
  }
  return {};
}

}  // namespace

std::string to_statement(const Manifest& manifest) {
  Json::Array resources;
  resources.reserve(manifest.resources.size());
  const std::string algorithm = algorithm_of(manifest);
  for (const Resource& resource : manifest.resources)
    resources.emplace_back(Json::Object{
        {"name", resource.name}, {"algorithm", algorithm}, {"digest", to_hex(resource.sha256)}});
  Json serialization(Json::Object{{"method", manifest.shard_size == 0 ? "files" : "shards"},
                                  {"hash_type", "sha256"},
                                  {"allow_symlinks", false}});
  // A whole number: the reference reads back what it writes itself, 1e9, as one that it refuses.
  if (manifest.shard_size != 0) serialization.set("shard_size", manifest.shard_size);
  if (!manifest.ignore_paths.empty())
    serialization.set("ignore_paths",
                      Json::Array(manifest.ignore_paths.begin(), manifest.ignore_paths.end()));
  const Json::Object digest{{"sha256", to_hex(manifest.root)}};
  const Json::Array subject{Json::Object{{"name", manifest.model_name}, {"digest", digest}}};
  // Braces would copy all resources, once per level.
  Json predicate;
  predicate.set("serialization", std::move(serialization));
  predicate.set("resources", std::move(resources));
  Json statement(Json::Object{
      {"_type", kStatementType}, {"subject", subject}, {"predicateType", kPredicateType}});
  statement.set("predicate", std::move(predicate));
  return codec::to_json(statement);
}

Result<Manifest> parse_statement(std::string_view text) {
  VEDETTE_TRY(const Json statement, codec::parse_json(text, kLimits));
  VEDETTE_CHECK(check_types(statement));
  Manifest manifest;
  VEDETTE_CHECK(read_subject(statement, manifest));
  VEDETTE_TRY(const Json* predicate, as_syntax(statement.object("predicate")));
  VEDETTE_CHECK(as_syntax(predicate->only({"serialization", "resources"})));
  VEDETTE_CHECK(read_serialization(*predicate, manifest));
  VEDETTE_CHECK(read_resources(*predicate, manifest));
  VEDETTE_CHECK(check_manifest(manifest));
  const crypto::Sha256Digest root = root_of(manifest.resources);
  if (root != manifest.root)
    return refuse("OMS-ROOT", "the model's digest is not that of its files",
                  "says " + to_hex(manifest.root) + ", is " + to_hex(root));
  return manifest;
}

}  // namespace vedette::release
