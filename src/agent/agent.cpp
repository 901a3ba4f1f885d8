#include "agent/agent.h"

#include <filesystem>
#include <random>
#include <utility>

#include <unistd.h>

#include "agent/attestation.h"
#include "agent/enrollment.h"
#include "agent/memory_models.h"
#include "base/fd.h"
#include "codec/json.h"
#include "inference/serving/retry_after.h"

namespace vedette::agent {

namespace {

using codec::Json;

constexpr std::chrono::milliseconds kDutyCheck{250};
constexpr std::size_t kMaxWorkerBytes = std::size_t{256} << 20U;
// A request's tensors in binary form, and the JSON before them.
constexpr std::size_t kMaxApiBody = std::size_t{17} << 20U;
constexpr std::size_t kMaxApiConnections = 64;
constexpr unsigned kApiThreads = 8;  // each waits for a worker, it does not compute

double jitter() {
  static std::random_device device;  // no secret: only to keep a fleet from knocking all at once
  return std::uniform_real_distribution<double>(0.0, 1.0)(device);
}

// `, under contract 0123456789ab`, and what it widens.
std::string contract_text(const ServedContract& contract) {
  constexpr std::size_t kShortDigest = 12;
  if (!contract.sha256) return {};
  std::string text = ", under contract " + to_hex(*contract.sha256).substr(0, kShortDigest);
  for (const std::string& sentence : contract.widenings)
    text += "; wider: " + sentence;
  return text;
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
  crypto::Sha256Digest worker_sha256{};
  std::unique_ptr<ViolationStore> violations;
  std::unique_ptr<Quarantine> quarantine;
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
      link_(config_, anchors_, start.parts.http),
      reporter_(clock_, trust_, std::move(start.sequence)),
      violation_store_(std::move(start.violations)),
      quarantine_(std::move(start.quarantine)),
      violations_(clock_, *violation_store_, *quarantine_,
                  [this](const std::string& text, std::optional<Error> error) {
                    news_.say(Phase::serve, text, std::move(error));
                  }),
      models_({.spawner = std::move(start.spawner),
               .worker_sha256 = start.worker_sha256,
               .quarantine = *quarantine_,
               .record = [this](ledger::Violation event) { keep_evidence(std::move(event)); },
               .tell = [this](const std::string& text,
                              const Error& cause) { news_.say(Phase::serve, text, cause); }}),
      handler_({.trust = trust_,
                .models = models_,
                .witness = reporter_,
                .policy = local_policy(),
                .status = [this] { return status(); },
                .retry_after = inference::serving::retry_after}) {}

Agent::~Agent() {
  stop();
  api_.reset();  // no call may find the rest half gone
  unix_api_.reset();
  memory_api_.reset();
  models_.withdraw_all("the agent stops");
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
  VEDETTE_TRY(const Bytes worker, read_file(config.worker_path, kMaxWorkerBytes));
  VEDETTE_TRY(auto spawner, inference::WorkerSpawner::start({config.worker_path, config.posture}));
  VEDETTE_TRY(auto violations, ViolationStore::load(config.state_folder, parts.clock.now()));
  VEDETTE_TRY(auto quarantine, Quarantine::load(config.state_folder));
  platform::HttpFactory& http = parts.http;
  std::unique_ptr<Agent> agent(
      new Agent({config, std::move(parts), std::move(anchors), std::move(key), std::move(floors),
                 std::move(sequence), std::move(spawner), crypto::sha256(worker),
                 std::move(violations), std::move(quarantine)}));
  VEDETTE_CHECK(agent->listen(http));
  VEDETTE_CHECK(agent->open_memory_api());
  agent->resume();
  return agent;
}

Result<void> Agent::listen(platform::HttpFactory& http) {
  platform::HttpServerSettings settings;
  settings.max_body_bytes = kMaxApiBody;
  settings.max_connections = kMaxApiConnections;
  settings.handler_threads = kApiThreads;
  if (config_.api_tcp) {
    settings.address = config_.api_address;
    settings.port = config_.api_port;
    VEDETTE_TRY(api_, http.serve(settings, handler_));
  }
  if (config_.api_unix_socket.empty()) return {};
  settings.unix_path = config_.api_unix_socket;
  settings.unix_mode = config_.api_unix_mode;
  VEDETTE_TRY(unix_api_, http.serve(settings, handler_));
  return {};
}

policy::LocalPolicy Agent::local_policy() const {
  return {.owner = ::geteuid(), .rules = config_.api_callers};
}

Result<void> Agent::open_memory_api() {
  if (config_.memory_socket.empty()) return {};
  MemoryLimits limits;
  limits.sessions = config_.memory_sessions;
  limits.spin_microseconds = config_.memory_spin_microseconds;
  VEDETTE_TRY(memory_api_,
              MemoryApi::start(config_.memory_socket, limits,
                               make_memory_service({trust_, models_, reporter_, local_policy()})));
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
    models_.withdraw_all(error ? describe(*error) : "the device is not attested yet");
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
  violations_.attested(verdict.epoch);
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
    const auto served = fetch_one(verdict, model);
    if (!served && first) first = std::unexpected(served.error());
  }
  return first;
}

Result<void> Agent::fetch_one(const Verdict& verdict, const ModelName& model) {
  VEDETTE_TRY(auto fetched, fetch_newer(*client_, verdict.ear, config_, anchors_.publishers,
                                        floors_, *quarantine_, model, models_.present(model)));
  if (!fetched) return {};
  const std::uint64_t release = fetched->about.release;
  const std::string text = model.str() + " release " + std::to_string(release) +
                           " verified, admitted, sealed, caged and ready" +
                           contract_text(fetched->about.contract);
  VEDETTE_CHECK(
      models_.publish(*std::move(fetched), [&] { return floors_.raise(model, release); }));
  news_.say(Phase::fetch, text);
  return {};
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

Json Agent::status() const {
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
  Json::Array quarantined;
  for (const QuarantinedModel& model : quarantine_->all())
    quarantined.push_back(to_json(model));
  json.set("models", models_.status()).set("receipts", std::move(receipts));
  json.set("violations", violations_.status()).set("quarantine", std::move(quarantined));
  json.set("news", news_.recent());
  return json;
}

}  // namespace vedette::agent
