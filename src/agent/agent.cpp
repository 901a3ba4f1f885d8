#include "agent/agent.h"

#include <filesystem>
#include <random>
#include <utility>

#include <unistd.h>

#include "agent/enrollment.h"
#include "agent/measured_programs.h"
#include "agent/memory_models.h"
#include "codec/json.h"
#include "inference/serving/retry_after.h"

namespace vedette::agent {

namespace {

using codec::Json;

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kDutyCheck{250};
// A request's tensors in binary form, and the JSON before them.
constexpr std::size_t kMaxApiBody = std::size_t{17} << 20U;
constexpr std::size_t kMaxApiConnections = 64;
constexpr unsigned kApiThreads = 8;  // each waits for a worker, it does not compute

double jitter() {
  static std::random_device device;  // no secret: only to keep a fleet from knocking all at once
  return std::uniform_real_distribution<double>(0.0, 1.0)(device);
}

// Where workers' groups are made, or why nowhere. Version 1 needs nothing of an agent.
Json status_of(const Result<inference::Delegation>& delegation) {
  Json json;
  if (!delegation) return json.set("refused", describe(delegation.error()));
  if (delegation->group.empty()) return json.set("version", std::int64_t{1});
  Json::Array controllers(delegation->controllers.begin(), delegation->controllers.end());
  json.set("version", std::int64_t{2}).set("group", delegation->group);
  return json.set("controllers", std::move(controllers));
}

}  // namespace

struct Agent::Start {
  AgentConfig config;
  Parts parts;
  Anchors anchors;
  TrustAnchors server_trust;
  DeviceKey key;
  ReleaseFloors floors;
  ListedReleases listed;
  SequenceNumbers sequence;
  std::unique_ptr<RuntimeMeasurements> measurements;
  Result<inference::Delegation> delegation;
  MeasuredSpawner workers;
  std::unique_ptr<ViolationStore> violations;
  std::unique_ptr<Quarantine> quarantine;
  std::optional<TimeRecord> time;
};

Agent::Agent(Start start)
    : config_(std::move(start.config)),
      anchors_(std::move(start.anchors)),
      server_trust_(std::move(start.server_trust)),
      boot_(start.parts.boot),
      time_(boot_, start.parts.clock),
      clock_(time_),
      tpm_(start.parts.tpm),
      key_(std::move(start.key)),
      floors_(std::move(start.floors)),
      listed_(std::move(start.listed)),
      news_(clock_, std::move(start.parts.log)),
      trust_(clock_),
      link_(config_, server_trust_, clock_, start.parts.http),
      reporter_(clock_, trust_, std::move(start.sequence)),
      measurements_(std::move(start.measurements)),
      delegation_(std::move(start.delegation)),
      violation_store_(std::move(start.violations)),
      quarantine_(std::move(start.quarantine)),
      violations_(clock_, *violation_store_, *quarantine_,
                  [this](const std::string& text, std::optional<Error> error) {
                    news_.say(Phase::serve, text, std::move(error));
                  }),
      models_({.clock = clock_,
               .spawner = std::move(start.workers.spawner),
               .worker_sha256 = start.workers.worker_sha256,
               .quarantine = *quarantine_,
               .measure = [this](const auto& event) { return measurements_->measure(event); },
               .record = [this](ledger::Violation event) { keep_evidence(std::move(event)); },
               .tell = [this](const std::string& text,
                              const Error& cause) { news_.say(Phase::serve, text, cause); }}),
      handler_({.trust = trust_,
                .models = models_,
                .witness = reporter_,
                .policy = local_policy(),
                .status = [this] { return status(); },
                .retry_after = inference::serving::retry_after}),
      kept_(link_),
      refused_(config_.poll_interval) {
  recall_time(start.time);
}

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
  VEDETTE_TRY(auto measurements,
              RuntimeMeasurements::open(config.state_folder, config.runtime_register, parts.tpm));
  VEDETTE_TRY(const auto own_start, agent_start_event());
  for (const auto& event : {own_start, configuration_event(config)})
    VEDETTE_CHECK(unless_broken(*measurements, measurements->measure(event)));
  VEDETTE_TRY(Anchors anchors, load_anchors(config));
  VEDETTE_TRY(const auto domain, identity::TrustDomain::parse(config.trust_domain));
  VEDETTE_TRY(TrustAnchors trust,
              TrustAnchors::load(config.state_folder, anchors.server_roots, domain));
  VEDETTE_TRY(crypto::PrivateKey key, parts.keys.private_key(config.device_key));
  VEDETTE_TRY(ReleaseFloors floors, ReleaseFloors::load(config.state_folder, parts.tpm));
  VEDETTE_TRY(ListedReleases listed, ListedReleases::load(config, parts.open_store));
  VEDETTE_TRY(SequenceNumbers sequence, SequenceNumbers::load(config.state_folder));
  // Before the zygote, whose groups lie where it starts. Workers run without it, and that is said.
  auto delegation = inference::take_delegation();
  VEDETTE_TRY(MeasuredSpawner workers, start_measured_spawner(config, *measurements));
  VEDETTE_TRY(auto violations, ViolationStore::load(config.state_folder, parts.clock.now()));
  VEDETTE_TRY(auto quarantine, Quarantine::load(config.state_folder));
  VEDETTE_TRY(auto time, load_time_record(config.state_folder));
  platform::HttpFactory& http = parts.http;
  std::unique_ptr<Agent> agent(new Agent(
      {config, std::move(parts), std::move(anchors), std::move(trust),
       DeviceKey{std::move(key), config.device_key_kind}, std::move(floors), std::move(listed),
       std::move(sequence), std::move(measurements), std::move(delegation), std::move(workers),
       std::move(violations), std::move(quarantine), time}));
  if (const auto broken = agent->measurements_->broken())
    agent->news_.say(Phase::enroll, "no model will be started", broken);
  if (!agent->delegation_)
    agent->news_.say(Phase::enroll, "no control group bounds the workers",
                     agent->delegation_.error());
  agent->open_cache();
  VEDETTE_CHECK(agent->listen(http));
  VEDETTE_CHECK(agent->open_memory_api());
  return agent;
}

