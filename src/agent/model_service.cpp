#include "agent/model_service.h"

#include <atomic>
#include <utility>

#include "agent/golden_check.h"
#include "agent/worker_replica.h"
#include "inference/policy/posture.h"
#include "inference/policy/power.h"
#include "inference/serving/rate_limit.h"

namespace vedette::agent {

namespace {

using codec::Json;
using inference::serving::OutputView;
using inference::serving::RateLimit;
using inference::serving::VersionLease;

// What serving keeps for us with each release.
struct Note {
  std::shared_ptr<const ReplicaPlan> plan;
  std::shared_ptr<RateLimit> rate{};    // none: unlimited
  std::shared_ptr<DriftWatch> drift{};  // none: the contract says nothing of distributions

  [[nodiscard]] const ServedModel& model() const { return plan->about; }
};

class Hold final : public ModelHold {
 public:
  Hold(VersionLease lease, const Clock& clock) : lease_(std::move(lease)), clock_(clock) {}

  [[nodiscard]] const ServedModel& model() const override { return lease_->note<Note>().model(); }
  [[nodiscard]] inference::ModelMetadata metadata() const override { return lease_->metadata(); }
  [[nodiscard]] Result<void> ready() const override {
    VEDETTE_CHECK(model().check_time(clock_.now()));
    if (lease_->ready()) return {};
    return refuse("SBX-WORKER-DIED", "no worker of the model is running");
  }
  [[nodiscard]] Result<std::vector<inference::Tensor>> infer(
      std::span<const inference::TensorView> inputs, const CallTerms& terms) override {
    VEDETTE_CHECK(model().check_time(clock_.now()));
    const Note& note = lease_->note<Note>();
    if (note.rate) VEDETTE_CHECK(note.rate->admit());
    auto outputs = lease_->infer(inputs, terms.deadline, OutputView::everything());
    if (outputs && note.drift) note.drift->witness(*outputs);
    return outputs;
  }

