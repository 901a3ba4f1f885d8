// The one exchange of a device that is on record (draft-ietf-lamps-csr-attestation).
#include "identity/attested_enrollment.h"

#include <utility>

#include "agent/enrollment.h"
#include "attestation/conceptual_message.h"
#include "attestation/quote.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/attestation_bundle.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

using codec::Json;
using crypto::AttestationStatement;
using platform::HttpClient;

constexpr std::int64_t kHighestRegister = 23;

struct Question {
  Bytes nonce;
  codec::TpmPcrSelection selection;
};

Result<Question> read_question(const Json& answer) {
  Question question;
  VEDETTE_TRY(const std::string nonce, answer.string("nonce"));
  VEDETTE_TRY(question.nonce, codec::from_base64url(nonce));
  VEDETTE_TRY(const Json* information, answer.object("respInfo"));
  VEDETTE_TRY(const std::string name, information->string("bank"));
  const auto bank = crypto::bank_named(name);
  if (!bank) return refuse("AGT-PCR-BANK", "the server asks for a bank that proves nothing", name);
  question.selection.bank = *bank;
  VEDETTE_TRY(const Json* registers, information->array("registers"));
  for (const Json& element : *registers->if_array()) {
    const std::int64_t* number = element.if_integer();
    if (number == nullptr || *number < 0 || *number > kHighestRegister)
      return refuse("HTTP-ANSWER", "the server asked for a register that does not exist");
    question.selection.registers.push_back(static_cast<std::uint8_t>(*number));
  }
  return question;
}

// TPM2_Certify of the key, and a quote: both of this moment, this connection and this key.
Result<Bytes> bundle_for(platform::Tpm& tpm, const Question& question, ByteView channel,
                         const crypto::Sha256Digest& key_sha256) {
  VEDETTE_TRY(const Bytes device_key, tpm.device_key());
  VEDETTE_TRY(const auto key, codec::parse_tpm2b_public(device_key));
  VEDETTE_TRY(const auto certified, tpm.certify_device_key(identity::attested_binding(
                                        question.nonce, channel, key_sha256)));
  VEDETTE_TRY(const auto quote,
              tpm.quote(question.selection,
                        attestation::quote_binding(question.nonce, key_sha256, channel)));
  const Json evidence = attestation::to_json(
      attestation::QuoteEvidence{question.nonce, quote.attest, quote.signature, quote.pcr_values});
  return crypto::make_attestation_bundle(std::array{
      AttestationStatement{
          std::string(crypto::kTpmCertifyStatement),
          crypto::make_tpm_certify({certified.attest, certified.signature, key.encoded})},
      AttestationStatement{std::string(crypto::kConceptualMessage),
                           crypto::make_json_message(attestation::wrap_evidence(evidence))}});
}

}  // namespace

Result<std::vector<crypto::Certificate>> enroll_attested(HttpClient& client, platform::Tpm& tpm,
                                                         const crypto::PrivateKey& key,
                                                         const crypto::Certificate& former,
                                                         std::optional<Duration>* wait) {
  const auto names = former.uri_names();
  if (names.size() != 1)
    return refuse("AGT-CERTIFICATE-KEY", "the former certificate does not name one device");
  VEDETTE_TRY(const auto id, identity::SpiffeId::parse(names.front()));
  VEDETTE_TRY(const auto response, client.send(platform::get_request("/.well-known/est/nonce")));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  VEDETTE_TRY(const Question question, read_question(answer));
  VEDETTE_TRY(const Bytes channel, client.channel_binding());
  VEDETTE_TRY(const Bytes bundle,
              bundle_for(tpm, question, channel, key.public_key().spki_sha256()));
  VEDETTE_TRY(const Bytes request,
              crypto::make_attested_request(key, id.name(), names.front(), bundle));
  return post_request(client, "/.well-known/est/simpleenroll", request, std::nullopt, wait);
}

}  // namespace vedette::agent
