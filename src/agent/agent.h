// Agent: one device's life: enrol, attest, fetch, serve, and all over again.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "agent/attestation.h"
#include "agent/config.h"
#include "agent/contact.h"
#include "agent/credentials.h"
#include "agent/device_key.h"
#include "agent/fetch.h"
#include "agent/guarded_clock.h"
#include "agent/lifecycle.h"
#include "agent/listed_releases.h"
#include "agent/local_api.h"
#include "agent/memory_api.h"
#include "agent/model_service.h"
#include "agent/news.h"
#include "agent/paced_client.h"
#include "agent/quarantine.h"
#include "agent/renewal_plan.h"
#include "agent/reporter.h"
#include "agent/runtime_measurements.h"
#include "agent/server_link.h"
#include "agent/serving.h"
#include "agent/time_record.h"
#include "agent/trust_anchors.h"
#include "agent/trust_state.h"
#include "agent/violation_reporter.h"
#include "agent/violation_store.h"
#include "base/clock.h"
#include "inference/host/worker_spawner.h"
#include "inference/sandbox/delegation.h"
#include "platform/keys/key_provider.h"
#include "platform/net/http.h"
#include "platform/tpm/tpm.h"

namespace vedette::agent {

class Agent {
 public:
  struct Parts {
    const Clock& clock;  // the operating system's, which nothing rests on
    const BootTime& boot;
    platform::HttpFactory& http;
    platform::Tpm& tpm;
    platform::KeyProvider& keys;  // knows the configuration's device_key
    NewsBoard::Listener log;      // called from the agent's threads
    ListedReleases::OpenStore open_store;
  };

  // Reads anchors and state, starts the program that workers are forked from and the local API;
  // nothing is sent before run(). Refuses FILE-*, KEY-*, PKCS11-*, CERT-*, CONFIG-*, BUNDLE-*,
  // SPIFFE-TRUST-DOMAIN, AGT-FLOORS, AGT-STATE, AGT-SEQUENCE, AGT-VIOLATIONS, AGT-QUARANTINE,
  // TPM-*, TUF-* and what `open_store` refuses, ATT-RUNTIME-EVENT, SBX-SPAWN, INF-RUNTIME,
  // AGT-RUNTIME-LIBRARY, NET-LISTEN and MEM-SOCKET.
  [[nodiscard]] static Result<std::unique_ptr<Agent>> start(const AgentConfig& config, Parts parts);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  ~Agent();

  // Lives until stop() is called from another thread: to the end of a request or of a model's start
  // that is under way, but not of a download. One that the server lets hang ends with the client's
  // timeout.
  void run();
  void stop();

  // 0 when the API is not served over TCP.
  [[nodiscard]] std::uint16_t api_port() const { return api_ == nullptr ? 0 : api_->port(); }
  [[nodiscard]] codec::Json status() const;

 private:
  struct Start;  // what start() gathered
  // What is to be done next, and the refusal that says so.
  struct Duty {
    Outcome outcome = Outcome::done;
    std::optional<Error> cause{};
  };

  explicit Agent(Start start);

