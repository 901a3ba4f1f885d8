#include "agent/attestation.h"

#include <utility>

#include "attestation/quote.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

using codec::Json;

constexpr std::int64_t kHighestRegister = 23;

struct Challenge {
  std::string nonce_text;
  Bytes nonce;
  codec::TpmPcrSelection selection;
};

Result<Challenge> read_challenge(const Json& answer) {
  Challenge challenge;
  VEDETTE_TRY(challenge.nonce_text, answer.string("nonce"));
  VEDETTE_TRY(challenge.nonce, codec::from_base64(challenge.nonce_text));
  VEDETTE_TRY(const Json* registers, answer.array("registers"));
  for (const Json& element : *registers->if_array()) {
    const std::int64_t* number = element.if_integer();
    if (number == nullptr || *number < 0 || *number > kHighestRegister)
      return refuse("HTTP-ANSWER", "the server asked for a register that does not exist");
    challenge.selection.registers.push_back(static_cast<std::uint8_t>(*number));
  }
  return challenge;
}

Json evidence_body(const Challenge& challenge, const platform::TpmQuote& quote) {
  Json::Array values;
  for (const Bytes& value : quote.pcr_values)
    values.emplace_back(to_hex(value));
  Json body;
  body.set("nonce", challenge.nonce_text);
  body.set("attest", codec::to_base64(quote.attest));
  body.set("signature", codec::to_base64(quote.signature));
  body.set("values", std::move(values));
  return body;
}

Result<Verdict> read_verdict(const Json& answer, const DeviceId& device, TimePoint now) {
  Verdict verdict{
      .device = device, .ear = {}, .expires_at = {}, .attest_again_at = {}, .epoch = {}};
  VEDETTE_TRY(verdict.ear, answer.string("ear"));
  VEDETTE_TRY(const std::int64_t lifetime, answer.integer("expires_in"));
  VEDETTE_TRY(const std::int64_t again, answer.integer("attest_again_in"));
  VEDETTE_TRY(const std::int64_t epoch, answer.integer("epoch"));
  verdict.expires_at = now + std::chrono::seconds{lifetime};
  verdict.attest_again_at = now + std::chrono::seconds{again};
  verdict.epoch = Epoch{static_cast<std::uint64_t>(epoch)};
  return verdict;
}

}  // namespace

Result<Verdict> attest(platform::HttpClient& client, platform::Tpm& tpm,
                       const Credentials& credentials, const Clock& clock) {
  // The lifetime counts from before the question: the device never trusts itself longer than the
  // server.
  const TimePoint asked_at = clock.now();
  VEDETTE_TRY(const auto asked, client.send(platform::json_request(
                                    "POST", "/v1/attestation/challenge", Json::Object{})));
  VEDETTE_TRY(const Json question, platform::read_json_answer(asked));
  VEDETTE_TRY(const Challenge challenge, read_challenge(question));
  const auto binding =
      attestation::quote_binding(challenge.nonce, credentials.leaf().fingerprint());
  VEDETTE_TRY(const platform::TpmQuote quote, tpm.quote(challenge.selection, binding));
  VEDETTE_TRY(const auto response,
              client.send(platform::json_request("POST", "/v1/attestation/evidence",
                                                 evidence_body(challenge, quote))));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  return read_verdict(answer, credentials.device, asked_at);
}

}  // namespace vedette::agent
