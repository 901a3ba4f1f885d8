#include "agent/attestation.h"

#include <optional>
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
  Bytes nonce;
  codec::TpmPcrSelection selection;
  std::optional<LogWish> logs;  // none: the server takes no logs
};

Result<std::optional<LogWish>> read_wish(const Json& answer) {
  if (answer.find("logs") == nullptr) return std::nullopt;
  VEDETTE_TRY(const Json* logs, answer.object("logs"));
  VEDETTE_TRY(const LogWish wish, attestation::parse_log_wish(*logs));
  return wish;
}

Result<void> check_runtime_register(const Json& answer, std::uint8_t ours) {
  if (answer.find("runtime_register") == nullptr) return {};
  VEDETTE_TRY(const std::int64_t expected, answer.integer("runtime_register"));
  if (expected == ours) return {};
  return refuse(
      "AGT-RUNTIME-REGISTER", "the server expects the agent's measurements in another register",
      "it asks for " + std::to_string(expected) + ", the agent extends " + std::to_string(ours),
      "set 'attestation.runtime_register' to the same on both, and restart the device");
}

Result<codec::TpmAlgorithm> read_bank(const Json& answer) {
  VEDETTE_TRY(const std::string name, answer.string("bank"));
  if (const auto bank = crypto::bank_named(name)) return *bank;
  return refuse("AGT-PCR-BANK", "the server asks for a bank that nothing is proven by", name,
                "set 'attestation.bank' of the server to sha256 or sha384");
}

Result<Challenge> read_challenge(const Json& answer) {
  Challenge challenge;
  VEDETTE_TRY(const std::string nonce, answer.string("nonce"));
  VEDETTE_TRY(challenge.nonce, codec::from_base64(nonce));
  VEDETTE_TRY(challenge.selection.bank, read_bank(answer));
  VEDETTE_TRY(const Json* registers, answer.array("registers"));
  for (const Json& element : *registers->if_array()) {
    const std::int64_t* number = element.if_integer();
    if (number == nullptr || *number < 0 || *number > kHighestRegister)
      return refuse("HTTP-ANSWER", "the server asked for a register that does not exist");
    challenge.selection.registers.push_back(static_cast<std::uint8_t>(*number));
  }
  VEDETTE_TRY(challenge.logs, read_wish(answer));
  return challenge;
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

Result<Bytes> binding_of(platform::HttpClient& client, const Challenge& challenge,
                         const Credentials& credentials) {
  VEDETTE_TRY(const Bytes channel, client.channel_binding());
  if (channel.size() != attestation::kChannelBindingOctets)
    return refuse("NET-TLS", "the connection has nothing to bind a quote to",
                  std::to_string(channel.size()) + " octets instead of 32");
  return to_bytes(ByteView(
      attestation::quote_binding(challenge.nonce, credentials.leaf().fingerprint(), channel)));
}

Result<Verdict> attest_once(platform::HttpClient& client, platform::Tpm& tpm,
                            const Credentials& credentials, const Clock& clock,
                            const EvidenceSource& logs, bool everything) {
  // The lifetime counts from before the question: the device never trusts itself longer than the
  // server.
  const TimePoint asked_at = clock.now();
  VEDETTE_TRY(const auto asked, client.send(platform::json_request(
                                    "POST", "/v1/attestation/challenge", Json::Object{})));
  VEDETTE_TRY(const Json question, platform::read_json_answer(asked));
  VEDETTE_CHECK(check_runtime_register(question, logs.runtime_register));
  VEDETTE_TRY(const Challenge challenge, read_challenge(question));
  VEDETTE_TRY(const Bytes binding, binding_of(client, challenge, credentials));
  VEDETTE_TRY(const platform::TpmQuote quote, tpm.quote(challenge.selection, binding));
  Json body = attestation::to_json(
      attestation::QuoteEvidence{challenge.nonce, quote.attest, quote.signature, quote.pcr_values});
  if (challenge.logs) {
    VEDETTE_TRY(const DeviceLogs read, logs.read(everything ? LogWish{} : *challenge.logs));
    attestation::set_device_logs(body, read);
  }
  VEDETTE_TRY(const auto response,
              client.send(platform::json_request("POST", "/v1/attestation/evidence", body)));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  return read_verdict(answer, credentials.device, asked_at);
}

}  // namespace

Result<Verdict> attest(platform::HttpClient& client, platform::Tpm& tpm,
                       const Credentials& credentials, const Clock& clock,
                       const EvidenceSource& logs) {
  bool everything = logs.everything;
  bool wanted_before = false;
  bool nonce_before = false;
  for (;;) {
    auto verdict = attest_once(client, tpm, credentials, clock, logs, everything);
    if (verdict) return verdict;
    const std::string& code = verdict.error().code;
    if (code == "ATT-LOGS-WANTED" && !std::exchange(wanted_before, true))
      everything = true;
    else if (code != "ATT-NONCE" || std::exchange(nonce_before, true))
      return verdict;
  }
}

}  // namespace vedette::agent
