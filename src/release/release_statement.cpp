#include "release/release_statement.h"

#include <algorithm>

#include "codec/json.h"
#include "release/digest_text.h"
#include "release/dsse.h"
#include "release/oms_bundle.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::PublicKey;

constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
constexpr std::uint64_t kMaxNumber = (std::uint64_t{1} << 53U) - 1;  // exact in every JSON reader
constexpr codec::JsonLimits kLimits{
    .max_bytes = kMaxStatementBytes, .max_depth = 8, .max_values = 100};

template <class T>
Result<T> as_statement(Result<T> result) {
  if (!result)
    return refuse("REL-STATEMENT", "this is not a release statement", describe(result.error()));
  return result;
}

std::unexpected<Error> out_of_range(std::string_view what, std::string cause = {}) {
  return refuse("REL-STATEMENT", "the release statement's " + std::string(what) + " is not valid",
                std::move(cause));
}

Result<void> check_ranges(const ReleaseStatement& statement) {
  if (statement.number < 1 || statement.number > kMaxNumber)
    return out_of_range("number", std::to_string(statement.number));
  if (statement.file_size < 1 || statement.file_size > kMaxNumber)
    return out_of_range("file size", std::to_string(statement.file_size));
  if (!is_safe_path(statement.file_name))
    return out_of_range("file name", statement.file_name.substr(0, 80));
  return {};
}

Result<crypto::Sha256Digest> digest_member(const Json& object) {
  VEDETTE_TRY(const std::string text, as_statement(object.string("sha256")));
  const auto digest = parse_digest(text);
  if (!digest) return out_of_range("digest", text.substr(0, 80));
  return *digest;
}

Result<std::uint64_t> count_member(const Json& object, std::string_view name) {
  VEDETTE_TRY(const std::int64_t value, as_statement(object.integer(name)));
  if (value < 1) return out_of_range(name, std::to_string(value));
  return static_cast<std::uint64_t>(value);
}

struct Subject {
  std::string name;
  crypto::Sha256Digest root{};
};

Result<Subject> read_subject(const Json& statement) {
  VEDETTE_TRY(const Json* subjects, as_statement(statement.array("subject")));
  if (subjects->if_array()->size() != 1) return out_of_range("subject");
  const Json& item = subjects->if_array()->front();
  VEDETTE_CHECK(as_statement(item.only({"name", "digest"})));
  Subject subject;
  VEDETTE_TRY(subject.name, as_statement(item.string("name")));
  VEDETTE_TRY(const Json* digest, as_statement(item.object("digest")));
  VEDETTE_CHECK(as_statement(digest->only({"sha256"})));
  VEDETTE_TRY(subject.root, digest_member(*digest));
  return subject;
}

Result<ReleaseStatement> read_predicate(const Json& predicate, const Subject& subject) {
  VEDETTE_CHECK(as_statement(predicate.only({"model", "release", "tier", "file", "issued_at"})));
  VEDETTE_TRY(const std::string name, as_statement(predicate.string("model")));
  if (name != subject.name) return out_of_range("subject", "it is not about " + name.substr(0, 80));
  VEDETTE_TRY(ModelName model, as_statement(ModelName::parse(name)));
  ReleaseStatement statement{.model = std::move(model), .model_root = subject.root};
  VEDETTE_TRY(statement.number, count_member(predicate, "release"));
  VEDETTE_TRY(const std::string tier, as_statement(predicate.string("tier")));
  VEDETTE_TRY(statement.tier, as_statement(parse_tier(tier)));
  VEDETTE_TRY(const std::string time, as_statement(predicate.string("issued_at")));
  VEDETTE_TRY(statement.issued_at, as_statement(from_rfc3339(time)));
  VEDETTE_TRY(const Json* file, as_statement(predicate.object("file")));
  VEDETTE_CHECK(as_statement(file->only({"name", "sha256", "size"})));
  VEDETTE_TRY(statement.file_name, as_statement(file->string("name")));
  VEDETTE_TRY(statement.file_sha256, digest_member(*file));
  VEDETTE_TRY(statement.file_size, count_member(*file, "size"));
  VEDETTE_CHECK(check_ranges(statement));
  return statement;
}

