#include "agent/agent.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <utility>

#include "agent/attestation.h"
#include "agent/enrollment.h"
#include "agent/memory_models.h"
#include "codec/json.h"
#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

using codec::Json;

constexpr std::chrono::milliseconds kDutyCheck{250};
constexpr std::chrono::milliseconds kReportPause{200};
constexpr std::size_t kReceiptsAtOnce = 64;

double jitter() {
  static std::random_device device;  // no secret: only to keep a fleet from knocking all at once
  return std::uniform_real_distribution<double>(0.0, 1.0)(device);
}

}  // namespace

struct Agent::Start {
  AgentConfig config;
  Parts parts;
  Anchors anchors;
  crypto::PrivateKey key;
  ReleaseFloors floors;
  SequenceNumbers sequence;
  std::unique_ptr<inference::WorkerSpawner> spawner;
};

Agent::Agent(Start start)
    : config_(std::move(start.config)),
      anchors_(std::move(start.anchors)),
      clock_(start.parts.clock),
      tpm_(start.parts.tpm),
      key_(std::move(start.key)),
      floors_(std::move(start.floors)),
      news_(clock_, std::move(start.parts.log)),
      trust_(clock_),
      spawner_(std::move(start.spawner)),
      link_(config_, anchors_, start.parts.http),
      reporter_(clock_, trust_, std::move(start.sequence)),
      handler_({.trust = trust_,
                .serving = serving_,
                .witness = reporter_,
                .status = [this] { return status(); },
                .deadline = config_.inference_deadline}) {}

Agent::~Agent() {
  stop();
  api_.reset();  // no call may find the rest half gone
  memory_api_.reset();
  serving_.clear();
}

Result<std::unique_ptr<Agent>> Agent::start(const AgentConfig& config, Parts parts) {
  std::error_code failed;
  std::filesystem::create_directories(config.state_folder, failed);
  if (failed)
    return refuse("FILE-CREATE", "the state folder cannot be created",
                  config.state_folder + ": " + failed.message());
  VEDETTE_TRY(Anchors anchors, load_anchors(config));
  VEDETTE_TRY(crypto::PrivateKey key, device_private_key(parts.tpm));
  VEDETTE_TRY(ReleaseFloors floors, ReleaseFloors::load(config.state_folder));
  VEDETTE_TRY(SequenceNumbers sequence, SequenceNumbers::load(config.state_folder));
  VEDETTE_TRY(auto spawner, inference::WorkerSpawner::start({config.worker_path, config.posture}));
  platform::HttpFactory& http = parts.http;
  std::unique_ptr<Agent> agent(
      new Agent({config, std::move(parts), std::move(anchors), std::move(key), std::move(floors),
                 std::move(sequence), std::move(spawner)}));
  platform::HttpServerSettings settings;
  settings.address = config.api_address;
  settings.port = config.api_port;
  settings.max_body_bytes = std::size_t{8} << 20U;
  VEDETTE_TRY(agent->api_, http.serve(settings, agent->handler_));
  VEDETTE_CHECK(agent->open_memory_api());
  agent->resume();
  return agent;
}

Result<void> Agent::open_memory_api() {
  if (config_.memory_socket.empty()) return {};
  MemoryLimits limits;
  limits.sessions = config_.memory_sessions;
  limits.spin_microseconds = config_.memory_spin_microseconds;
  VEDETTE_TRY(memory_api_, MemoryApi::start(config_.memory_socket, limits,
                                            make_memory_service({trust_, serving_, reporter_,
                                                                 config_.inference_deadline})));
  return {};
}

void Agent::run() {
  std::thread reporting([this] { report_while_running(); });
  for (;;) {
    Phase phase = Phase::enroll;
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) break;
      phase = phase_;
    }
    if (phase == Phase::serve) {
      advance(phase, wait_for_duty(), {});
      continue;
    }
    const auto performed = perform(phase);
    if (performed)
      advance(phase, Outcome::done, {});
    else
      advance(phase, outcome_of(performed.error()), performed.error());
  }
  reporter_.wake();
  reporting.join();
}

void Agent::stop() {
  const std::scoped_lock lock(mutex_);
  stopping_ = true;
  stop_requested_.notify_all();
}

bool Agent::sleep_for(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  return !stop_requested_.wait_for(lock, duration, [this] { return stopping_; });
}

void Agent::advance(Phase phase, Outcome outcome, const std::optional<Error>& error) {
  const Step step = next_step(phase, outcome);
  if (error) news_.say(phase, "did not succeed", error);
  if (!step.keep_serving) {
    trust_.withdraw(
        error.value_or(Error{"AGT-STARTING", "the device is not attested yet", {}, {}}));
    serving_.clear();
  }
  {
    const std::scoped_lock lock(mutex_);
    phase_ = step.next;
  }
  failures_ = outcome == Outcome::done ? 0 : failures_ + 1;
  if (step.wait) (void)sleep_for(back_off(failures_ == 0 ? 0 : failures_ - 1, jitter()));
}

Result<void> Agent::perform(Phase phase) {
  switch (phase) {
    case Phase::enroll:
      return enroll_or_renew();
    case Phase::attest:
      return attest_now();
    case Phase::fetch:
      return fetch_all();
    case Phase::serve:
    case Phase::stopped:
      return {};
  }
  return {};
}

// A certificate of a former run is used again; one that no longer fits is as good as none.
void Agent::resume() {
  auto chain = load_chain(config_.state_folder);
  if (!chain || !*chain) return;
  if (!adopt(**std::move(chain))) return;
  const std::scoped_lock lock(mutex_);
  phase_ = Phase::attest;
}

