#include "agent/server_time.h"

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "identity/signed_time.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

constexpr std::size_t kNonceOctets = 32;

}  // namespace

Result<ToldTime> ask_time(platform::HttpClient& client, const BootTime& boot,
                          const TrustAnchors& trust, TimePoint passed,
                          const identity::TrustDomain& trust_domain) {
  // The connection is opened before: what that takes makes no time uncertain.
  VEDETTE_TRY([[maybe_unused]] const Bytes binding, client.channel_binding());
  Bytes nonce = crypto::random_bytes(kNonceOctets);
  const Duration asked = boot.now();
  VEDETTE_TRY(const auto response,
              client.send(platform::get_request("/v1/time?nonce=" + codec::to_base64url(nonce))));
  const Duration took = boot.now() - asked;
  if (took > kLongestTimeExchange || took < Duration::zero())
    return refuse("TIME-SLOW", "the server took too long to tell the time",
                  std::to_string(took.count()) + " ms");
  VEDETTE_TRY(const codec::Json answer, platform::read_json_answer(response));
  VEDETTE_TRY(const std::string jws, answer.string("time"));
  VEDETTE_TRY(const std::string pem, answer.string("signer"));
  VEDETTE_TRY(const auto chain, crypto::Certificate::all_from_pem(pem));
  if (chain.empty()) return refuse("TIME-SIGNER", "the server's time came without a certificate");
  const auto roots = trust.roots_at(passed);
  VEDETTE_TRY(const TimePoint time,
              identity::verify_signed_time(
                  jws, chain.front(), trust.issuers_among(std::span(chain).subspan(1), passed),
                  {.roots = roots, .trust_domain = trust_domain, .nonce = std::move(nonce)}));
  return ToldTime{time, took};
}

}  // namespace vedette::agent
