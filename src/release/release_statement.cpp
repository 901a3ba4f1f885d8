#include "release/release_statement.h"

#include <algorithm>

#include "codec/json.h"
#include "release/digest_text.h"
#include "release/in_toto.h"
#include "release/model_file.h"
#include "release/oms_bundle.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::PublicKey;

constexpr std::uint64_t kMaxNumber = (std::uint64_t{1} << 53U) - 1;  // exact in every JSON reader
constexpr InTotoKind kKind{
    .predicate_type = kReleasePredicateType,
    .code = "REL-STATEMENT",
    .noun = "release statement",
    .limits = {.max_bytes = kMaxStatementBytes, .max_depth = 8, .max_values = 100}};

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
  if (statement.never_below &&
      (*statement.never_below < 1 || *statement.never_below > statement.number))
    return out_of_range("never_below", std::to_string(*statement.never_below));
  return {};
}

Result<crypto::Sha256Digest> digest_member(const Json& object, std::string_view name) {
  VEDETTE_TRY(const std::string text, as_statement(object.string(name)));
  const auto digest = parse_digest(text);
  if (!digest) return out_of_range("digest", text.substr(0, 80));
  return *digest;
}

Result<std::uint64_t> count_member(const Json& object, std::string_view name) {
  VEDETTE_TRY(const std::int64_t value, as_statement(object.integer(name)));
  if (value < 1) return out_of_range(name, std::to_string(value));
  return static_cast<std::uint64_t>(value);
}

Result<void> read_file_member(const Json& predicate, ReleaseStatement& statement) {
  VEDETTE_TRY(const Json* file, as_statement(predicate.object("file")));
  VEDETTE_CHECK(as_statement(file->only({"name", "sha256", "size"})));
  VEDETTE_TRY(statement.file_name, as_statement(file->string("name")));
  VEDETTE_TRY(statement.file_sha256, digest_member(*file, "sha256"));
  VEDETTE_TRY(statement.file_size, count_member(*file, "size"));
  return {};
}

Result<ReleaseStatement> read_release_statement(const InTotoStatement& frame) {
  const Json& predicate = frame.predicate;
  VEDETTE_CHECK(as_statement(predicate.only(
      {"model", "release", "tier", "file", "issued_at", "contract_sha256", "never_below"})));
  VEDETTE_TRY(const std::string name, as_statement(predicate.string("model")));
  if (name != frame.model) return out_of_range("subject", "it is not about " + name.substr(0, 80));
  VEDETTE_TRY(ModelName model, as_statement(ModelName::parse(name)));
  ReleaseStatement statement{.model = std::move(model), .model_root = frame.model_root};
  VEDETTE_TRY(statement.number, count_member(predicate, "release"));
  VEDETTE_TRY(const std::string tier, as_statement(predicate.string("tier")));
  VEDETTE_TRY(statement.tier, as_statement(parse_tier(tier)));
  VEDETTE_TRY(const std::string time, as_statement(predicate.string("issued_at")));
  VEDETTE_TRY(statement.issued_at, as_statement(from_rfc3339(time)));
  VEDETTE_CHECK(read_file_member(predicate, statement));
  if (predicate.find("contract_sha256") != nullptr) {
    VEDETTE_TRY(statement.contract_sha256, digest_member(predicate, "contract_sha256"));
  }
  if (predicate.find("never_below") != nullptr) {
    VEDETTE_TRY(statement.never_below, count_member(predicate, "never_below"));
  }
  VEDETTE_CHECK(check_ranges(statement));
  return statement;
}

Result<void> check_one_model_file(const Manifest& manifest, const std::string& file_name) {
  const auto count = std::ranges::count_if(manifest.resources, [&](const Resource& resource) {
    return is_model_file(resource.name == kSingleFileResource ? manifest.model_name
                                                              : resource.name);
  });
  if (count != 1 || !is_model_file(file_name))
    return refuse("REL-ONNX", "a release needs a model with exactly one .onnx or .ort file",
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
  return check_one_model_file(manifest, statement.file_name);
}

std::unexpected<Error> foreign_contract(std::string cause) {
  return refuse("REL-CONTRACT", "this runtime contract does not belong to the release",
                std::move(cause));
}

// Neither may a contract be dropped on the way, nor one be added.
Result<void> check_contract_presence(const ReleaseStatement& statement, bool present) {
  if (statement.contract_sha256.has_value() == present) return {};
  if (present) return foreign_contract("the release statement names none");
  return refuse("REL-CONTRACT", "the release's runtime contract is missing",
                to_hex(*statement.contract_sha256));
}

Result<void> check_contract(const SignedRelease& release, const SignedContract& contract) {
  if (contract.contract_sha256 != release.contract_sha256)
    return foreign_contract("the release statement names another: " +
                            to_hex(*release.contract_sha256));
  if (contract.model_root != release.model_root || contract.model != release.model)
    return foreign_contract("it is about another model: " + contract.model.str() + ", " +
                            to_hex(contract.model_root));
  if (contract.publisher_sha256 != release.publisher_sha256)
    return foreign_contract("another key signed it than the release statement");
  return {};
}

// A file that is not scanned before the runtime reads it is never taken for one that is.
Result<void> check_format(const SignedRelease& release) {
  const bool allowed = release.contract && (**release.contract).format == ModelFormat::ort;
  if (is_ort_file(release.file_name) == allowed) return {};
  return refuse("REL-CONTRACT", "the release's file is not of the format that its contract names",
                release.file_name, "an .ort file needs a contract with format = \"ort\"");
}

}  // namespace

Result<std::string> sign_release_statement(const ReleaseStatement& statement,
                                           const crypto::PrivateKey& key) {
  VEDETTE_CHECK(check_ranges(statement));
  const Json::Object file{{"name", statement.file_name},
                          {"sha256", to_hex(statement.file_sha256)},
                          {"size", statement.file_size}};
  Json predicate(Json::Object{{"model", statement.model.str()},
                              {"release", statement.number},
                              {"tier", to_string(statement.tier)},
                              {"file", file},
                              {"issued_at", to_rfc3339(statement.issued_at)}});
  if (statement.contract_sha256)
    predicate.set("contract_sha256", to_hex(*statement.contract_sha256));
  if (statement.never_below) predicate.set("never_below", *statement.never_below);
  VEDETTE_TRY(SignedInToto made, sign_in_toto({.model = statement.model.str(),
                                               .model_root = statement.model_root,
                                               .predicate = std::move(predicate)},
                                              kKind, key));
  return std::move(made.envelope);
}

Result<VerifiedRelease> verify_release(std::string_view bundle, std::string_view statement,
                                       std::span<const PublicKey> publishers,
                                       std::optional<std::string_view> contract) {
  VEDETTE_TRY(const VerifiedManifest model, verify_bundle(bundle, publishers));
  VEDETTE_TRY(const VerifiedInToto proven, verify_in_toto(statement, kKind, publishers));
  VEDETTE_TRY(ReleaseStatement terms, read_release_statement(proven.statement));
  VEDETTE_CHECK(check_agreement(model->manifest, terms));
  SignedRelease release{std::move(terms)};
  release.publisher_sha256 = proven.signer.spki_sha256();
  release.statement_sha256 = proven.payload_sha256;
  VEDETTE_CHECK(check_contract_presence(release, contract.has_value()));
  if (contract) {
    VEDETTE_TRY(release.contract, verify_runtime_contract(*contract, publishers));
    VEDETTE_CHECK(check_contract(release, **release.contract));
  }
  VEDETTE_CHECK(check_format(release));
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