Result<void> Agent::listen(platform::HttpFactory& http) {
  platform::HttpServerSettings settings;
  settings.max_body_bytes = kMaxApiBody;
  settings.max_connections = kMaxApiConnections;
  settings.handler_threads = kApiThreads;
  settings.thread_per_connection = true;
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
    end_expired(clock_.now());
    if (phase == Phase::learn_time) {
      begin();
      continue;
    }
    if (phase == Phase::serve) {
      const Duty duty = wait_for_duty();
      advance(phase, duty.outcome, duty.cause);
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

bool Agent::is_stopping() const {
  const std::scoped_lock lock(mutex_);
  return stopping_;
}

bool Agent::sleep_for(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  return !stop_requested_.wait_for(lock, duration, [this] { return stopping_; });
}

void Agent::advance(Phase phase, Outcome outcome, const std::optional<Error>& error) {
  const Step step = next_step(phase, outcome);
  if (error && !is_put_off(*error)) news_.say(phase, "did not succeed", error);
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
  if (!step.wait) return;
  const Duration own = back_off(failures_ == 0 ? 0 : failures_ - 1, jitter());
  wait_out(std::max(own, std::exchange(asked_to_wait_, {}).value_or(own)), step.next);
}

// Before something is tried again. Contracts end meanwhile, and a device that goes on to serve
// attests in time; any other wait is for the very duty that did not succeed.
void Agent::wait_out(std::chrono::milliseconds duration, Phase next) {
  const auto end = SteadyClock::now() + duration;
  for (;;) {
    const TimePoint now = clock_.now();
    end_expired(now);
    if (next == Phase::serve && is_verdict_due(now)) return;
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end - SteadyClock::now());
    if (rest.count() <= 0 || !sleep_for(std::min(rest, kDutyCheck))) return;
  }
}

Result<void> Agent::judge_server_anew() {
  client_ = nullptr;
  VEDETTE_TRY(client_, kept_.for_device(*credentials_));
  return {};
}

Result<void> Agent::perform(Phase phase) {
  if (phase != Phase::enroll && phase != Phase::stopped) VEDETTE_CHECK(judge_server_anew());
  switch (phase) {
    case Phase::enroll:
      return enroll_anew();
    case Phase::renew:
      return renew_now();
    case Phase::attest:
      return attest_now();
    case Phase::fetch:
      return fetch_all();
    case Phase::learn_time:
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
  if (const auto adopted = adopt(**std::move(chain)); !adopted)
    news_.say(Phase::learn_time, "the certificate of before is not used", adopted.error());
}

Result<void> Agent::adopt(std::vector<crypto::Certificate> chain) {
  VEDETTE_TRY(Credentials credentials,
              make_credentials(std::move(chain), key_.key, config_.trust_domain, clock_.now()));
  VEDETTE_CHECK(save_chain(config_.state_folder, credentials.chain));
  VEDETTE_TRY(client_, kept_.for_device(credentials));
  news_.say(Phase::enroll, "certificate for " + credentials.device.str() + " until " +
                               to_rfc3339(credentials.leaf().not_after()));
  renewal_.begin(identity::life_of(credentials.leaf()), clock_.now(), jitter());
  const std::scoped_lock lock(mutex_);
  credentials_ = std::move(credentials);
  return {};
}

Result<void> Agent::renew_now() {
  if (clock_.now() >= credentials_->leaf().not_after())
    return refuse("AGT-CERTIFICATE-EXPIRED", "the device's certificate has expired");
  std::optional<Duration> wait;
  auto renewed = renew(*client_, *credentials_, &wait);
  if (renewed) return adopt(*std::move(renewed));
  renewal_.failed(clock_.now(), wait, jitter());
  return std::unexpected(std::move(renewed).error());
}

EvidenceSource Agent::evidence_source() const {
  return {.runtime_register = config_.runtime_register,
          .everything = !told_everything_,
          .read = [this](const LogWish& wish) {
            return read_device_logs(config_.event_log, config_.ima_log, *measurements_, wish);
          }};
}

// Attestation may be refused for long: the certificate must not end over it.
Result<void> Agent::attest_now() {
  if (clock_.now() >= credentials_->leaf().not_after())
    return refuse("AGT-CERTIFICATE-EXPIRED", "the device's certificate has expired");
  if (renewal_.due(clock_.now()))
    return refuse("AGT-CERTIFICATE-DUE", "the device's certificate is to be renewed first");
  VEDETTE_TRY(Verdict verdict, attest(*client_, tpm_, *credentials_, clock_, evidence_source()));
  told_everything_ = true;
  news_.say(Phase::attest, "attested until " + to_rfc3339(verdict.expires_at));
  violations_.attested(verdict.epoch);
  trust_.believe(std::move(verdict));
  return {};
}

bool Agent::is_verdict_due(TimePoint now) const {
  const auto verdict = trust_.current();
  return !verdict || now >= verdict->attest_again_at;
}

// The server is asked what it wants before releases are looked for, however often they are.
Agent::Duty Agent::wait_for_duty() {
  do {
    const TimePoint now = clock_.now();
    end_expired(now);
    if (!judge_server_anew()) return {Outcome::verdict_due};  // which tells why, and tries again
    if (is_verdict_due(now)) return {Outcome::verdict_due};
    if (renewal_.due(now)) return {Outcome::certificate_due};
    if (now >= contact_due_)
      if (auto duty = keep_contact()) return *std::move(duty);
    if (now >= releases_due_) return {Outcome::releases_due};
    // The server closes the connection of a device that it stops trusting: ask why at once.
    if (!client_->connected()) return {Outcome::verdict_due};
    if (now >= time_due_) learn_time_again();
    if (renewal_.wonders(now)) ask_when_to_renew();
  } while (sleep_for(kDutyCheck));
  return {Outcome::done};
}

Json Agent::status() const {
  const ReporterCounts counts = reporter_.counts();
  Json receipts;
  receipts.set("witnessed", counts.witnessed).set("accepted", counts.accepted);
  receipts.set("refused", counts.refused).set("waiting", std::uint64_t{counts.waiting});
  const auto verdict = trust_.current();
  Json json;
  json.set("time", name_of(time_.standing()));
  json.set("attested", verdict.has_value())
      .set("insecure_software_tpm", config_.insecure_software_tpm)
      .set("device_key", identity::to_string(config_.device_key_kind));
  if (verdict) json.set("attested_until", to_rfc3339(verdict->expires_at));
  {
    const std::scoped_lock lock(mutex_);
    json.set("phase", name_of(phase_));
    json.set("trust_bundle", server_trust_.version());
    if (credentials_) json.set("device", credentials_->device.str());
  }
  Json::Array quarantined;
  for (const QuarantinedModel& model : quarantine_->all())
    quarantined.push_back(to_json(model));
  json.set("runtime_log", measurements_->status()).set("control_group", status_of(delegation_));
  json.set("models", models_.status()).set("receipts", std::move(receipts));
  json.set("violations", violations_.status()).set("quarantine", std::move(quarantined));
  json.set("news", news_.recent());
  return json;
}

}  // namespace vedette::agent
