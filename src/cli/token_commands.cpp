#include <memory>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "cli/command_line.h"
#include "crypto/certificate.h"
#include "crypto/jwk_set.h"
#include "identity/access_token.h"

namespace vedette::cli {

namespace {

constexpr std::size_t kMaxFile = 64U << 10U;

struct VerifyOptions {
  std::string token;
  std::string keys;
  std::string certificate;
  std::string trust_domain;
  std::string audience;
  std::string at;
};

// As editors and `echo` leave it.
std::string without_newline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

Result<std::string> read_text(const std::string& path) {
  VEDETTE_TRY(const Bytes content, read_file(path, kMaxFile));
  return std::string(as_text(content));
}

Result<TimePoint> time_of(const VerifyOptions& options, const Clock& clock) {
  if (options.at.empty()) return clock.now();
  return from_rfc3339(options.at);
}

Result<identity::AccessTokenExpectation> expectation(const VerifyOptions& options,
                                                     const Clock& clock) {
  VEDETTE_TRY(auto domain, identity::TrustDomain::parse(options.trust_domain));
  VEDETTE_TRY(const std::string pem, read_text(options.certificate));
  VEDETTE_TRY(const auto certificate, crypto::Certificate::from_pem(pem));
  VEDETTE_TRY(const TimePoint now, time_of(options, clock));
  return identity::AccessTokenExpectation{.trust_domain = std::move(domain),
                                          .audience = options.audience,
                                          .certificate = certificate.fingerprint(),
                                          .now = now};
}

codec::Json json_of(const identity::VerifiedAccessToken& token) {
  codec::Json json;
  json.set("subject", token.subject().str()).set("group", token.group().str());
  json.set("epoch", token.epoch().value).set("id", token.id());
  json.set("attested_at", to_rfc3339(token.attested_at()));
  json.set("expires_at", to_rfc3339(token.expires_at()));
  return json;
}

Result<void> verify(Environment& environment, const VerifyOptions& options) {
  VEDETTE_TRY(const auto expected, expectation(options, environment.clock));
  VEDETTE_TRY(const std::string set, read_text(options.keys));
  VEDETTE_TRY(const auto keys, crypto::parse_jwk_set(set));
  VEDETTE_TRY(const std::string token, read_text(options.token));
  VEDETTE_TRY(const auto verified,
              identity::verify_access_token(without_newline(token), keys, expected));
  environment.output->result(json_of(verified), verified.subject().str() + " was attested at " +
                                                    to_rfc3339(verified.attested_at()) +
                                                    "; good until " +
                                                    to_rfc3339(verified.expires_at()) + "\n");
  return {};
}

}  // namespace

void add_token_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "token", "access tokens of devices");
  CLI::App* verb =
      noun.add_subcommand("verify", "judge a token as a relying party does, without a server");
  verb->footer("Exits with 3 when the token is refused.");
  const auto options = std::make_shared<VerifyOptions>();
  verb->add_option("file", options->token, "the token")->required();
  verb->add_option("--keys", options->keys, "the issuer's keys: /.well-known/jwks.json")
      ->required();
  verb->add_option("--certificate", options->certificate,
                   "PEM of the client certificate that came with the connection")
      ->required();
  verb->add_option("--trust-domain", options->trust_domain, "whose verifier is the issuer")
      ->required();
  verb->add_option("--audience", options->audience, "the relying party, as it calls itself")
      ->required();
  verb->add_option("--at", options->at, "as of this time: 2026-11-23T12:53:00Z");
  on_call(*verb, choice,
          [options](Environment& environment) { return verify(environment, *options); });
}

}  // namespace vedette::cli
