#include "agent/enrollment.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "codec/base64.h"
#include "codec/json.h"
#include "identity/enrollment.h"
#include "platform/keys/tpm_keys.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

using codec::Json;
using platform::HttpClient;
using platform::HttpRequest;

Json signed_json(const Bytes& attest, const Bytes& signature) {
  Json json;
  json.set("attest", codec::to_base64(attest));
  return json.set("signature", codec::to_base64(signature));
}

Result<void> certify(platform::Tpm& tpm, const crypto::PrivateKey& key, const Bytes& channel,
                     Json& body) {
  VEDETTE_TRY(const Bytes device_key, tpm.device_key());
  const auto binding = identity::enrollment_binding(channel, key.public_key().spki_sha256());
  VEDETTE_TRY(const auto certification, tpm.certify_device_key(binding));
  body.set("device_key", codec::to_base64(device_key));
  body.set("certification", signed_json(certification.attest, certification.signature));
  return {};
}

// Of one register, in a bank that the TPM keeps: a quote has to be of something. What this boot has
// measured is told by the attestation that follows.
Result<codec::TpmPcrSelection> first_register(platform::Tpm& tpm) {
  VEDETTE_TRY(const auto banks, tpm.read_register(0));
  if (banks.empty()) return refuse("TPM-PCR-BANK", "the TPM keeps no bank that quotes are of");
  return codec::TpmPcrSelection{.bank = banks.front().bank(), .registers = {0}};
}

Result<void> quote_over(platform::Tpm& tpm, const DeviceKey& device, const Bytes& channel,
                        Json& body) {
  const crypto::PublicKey public_key = device.key.public_key();
  VEDETTE_TRY(const auto selection, first_register(tpm));
  const auto binding = identity::outside_key_binding(channel, public_key.spki_sha256());
  VEDETTE_TRY(const auto quote, tpm.quote(selection, binding));
  Json key;
  key.set("kind", identity::to_string(device.kind));
  key.set("public_key", codec::to_base64(public_key.spki_der()));
  body.set("device_key", std::move(key));
  body.set("quote", signed_json(quote.attest, quote.signature));
  return {};
}

Result<Json> enrollment_body(HttpClient& client, platform::Tpm& tpm, const DeviceKey& key,
                             const std::optional<std::string>& token) {
  VEDETTE_TRY(const Bytes endorsement_key, tpm.endorsement_key());
  VEDETTE_TRY(const auto endorsement_certificate, tpm.endorsement_certificate());
  VEDETTE_TRY(const Bytes attestation_key, tpm.attestation_key());
  VEDETTE_TRY(const Bytes channel, client.channel_binding());

  Json body;
  body.set("endorsement_key", codec::to_base64(endorsement_key));
  if (endorsement_certificate)
    body.set("endorsement_certificate", codec::to_base64(*endorsement_certificate));
  body.set("attestation_key", codec::to_base64(attestation_key));
  VEDETTE_CHECK(key.kind == identity::KeyKind::tpm ? certify(tpm, key.key, channel, body)
                                                   : quote_over(tpm, key, channel, body));
  if (token) body.set("token", *token);
  return body;
}

Result<Bytes> member_bytes(const Json& answer, std::string_view name) {
  VEDETTE_TRY(const std::string text, answer.string(name));
  return codec::from_base64(text);
}

// RFC 7030, 3.2.3: the enrolment's id as user name, what only the right TPM could open as password.
Result<std::string> basic_authorization(platform::Tpm& tpm, const Json& answer) {
  VEDETTE_TRY(const std::string id, answer.string("enrollment"));
  VEDETTE_TRY(const Bytes blob, member_bytes(answer, "credential_blob"));
  VEDETTE_TRY(const Bytes encrypted, member_bytes(answer, "encrypted_secret"));
  VEDETTE_TRY(const SecretBytes secret, tpm.activate_credential(blob, encrypted));
  return "Basic " + codec::to_base64(as_bytes(id + ":" + codec::to_base64url(secret.expose())));
}

void note_wait(const platform::HttpResponse& response, std::optional<Duration>* wait) {
  if (wait != nullptr) *wait = retry_after(response);
}

}  // namespace

std::optional<Duration> retry_after(const platform::HttpResponse& response) {
  constexpr unsigned kMost = 3'600;
  const auto found = std::ranges::find(response.headers, "retry-after",
                                       [](const auto& header) { return header.first; });
  if (found == response.headers.end()) return std::nullopt;
  const std::string& text = found->second;
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kMost));
}

Result<std::vector<crypto::Certificate>> post_request(
    HttpClient& client, std::string target, const Bytes& request_der,
    const std::optional<std::string>& authorization, std::optional<Duration>* wait) {
  HttpRequest request{.method = "POST",
                      .target = std::move(target),
                      .headers = {{"content-type", "application/pkcs10"}},
                      .body = to_bytes(codec::to_base64(request_der))};
  if (authorization) request.headers.emplace_back("authorization", *authorization);
  VEDETTE_TRY(auto response, client.send(request));
  note_wait(response, wait);
  VEDETTE_TRY(response, platform::expect_success(std::move(response)));
  VEDETTE_TRY(const Bytes der, codec::from_base64_lines(as_text(response.body)));
  return crypto::parse_certs_only(der);
}

Result<crypto::PrivateKey> device_private_key(platform::Tpm& tpm) {
  return platform::tpm_private_key(tpm);
}

Result<std::vector<crypto::Certificate>> enroll(HttpClient& client, platform::Tpm& tpm,
                                                const DeviceKey& key, std::optional<Duration>* wait,
                                                const std::optional<std::string>& token) {
  VEDETTE_TRY(const Json body, enrollment_body(client, tpm, key, token));
  VEDETTE_TRY(const auto response,
              client.send(platform::json_request("POST", "/v1/enrollments", body)));
  note_wait(response, wait);
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  VEDETTE_TRY(const std::string authorization, basic_authorization(tpm, answer));
  VEDETTE_TRY(const std::string device, answer.string("device"));
  VEDETTE_TRY(const std::string uri, answer.string("spiffe_id"));
  VEDETTE_TRY(const Bytes request, crypto::make_certificate_request(key.key, device, uri));
  return post_request(client, "/.well-known/est/simpleenroll", request, authorization, wait);
}

Result<std::vector<crypto::Certificate>> renew(HttpClient& client, const Credentials& credentials,
                                               std::optional<Duration>* wait) {
  const auto names = credentials.leaf().uri_names();
  if (names.size() != 1)
    return refuse("AGT-CERTIFICATE-KEY", "the present certificate does not name one device");
  VEDETTE_TRY(const Bytes request, crypto::make_certificate_request(
                                       credentials.key, credentials.device.str(), names.front()));
  return post_request(client, "/.well-known/est/simplereenroll", request, std::nullopt, wait);
}

}  // namespace vedette::agent
