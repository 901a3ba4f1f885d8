#include "errand.h"

#include "codec/base64.h"
#include "platform/net/json_api.h"

#include "plain_wire.h"

namespace vedette::bench {

namespace {

using codec::Json;
using std::chrono::steady_clock;

Result<Json> post(const Device& device, const char* target, const std::string& body,
                  platform::HttpClient& client) {
  VEDETTE_TRY(const auto response,
              client.send({.method = "POST",
                           .target = target,
                           .headers = connection_headers(device.certificate(), device.channel()),
                           .body = to_bytes(body)}));
  return platform::read_json_answer(response);
}

void refused(Outcome& outcome, const Error& error) {
  outcome.code = error.code;
  outcome.lost = error.code.starts_with("NET-");
}

}  // namespace

Result<Question> ask(const Device& device, platform::HttpClient& client) {
  VEDETTE_TRY(const Json answer, post(device, "/v1/attestation/challenge", "{}", client));
  Question question;
  VEDETTE_TRY(const std::string nonce, answer.string("nonce"));
  VEDETTE_TRY(question.nonce, codec::from_base64(nonce));
  VEDETTE_TRY(const Json* logs, answer.object("logs"));
  VEDETTE_TRY(question.wish, attestation::parse_log_wish(*logs));
  return question;
}

Result<std::chrono::seconds> submit(const Device& device, const std::string& evidence,
                                    platform::HttpClient& client) {
  VEDETTE_TRY(const Json answer, post(device, "/v1/attestation/evidence", evidence, client));
  VEDETTE_TRY(const std::string token, answer.string("ear"));
  VEDETTE_TRY(const std::int64_t again, answer.integer("attest_again_in"));
  if (token.empty()) return refuse("BENCH-NO-TOKEN", "it was accepted without a token");
  return std::chrono::seconds(again);
}

Outcome attest(Device& device, platform::HttpClient& client) {
  Outcome outcome;
  const auto begin = steady_clock::now();
  auto question = ask(device, client);
  outcome.challenge_time = steady_clock::now() - begin;
  if (!question) {
    refused(outcome, question.error());
    return outcome;
  }
  const std::string evidence = device.answer(question->nonce, question->wish);
  if (device.lie() == Lie::old_quote) {
    question = ask(device, client);  // which makes the evidence an old one
    if (!question) {
      refused(outcome, question.error());
      return outcome;
    }
  }
  outcome.evidence_sent = true;
  const auto sent = steady_clock::now();
  const auto again = submit(device, evidence, client);
  outcome.evidence_time = steady_clock::now() - sent;
  if (again) {
    outcome.again_in = *again;
  } else {
    refused(outcome, again.error());
  }
  return outcome;
}

}  // namespace vedette::bench
