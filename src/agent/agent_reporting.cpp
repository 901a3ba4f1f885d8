// The agent's second thread: what leaves the device about its models. Violations are signed as soon
// as they are recorded, and sent before results.
#include <algorithm>

#include "agent/agent.h"
#include "codec/json.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

using codec::Json;

constexpr std::chrono::milliseconds kReportPause{200};
constexpr std::size_t kReceiptsAtOnce = 64;

}  // namespace

std::optional<DeviceId> Agent::name() const {
  const std::scoped_lock lock(mutex_);
  if (!credentials_) return std::nullopt;
  return credentials_->device;
}

// While a worker is frozen in what it tried: on disk, then signed, then it dies. What cannot be
// signed now is signed later by the reporting thread.
void Agent::keep_evidence(ledger::Violation event) {
  const auto device = name();
  if (!device) return violations_.record(std::move(event));
  if (const auto done = violations_.keep(std::move(event), *device, key_.key); !done)
    news_.say(Phase::serve, "a violation is not signed yet", done.error());
}

// As soon as there is a name to sign under, attested or not: the server may be out of reach for
// long.
Result<void> Agent::sign_violations() {
  if (!violations_.has_unsigned()) return {};
  const auto device = name();
  if (!device) return {};
  return violations_.sign_recorded(*device, key_.key);
}

Result<void> Agent::report_all(platform::HttpClient& client, const Verdict& verdict) {
  const auto violations = violations_.report_once(client, verdict);
  const auto results = report_once(client, verdict);
  return violations ? results : violations;
}

void Agent::report_while_running() {
  KeptClient kept(link_);
  do {
    reporter_.wait(kReportPause);
    if (const auto done = sign_violations(); !done)
      news_.say(Phase::serve, "a violation was not signed", done.error());
    const auto verdict = trust_.current();
    std::optional<Credentials> credentials;
    {
      const std::scoped_lock lock(mutex_);
      credentials = credentials_;
    }
    if (!verdict || !credentials) continue;
    if (reporter_.counts().waiting == 0 && !violations_.has_unsent()) continue;
    const auto client = kept.for_device(*credentials);
    if (!client) continue;
    if (const auto reported = report_all(**client, *verdict); !reported)
      news_.say(Phase::serve, "a report was not taken", reported.error());
  } while (sleep_for(kReportPause));
}

Result<void> Agent::report_once(platform::HttpClient& client, const Verdict& verdict) {
  VEDETTE_TRY(const auto texts, reporter_.sign_waiting(key_.key, kReceiptsAtOnce));
  if (texts.empty()) return {};
  Json::Array receipts;
  for (const std::string& text : texts)
    receipts.emplace_back(text);
  Json body;
  body.set("receipts", std::move(receipts));
  VEDETTE_TRY(const auto response,
              client.send(platform::json_request("POST", "/v1/results", body, verdict.ear)));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  VEDETTE_TRY(const Json* refused, answer.array("refused"));
  const Json::Array& list = *refused->if_array();
  reporter_.settle(texts.size() - std::min(texts.size(), list.size()), list.size());
  if (list.empty()) return {};
  VEDETTE_TRY(const std::string code, list.front().string("code"));
  VEDETTE_TRY(const std::string message, list.front().string("message"));
  return refuse(code, message, std::to_string(list.size()) + " of " + std::to_string(texts.size()));
}

}  // namespace vedette::agent
