#include "release/in_toto.h"

#include "release/digest_text.h"
#include "release/dsse.h"

namespace vedette::release {
namespace {

using codec::Json;

constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";

// Reads the statement's frame; each refusal carries the kind's code.
class FrameReader {
 public:
  explicit FrameReader(const InTotoKind& kind) : kind_(kind) {}

  [[nodiscard]] Result<InTotoStatement> read(std::string_view text) const {
    VEDETTE_TRY(const Json json, codec::parse_json(text, kind_.limits));
    VEDETTE_CHECK(mine(json.only({"_type", "subject", "predicateType", "predicate"})));
    VEDETTE_CHECK(check_types(json));
    InTotoStatement statement;
    VEDETTE_CHECK(read_subject(json, statement));
    VEDETTE_TRY(const Json* predicate, mine(json.object("predicate")));
    statement.predicate = *predicate;
    return statement;
  }

 private:
  template <class T>
  [[nodiscard]] Result<T> mine(Result<T> result) const {
    if (!result) return no(describe(result.error()));
    return result;
  }

  [[nodiscard]] std::unexpected<Error> no(std::string cause) const {
    return refuse(kind_.code, "this is not a " + std::string(kind_.noun), std::move(cause));
  }

  [[nodiscard]] Result<void> check_types(const Json& json) const {
    VEDETTE_TRY(const std::string type, mine(json.string("_type")));
    VEDETTE_TRY(const std::string predicate, mine(json.string("predicateType")));
    if (type == kStatementType && predicate == kind_.predicate_type) return {};
    return no("of type " + type.substr(0, 80) + ", " + predicate.substr(0, 80));
  }

  [[nodiscard]] Result<void> read_subject(const Json& json, InTotoStatement& statement) const {
    VEDETTE_TRY(const Json* subjects, mine(json.array("subject")));
    if (subjects->if_array()->size() != 1) return no("not exactly one subject");
    const Json& subject = subjects->if_array()->front();
    VEDETTE_CHECK(mine(subject.only({"name", "digest"})));
    VEDETTE_TRY(statement.model, mine(subject.string("name")));
    VEDETTE_TRY(const Json* digest, mine(subject.object("digest")));
    VEDETTE_CHECK(mine(digest->only({"sha256"})));
    VEDETTE_TRY(const std::string text, mine(digest->string("sha256")));
    const auto root = parse_digest(text);
    if (!root) return no("not a digest: " + text.substr(0, 80));
    statement.model_root = *root;
    return {};
  }

  const InTotoKind& kind_;
};

}  // namespace

Result<SignedInToto> sign_in_toto(const InTotoStatement& statement, const InTotoKind& kind,
                                  const crypto::PrivateKey& key) {
  const Json::Object digest{{"sha256", to_hex(statement.model_root)}};
  const Json::Array subject{Json::Object{{"name", statement.model}, {"digest", digest}}};
  const std::string payload = codec::to_json(Json::Object{{"_type", kStatementType},
                                                          {"subject", subject},
                                                          {"predicateType", kind.predicate_type},
                                                          {"predicate", statement.predicate}});
  VEDETTE_TRY(const Json envelope,
              sign_dsse(kInTotoPayloadType, as_bytes(payload), key, key_hint(key.public_key())));
  return SignedInToto{.envelope = codec::to_json(envelope),
                      .payload_sha256 = crypto::sha256(as_bytes(payload))};
}

Result<VerifiedInToto> verify_in_toto(std::string_view envelope, const InTotoKind& kind,
                                      std::span<const crypto::PublicKey> publishers) {
  VEDETTE_TRY(const Json json, codec::parse_json(envelope, kind.limits));
  VEDETTE_TRY(DssePayload payload, verify_dsse(json, kInTotoPayloadType, publishers));
  VEDETTE_TRY(InTotoStatement statement, FrameReader(kind).read(as_text(payload.payload)));
  return VerifiedInToto{.statement = std::move(statement),
                        .payload_sha256 = crypto::sha256(payload.payload),
                        .signer = std::move(payload.signer)};
}

}  // namespace vedette::release