Result<ReleaseStatement> parse_release_statement(std::string_view text) {
  VEDETTE_TRY(const Json json, codec::parse_json(text, kLimits));
  VEDETTE_CHECK(as_statement(json.only({"_type", "subject", "predicateType", "predicate"})));
  VEDETTE_TRY(const std::string type, as_statement(json.string("_type")));
  VEDETTE_TRY(const std::string predicate_type, as_statement(json.string("predicateType")));
  if (type != kStatementType || predicate_type != kReleasePredicateType)
    return out_of_range("type", type.substr(0, 80) + ", " + predicate_type.substr(0, 80));
  VEDETTE_TRY(const Subject subject, read_subject(json));
  VEDETTE_TRY(const Json* predicate, as_statement(json.object("predicate")));
  return read_predicate(*predicate, subject);
}

bool is_onnx(std::string_view name) {
  constexpr std::string_view kSuffix = ".onnx";
  if (name.size() <= kSuffix.size()) return false;
  name.remove_prefix(name.size() - kSuffix.size());
  return std::ranges::equal(name, kSuffix, [](char have, char want) {
    return have == want || (have >= 'A' && have <= 'Z' && have - 'A' + 'a' == want);
  });
}

Result<void> check_one_onnx(const Manifest& manifest, const std::string& file_name) {
  const auto count = std::ranges::count_if(manifest.resources, [&](const Resource& resource) {
    return is_onnx(resource.name == kSingleFileResource ? manifest.model_name : resource.name);
  });
  if (count != 1 || !is_onnx(file_name))
    return refuse("REL-ONNX", "a release needs a model with exactly one .onnx file",
                  std::to_string(count) + " such files; the release names " + file_name);
  return {};
}

Result<void> check_agreement(const Manifest& manifest, const ReleaseStatement& statement) {
  if (manifest.root != statement.model_root)
    return refuse(
        "REL-ROOT", "the release statement is about another model than the bundle",
        "statement " + to_hex(statement.model_root) + ", bundle " + to_hex(manifest.root));
  const Resource* file = manifest.find_file(statement.file_name);
  if (file == nullptr || file->sha256 != statement.file_sha256)
    return refuse("REL-FILE", "the bundle does not list the release's file with that digest",
                  statement.file_name);
  return check_one_onnx(manifest, statement.file_name);
}

}  // namespace

Result<std::string> sign_release_statement(const ReleaseStatement& statement,
                                           const crypto::PrivateKey& key) {
  VEDETTE_CHECK(check_ranges(statement));
  const Json::Object digest{{"sha256", to_hex(statement.model_root)}};
  const Json::Array subject{Json::Object{{"name", statement.model.str()}, {"digest", digest}}};
  const Json::Object file{{"name", statement.file_name},
                          {"sha256", to_hex(statement.file_sha256)},
                          {"size", statement.file_size}};
  const Json::Object predicate{{"model", statement.model.str()},
                               {"release", statement.number},
                               {"tier", to_string(statement.tier)},
                               {"file", file},
                               {"issued_at", to_rfc3339(statement.issued_at)}};
  const std::string text = codec::to_json(Json::Object{{"_type", kStatementType},
                                                       {"subject", subject},
                                                       {"predicateType", kReleasePredicateType},
                                                       {"predicate", predicate}});
  VEDETTE_TRY(const Json envelope,
              sign_dsse(kInTotoPayloadType, as_bytes(text), key, key_hint(key.public_key())));
  return codec::to_json(envelope);
}

Result<VerifiedRelease> verify_release(std::string_view bundle, std::string_view statement,
                                       std::span<const PublicKey> publishers) {
  VEDETTE_TRY(const VerifiedManifest model, verify_bundle(bundle, publishers));
  VEDETTE_TRY(const Json envelope, codec::parse_json(statement, kLimits));
  VEDETTE_TRY(const DssePayload payload, verify_dsse(envelope, kInTotoPayloadType, publishers));
  VEDETTE_TRY(ReleaseStatement terms, parse_release_statement(as_text(payload.payload)));
  VEDETTE_CHECK(check_agreement(model->manifest, terms));
  SignedRelease release{std::move(terms)};
  release.publisher_sha256 = payload.signer.spki_sha256();
  return VerifiedRelease(SignedRelease::VerificationKey(), std::move(release));
}

Result<void> check_not_older(const VerifiedRelease& release, std::uint64_t highest_seen) {
  if (release->number >= highest_seen) return {};
  return refuse(
      "REL-ROLLBACK", "this release is older than one that was already accepted",
      "offered " + std::to_string(release->number) + ", seen " + std::to_string(highest_seen),
      "publish the old content again under a higher number if it is wanted back");
}

}  // namespace vedette::release