  [[nodiscard]] policy::LocalPolicy local_policy() const;
  [[nodiscard]] Result<void> listen(platform::HttpFactory& http);
  [[nodiscard]] Result<void> open_memory_api();
  void recall_time(const std::optional<TimeRecord>& record);
  void begin();
  [[nodiscard]] Result<void> learn_time();
  void learn_time_again();
  void resume();
  [[nodiscard]] Result<void> perform(Phase phase);
  // At each step: a connection that its server would not get any more is not gone on with.
  [[nodiscard]] Result<void> judge_server_anew();
  [[nodiscard]] Result<void> enroll_anew();
  [[nodiscard]] Result<void> renew_now();
  void ask_when_to_renew();
  // Whether there was a rollover that this device had not heard of.
  bool hear_of_rollovers(platform::HttpClient& client);
  [[nodiscard]] EvidenceSource evidence_source() const;
  [[nodiscard]] Result<void> adopt(std::vector<crypto::Certificate> chain);
  [[nodiscard]] Result<void> attest_now();
  [[nodiscard]] Result<void> fetch_all();
  [[nodiscard]] Result<void> fetch_one(const Verdict& verdict, ListedReleases::Round& listed,
                                       const ModelName& model);
  void open_cache();
  void end_expired(TimePoint now);
  [[nodiscard]] bool is_verdict_due(TimePoint now) const;
  // See PacedClient. Whether a duty breaks a download off, or the agent's end alone.
  [[nodiscard]] Result<void> keep_pace(bool gives_way);
  [[nodiscard]] Result<bool> has_time_for_more();
  // Whether another release may take its place now.
  [[nodiscard]] bool stop_for_good(const RunningModel& model, const std::string& what,
                                   const Error& cause);
  [[nodiscard]] std::vector<RunningModel> concerned_models();
  [[nodiscard]] std::vector<RunningModel> held_to_the_list();
  void say_once(const std::string& about, std::string text, const Error& error);
  [[nodiscard]] std::optional<Duty> keep_contact();
  [[nodiscard]] Duty wait_for_duty();
  void advance(Phase phase, Outcome outcome, const std::optional<Error>& error);
  void report_while_running();
  [[nodiscard]] std::optional<DeviceId> name() const;  // none before the enrolment
  void keep_evidence(ledger::Violation event);
  [[nodiscard]] Result<void> sign_violations();
  [[nodiscard]] Result<void> report_all(platform::HttpClient& client, const Verdict& verdict);
  [[nodiscard]] Result<void> report_once(platform::HttpClient& client, const Verdict& verdict);
  [[nodiscard]] bool is_stopping() const;
  void wait_out(std::chrono::milliseconds duration, Phase next);
  // Whether the whole time passed; false when the agent is to stop.
  bool sleep_for(std::chrono::milliseconds duration);

  AgentConfig config_;
  Anchors anchors_;
  TrustAnchors server_trust_;
  const BootTime& boot_;
  GuardedClock time_;
  const Clock& clock_;  // the same: what everything here goes by
  platform::Tpm& tpm_;
  DeviceKey key_;
  ReleaseFloors floors_;
  ListedReleases listed_;
  std::optional<ModelCache> cache_;          // none: it is not wanted, or could not be had
  std::map<std::string, ModelFiles> files_;  // by the model's name
  NewsBoard news_;
  TrustState trust_;
  ServerLink link_;
  Reporter reporter_;
  std::unique_ptr<RuntimeMeasurements> measurements_;
  const Result<inference::Delegation> delegation_;
  std::unique_ptr<ViolationStore> violation_store_;
  std::unique_ptr<Quarantine> quarantine_;
  ViolationReporter violations_;  // record() is for whoever watches the workers
  ModelService models_;
  LocalApi handler_;
  std::unique_ptr<platform::HttpServer> api_;       // on loopback, or none
  std::unique_ptr<platform::HttpServer> unix_api_;  // on a Unix socket, or none
  std::unique_ptr<MemoryApi> memory_api_;           // over shared memory, or none

  // The lifecycle's thread alone uses these.
  KeptClient kept_;
  platform::HttpClient* client_ = nullptr;  // of kept_, for this step: see judge_server_anew()
  TimePoint known_time_;                    // has passed for certain
  TimePoint time_due_;
  TimePoint releases_due_;
  TimePoint contact_due_;
  TimePoint pace_due_;  // when a download is to look again for what is due
  RefusedReleases refused_;
  std::map<std::string, std::string> said_;  // what comes again with each contact, by its matter
  RenewalPlan renewal_;
  std::optional<Duration> asked_to_wait_;  // by the server, in its last answer to an enrolment
  unsigned failures_ = 0;
  bool told_everything_ = false;  // the server had all logs from this agent once

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable stop_requested_;
  std::optional<Credentials> credentials_;
  Phase phase_ = Phase::learn_time;
  bool stopping_ = false;
};

}  // namespace vedette::agent