 private:
  VersionLease lease_;
  const Clock& clock_;
};

Error as_seen_by_callers(Error error) {
  if (error.code == "SRV-NO-MODEL") error.code = "AGT-NO-MODEL";
  if (error.code == "SRV-NO-VERSION") error.code = "AGT-NO-VERSION";
  return error;
}

Json drift_json(const DriftWatch& watch) {
  Json::Array outputs;
  for (const Drift& drift : watch.state())
    outputs.emplace_back(Json::Object{
        {"output", drift.output}, {"distance", drift.distance}, {"drifted", drift.drifted}});
  return outputs;
}

Json status_of(const inference::serving::VersionStatus& version, const Note& note) {
  using inference::serving::Outcome;
  const ReplicaPlan& plan = *note.plan;
  Json one;
  one.set("model", version.model).set("release", version.version);
  one.set("default", version.is_default).set("alive", version.ready);
  one.set("bounded_by", plan.bounds->text());
  one.set("replicas", std::uint64_t{version.stats.replicas.size()});
  one.set("waiting", std::uint64_t{version.stats.queue_depth});
  one.set("answered", version.stats.count(Outcome::answered));
  one.set("outside_the_contract", version.rules.requests + version.rules.answers);
  if (note.drift) one.set("drift", drift_json(*note.drift));
  const ServedModel& model = plan.about;
  if (!model.contract.sha256) return one;
  Json contract;
  contract.set("sha256", to_hex(*model.contract.sha256));
  contract.set("widenings",
               Json::Array(model.contract.widenings.begin(), model.contract.widenings.end()));
  return one.set("contract", std::move(contract));
}

// What the cage grants beyond the strict one: powers, and what this device's posture leaves out.
std::vector<std::string> widenings_of(const ReplicaPlan& plan) {
  std::vector<std::string> texts;
  texts.reserve(plan.settings.profile.powers.size() + 1);
  for (const inference::Power& power : plan.settings.profile.powers)
    texts.push_back(inference::text_of(power));
  const inference::Posture posture = plan.spawner.posture();
  if (posture != inference::Posture::full)
    texts.push_back("posture " + std::string(inference::name_of(posture)));
  return texts;
}

// What has to be measured before the release's first worker starts.
std::vector<attestation::RuntimeEvent> events_of(const ReplicaPlan& plan) {
  using attestation::RuntimeEventKind;
  const ServedModel& about = plan.about;
  const std::string name = about.name.str() + " " + std::to_string(about.release);
  std::vector<attestation::RuntimeEvent> events;
  if (about.contract.sha256)
    events.push_back({.kind = RuntimeEventKind::runtime_contract,
                      .name = name,
                      .digest = *about.contract.sha256,
                      .powers = {}});
  events.push_back({.kind = RuntimeEventKind::sandbox_profile,
                    .name = name,
                    .digest = plan.profile_sha256,
                    .powers = widenings_of(plan)});
  events.push_back({.kind = RuntimeEventKind::model_release,
                    .name = name,
                    .digest = about.model_root,
                    .powers = {}});
  return events;
}

}  // namespace

ModelService::ModelService(Parts parts)
    : parts_(std::move(parts)),
      table_(clock_, {},
             [this](const std::string& model, std::uint64_t release, const Error& cause) {
               on_quarantine(model, release, cause);
             }) {}

// A system call and a malformed reply have been recorded, and the model quarantined, before this; a
// model that died too often gets into quarantine here.
void ModelService::on_quarantine(const std::string& model, std::uint64_t release,
                                 const Error& cause) {
  if (const auto lease = table_.find(model, release))
    quarantine((*lease)->note<Note>().model(), cause);
  else
    parts_.tell(model + " release " + std::to_string(release) + " has gone, and misbehaved", cause);
}

void ModelService::quarantine(const ServedModel& about, const Error& cause) {
  const auto kept = parts_.quarantine.add({.model_root = about.model_root,
                                           .model = about.name,
                                           .release = about.release,
                                           .cause = describe(cause)});
  if (!kept) parts_.tell("a quarantine could not be kept", kept.error());
  parts_.tell(about.name.str() + " release " + std::to_string(about.release) + " is quarantined",
              cause);
}

// Where the contract says so, the answer that shows it is the last one; another release, which may
// have taken over meanwhile, goes on.
void ModelService::on_drift(const ReplicaPlan& plan, const Drift& drift) {
  const std::string model = plan.about.name.str();
  const Error cause{"AGT-CONTRACT-DRIFT",
                    "the model's answers are distributed otherwise than its contract says",
                    text_of(drift), "are its inputs still what it was made for?"};
  record_violation(plan, ledger::ViolationKind::drift, cause.message + ": " + cause.cause);
  if (drift.on_drift == release::OnDrift::tell) {
    parts_.tell(model + " release " + std::to_string(plan.about.release) + " drifted", cause);
    return;
  }
  quarantine(plan.about, cause);  // first: nothing may start it again in between
  table_.withdraw(model, plan.about.release, describe(cause));
}

Result<void> ModelService::publish(FetchedRelease release, std::function<Result<void>()> accept) {
  const auto profile = profile_digest(release.terms.settings, parts_.spawner->posture());
  auto plan =
      std::make_shared<const ReplicaPlan>(ReplicaPlan{.about = std::move(release.about),
                                                      .settings = std::move(release.terms.settings),
                                                      .sealed = std::move(release.sealed),
                                                      .golden = std::move(release.terms.golden),
                                                      .profile_sha256 = profile,
                                                      .worker_sha256 = parts_.worker_sha256,
                                                      .spawner = *parts_.spawner,
                                                      .record = parts_.record});
  for (const attestation::RuntimeEvent& event : events_of(*plan))
    VEDETTE_CHECK(parts_.measure(event));
  Note note{.plan = plan};
  if (release.terms.rate) note.rate = std::make_shared<RateLimit>(*release.terms.rate, clock_);
  const auto distributions = std::move(release.terms.distributions);
  if (!distributions.empty())
    note.drift = std::make_shared<DriftWatch>(
        distributions, [this, plan](const Drift& drift) { on_drift(*plan, drift); });
  const auto factory = [=]() -> Result<std::unique_ptr<inference::serving::Replica>> {
    VEDETTE_TRY(auto replica, start_replica(plan));
    VEDETTE_CHECK(check_distributions(distributions, replica->metadata()));
    VEDETTE_CHECK(check_golden(*replica, plan->golden, plan->about.call_deadline));
    return replica;
  };
  auto& rules = release.terms.rules;
  const bool has_rules = !rules.inputs.empty() || !rules.outputs.empty();
  return table_.publish(
      {.model = plan->about.name.str(),
       .version = plan->about.release,
       .note = std::move(note),
       .rules = has_rules ? std::optional(std::move(rules)) : std::nullopt,
       .settings = release.terms.serving,
       .factory = factory,
       .accept = [plan, &clock = parts_.clock, accept = std::move(accept)]() -> Result<void> {
         VEDETTE_CHECK(plan->about.check_time(clock.now()));
         return accept();
       }});
}

std::optional<PresentRelease> ModelService::present(const ModelName& model) {
  const auto lease = table_.find(model.str());
  if (!lease) return std::nullopt;
  const auto& plan = (*lease)->note<Note>().plan;
  const ServedModel& about = plan->about;
  return PresentRelease{.release = about.release,
                        .model_root = about.model_root,
                        .file = PresentFile{.file = {about.file_sha256, plan->sealed.size()},
                                            .memory = std::shared_ptr<const inference::SealedModel>(
                                                plan, &plan->sealed)}};
}

std::string ModelService::bounded_by(const ModelName& model) {
  const auto lease = table_.find(model.str());
  return lease ? (*lease)->note<Note>().plan->bounds->text() : "";
}

Result<std::unique_ptr<ModelHold>> ModelService::find(std::string_view name,
                                                      std::optional<std::uint64_t> release) {
  auto lease = release ? table_.find(name, *release) : table_.find(name);
  if (!lease) return std::unexpected(as_seen_by_callers(std::move(lease).error()));
  return std::make_unique<Hold>(*std::move(lease), parts_.clock);
}

std::vector<std::unique_ptr<ModelHold>> ModelService::all() {
  std::vector<std::unique_ptr<ModelHold>> holds;
  for (const auto& version : table_.status())
    if (auto lease = table_.find(version.model, version.version))
      holds.push_back(std::make_unique<Hold>(*std::move(lease), parts_.clock));
  return holds;
}

Json ModelService::status() const {
  Json::Array models;
  for (const auto& version : table_.status())
    if (const auto lease = table_.find(version.model, version.version))
      models.push_back(status_of(version, (*lease)->note<Note>()));
  return models;
}

}  // namespace vedette::agent
