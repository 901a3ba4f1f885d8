#include "release/release_approval.h"

#include "codec/json.h"
#include "release/digest_text.h"
#include "release/in_toto.h"

namespace vedette::release {

namespace {

using codec::Json;

constexpr InTotoKind kKind{
    .predicate_type = kApprovalPredicateType,
    .code = "REL-APPROVAL",
    .noun = "release approval",
    .limits = {.max_bytes = kMaxApprovalBytes, .max_depth = 8, .max_values = 30}};

std::unexpected<Error> no_approval(std::string cause) {
  return refuse("REL-APPROVAL", "this does not approve the release", std::move(cause),
                "another publisher approves it: 'vedette release approve'");
}

// A second signature by the same key says nothing that the first one did not.
Result<void> check_second(const VerifiedRelease& release, const crypto::PublicKey& key) {
  if (key.spki_sha256() != release->publisher_sha256) return {};
  return no_approval("the key that signed the release approves it");
}

template <class T>
Result<T> as_approval(Result<T> result) {
  if (!result) return no_approval(describe(result.error()));
  return result;
}

}  // namespace

Result<std::string> sign_release_approval(const VerifiedRelease& release,
                                          const crypto::PrivateKey& key) {
  VEDETTE_CHECK(check_second(release, key.public_key()));
  Json predicate(Json::Object{{"release", release->number},
                              {"statement_sha256", to_hex(release->statement_sha256)}});
  VEDETTE_TRY(SignedInToto made, sign_in_toto({.model = release->model.str(),
                                               .model_root = release->model_root,
                                               .predicate = std::move(predicate)},
                                              kKind, key));
  return std::move(made.envelope);
}

Result<crypto::Sha256Digest> verify_release_approval(
    std::string_view envelope, const VerifiedRelease& release,
    std::span<const crypto::PublicKey> publishers) {
  VEDETTE_TRY(const VerifiedInToto proven, verify_in_toto(envelope, kKind, publishers));
  VEDETTE_CHECK(check_second(release, proven.signer));
  const Json& predicate = proven.statement.predicate;
  VEDETTE_CHECK(as_approval(predicate.only({"release", "statement_sha256"})));
  VEDETTE_TRY(const std::int64_t number, as_approval(predicate.integer("release")));
  VEDETTE_TRY(const std::string digest, as_approval(predicate.string("statement_sha256")));
  if (proven.statement.model != release->model.str() ||
      proven.statement.model_root != release->model_root ||
      static_cast<std::uint64_t>(number) != release->number ||
      parse_digest(digest) != release->statement_sha256)
    return no_approval("it is about another: " + proven.statement.model.substr(0, 80) +
                       " release " + std::to_string(number));
  return proven.signer.spki_sha256();
}

}  // namespace vedette::release