Result<void> Agent::adopt(std::vector<crypto::Certificate> chain) {
  VEDETTE_TRY(Credentials credentials,
              make_credentials(std::move(chain), key_, config_.trust_domain, clock_.now()));
  VEDETTE_CHECK(save_chain(config_.state_folder, credentials.chain));
  VEDETTE_TRY(client_, link_.to_device_plane(credentials));
  news_.say(Phase::enroll, "certificate for " + credentials.device.str() + " until " +
                               to_rfc3339(credentials.leaf().not_after()));
  const std::scoped_lock lock(mutex_);
  credentials_ = std::move(credentials);
  return {};
}

// A certificate that stands is renewed; without one, or where renewal is refused, the TPM is proven
// anew.
Result<void> Agent::enroll_or_renew() {
  if (credentials_ && client_ && clock_.now() < credentials_->leaf().not_after()) {
    auto renewed = renew(*client_, *credentials_);
    if (renewed) return adopt(*std::move(renewed));
    if (outcome_of(renewed.error()) == Outcome::unreachable)
      return std::unexpected(renewed.error());
  }
  VEDETTE_TRY(const auto client, link_.to_enrollment());
  VEDETTE_TRY(auto chain, enroll(*client, tpm_, key_));
  return adopt(std::move(chain));
}

Result<void> Agent::attest_now() {
  if (clock_.now() >= credentials_->leaf().not_after())
    return refuse("AGT-CERTIFICATE-EXPIRED", "the device's certificate has expired");
  VEDETTE_TRY(Verdict verdict, attest(*client_, tpm_, *credentials_, clock_));
  news_.say(Phase::attest, "attested until " + to_rfc3339(verdict.expires_at));
  trust_.believe(std::move(verdict));
  return {};
}

// Every model is tried, so that one bad release does not keep the others away; the first refusal is
// told.
Result<void> Agent::fetch_all() {
  releases_due_ = clock_.now() + config_.poll_interval;
  VEDETTE_TRY(const Verdict verdict, trust_.current());
  Result<void> first;
  for (const ModelName& model : config_.models) {
    const auto present = serving_.find(model.str());
    auto fetched = fetch_newer(*client_, verdict.ear, config_, anchors_.publishers, floors_,
                               *spawner_, model, present ? present->get() : nullptr);
    if (!fetched && first) first = std::unexpected(fetched.error());
    if (!fetched || *fetched == nullptr) continue;
    news_.say(Phase::fetch, model.str() + " release " + std::to_string((*fetched)->release) +
                                " verified, sealed, caged and ready");
    serving_.put(*std::move(fetched));
  }
  return first;
}

Outcome Agent::wait_for_duty() {
  do {
    const TimePoint now = clock_.now();
    const auto verdict = trust_.current();
    if (!verdict || now >= verdict->attest_again_at) return Outcome::verdict_due;
    if (now >= renewal_due(credentials_->leaf())) return Outcome::certificate_due;
    if (now >= releases_due_) return Outcome::releases_due;
    // The server closes the connection of a device that it stops trusting: ask why at once.
    if (!client_->connected()) return Outcome::verdict_due;
  } while (sleep_for(kDutyCheck));
  return Outcome::done;
}

void Agent::report_while_running() {
  std::unique_ptr<platform::HttpClient> client;
  std::string certificate;  // the one that `client` presents
  do {
    reporter_.wait(kReportPause);
    const auto verdict = trust_.current();
    std::optional<Credentials> credentials;
    {
      const std::scoped_lock lock(mutex_);
      credentials = credentials_;
    }
    if (!verdict || !credentials || reporter_.counts().waiting == 0) continue;
    if (certificate != credentials->leaf().serial_hex()) {
      auto opened = link_.to_device_plane(*credentials);
      if (!opened) continue;
      client = *std::move(opened);
      certificate = credentials->leaf().serial_hex();
    }
    if (const auto reported = report_once(*client, *verdict); !reported)
      news_.say(Phase::serve, "results were not taken", reported.error());
  } while (sleep_for(kReportPause));
}

Result<void> Agent::report_once(platform::HttpClient& client, const Verdict& verdict) {
  VEDETTE_TRY(const auto texts, reporter_.sign_waiting(key_, kReceiptsAtOnce));
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

Json Agent::status() const {
  Json::Array models;
  for (const auto& model : serving_.all()) {
    Json one;
    one.set("model", model->name.str()).set("release", model->release);
    one.set("alive", model->worker->alive()).set("worker_pid", model->worker->pid());
    models.push_back(std::move(one));
  }
  const ReporterCounts counts = reporter_.counts();
  Json receipts;
  receipts.set("witnessed", counts.witnessed).set("accepted", counts.accepted);
  receipts.set("refused", counts.refused).set("waiting", std::uint64_t{counts.waiting});
  const auto verdict = trust_.current();
  Json json;
  json.set("attested", verdict.has_value())
      .set("insecure_software_tpm", config_.insecure_software_tpm);
  if (verdict) json.set("attested_until", to_rfc3339(verdict->expires_at));
  {
    const std::scoped_lock lock(mutex_);
    json.set("phase", name_of(phase_));
    if (credentials_) json.set("device", credentials_->device.str());
  }
  json.set("models", std::move(models)).set("receipts", std::move(receipts));
  json.set("news", news_.recent());
  return json;
}

}  // namespace vedette::agent
