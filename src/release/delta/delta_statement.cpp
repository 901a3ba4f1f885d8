#include "release/delta/delta_statement.h"

#include "release/digest_text.h"
#include "release/in_toto.h"

namespace vedette::release {
namespace {

using codec::Json;

constexpr std::uint64_t kMaxSize = (std::uint64_t{1} << 53U) - 1;  // exact in every JSON reader
constexpr InTotoKind kKind{
    .predicate_type = kDeltaPredicateType,
    .code = "DELTA-STATEMENT",
    .noun = "delta statement",
    .limits = {.max_bytes = kMaxDeltaStatementBytes, .max_depth = 8, .max_values = 60}};

std::unexpected<Error> not_a_statement(std::string cause) {
  return refuse("DELTA-STATEMENT", "this is not a delta statement", std::move(cause));
}

template <class T>
Result<T> as_statement(Result<T> result) {
  if (!result) return not_a_statement(describe(result.error()));
  return result;
}

Result<void> check_size(std::uint64_t size) {
  if (size >= 1 && size <= kMaxSize) return {};
  return not_a_statement("a file of " + std::to_string(size) + " bytes");
}

Json json_of(const FileIdentity& file) {
  return Json::Object{{"sha256", to_hex(file.sha256)}, {"size", file.size}};
}

Result<FileIdentity> read_file_identity(const Json& predicate, std::string_view name) {
  VEDETTE_TRY(const Json* object, as_statement(predicate.object(name)));
  VEDETTE_CHECK(as_statement(object->only({"sha256", "size"})));
  VEDETTE_TRY(const std::string text, as_statement(object->string("sha256")));
  VEDETTE_TRY(const std::int64_t size, as_statement(object->integer("size")));
  const auto digest = parse_digest(text);
  if (!digest) return not_a_statement("not a digest: " + text.substr(0, 80));
  if (size < 1) return not_a_statement("a file of " + std::to_string(size) + " bytes");
  VEDETTE_CHECK(check_size(static_cast<std::uint64_t>(size)));
  return FileIdentity{.sha256 = *digest, .size = static_cast<std::uint64_t>(size)};
}

}  // namespace

Result<std::string> sign_delta_statement(const DeltaStatement& statement,
                                         const crypto::PrivateKey& key) {
  for (const FileIdentity* file : {&statement.base, &statement.target, &statement.delta})
    VEDETTE_CHECK(check_size(file->size));
  Json predicate(Json::Object{{"base", json_of(statement.base)},
                              {"target", json_of(statement.target)},
                              {"delta", json_of(statement.delta)}});
  VEDETTE_TRY(SignedInToto made, sign_in_toto({.model = statement.model,
                                               .model_root = statement.target.sha256,
                                               .predicate = std::move(predicate)},
                                              kKind, key));
  return std::move(made.envelope);
}

Result<VerifiedDelta> verify_delta_statement(std::string_view envelope,
                                             std::span<const crypto::PublicKey> publishers) {
  VEDETTE_TRY(const VerifiedInToto proven, verify_in_toto(envelope, kKind, publishers));
  const Json& predicate = proven.statement.predicate;
  VEDETTE_CHECK(as_statement(predicate.only({"base", "target", "delta"})));
  SignedDelta delta;
  delta.model = proven.statement.model;
  VEDETTE_TRY(delta.base, read_file_identity(predicate, "base"));
  VEDETTE_TRY(delta.target, read_file_identity(predicate, "target"));
  VEDETTE_TRY(delta.delta, read_file_identity(predicate, "delta"));
  if (delta.target.sha256 != proven.statement.model_root)
    return not_a_statement("its subject is another file than its target");
  return VerifiedDelta(SignedDelta::VerificationKey(), std::move(delta));
}

Result<void> check_delta(const VerifiedDelta& statement, const ByteSource& delta) {
  const FileIdentity& wanted = statement->delta;
  const auto other = [&](const std::string& found) {
    return refuse("DELTA-DIGEST", "this is not the delta that was signed",
                  "signed " + to_hex(wanted.sha256) + ", " + std::to_string(wanted.size) +
                      " bytes; found " + found);
  };
  if (delta.size() != wanted.size) return other(std::to_string(delta.size()) + " bytes");
  VEDETTE_TRY(const crypto::Sha256Digest found, sha256_of(delta));
  return found == wanted.sha256 ? Result<void>{} : other(to_hex(found));
}

}  // namespace vedette::release
