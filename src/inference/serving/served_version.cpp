#include "inference/serving/served_version.h"

#include <utility>

namespace vedette::inference::serving {

Result<std::shared_ptr<ServedVersion>> ServedVersion::start(
    Release release, const MonotonicClock& clock, std::function<void(const Error&)> on_quarantine) {
  if (release.rules) VEDETTE_CHECK(check_rules(*release.rules));
  std::shared_ptr<ServedVersion> version(new ServedVersion(std::move(release)));
  const Release& kept = version->release_;
  VEDETTE_TRY(version->server_,
              ModelServer::start(kept.settings, {.factory = kept.factory,
                                                 .clock = clock,
                                                 .on_quarantine = std::move(on_quarantine),
                                                 .quarantined = kept.quarantined}));
  version->rules_ = kept.rules ? *kept.rules : rules_from(version->metadata());
  return version;
}

Answer ServedVersion::infer(Inputs inputs, microseconds deadline, const OutputView& view) {
  VEDETTE_CHECK(admit(inputs));
  return checked(server_->infer(inputs, deadline), view);
}

Result<void> ServedVersion::admit(Inputs inputs) {
  if (release_.quarantined) return {};  // the server refuses it, and says why
  auto admitted = check_request(rules_, inputs);
  if (!admitted) ++refused_requests_;
  return admitted;
}

Answer ServedVersion::checked(Answer answer, const OutputView& view) {
  if (!answer) return answer;
  if (auto kept = check_answer(rules_, *answer); !kept) {
    ++refused_answers_;
    return std::unexpected(std::move(kept).error());
  }
  return view.filter(*std::move(answer));
}

RuleStats ServedVersion::rule_stats() const {
  return {.requests = refused_requests_, .answers = refused_answers_};
}

void ServedVersion::end(Error reason) {
  server_->close(std::move(reason));
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  left_.notify_all();
}

void ServedVersion::drain(SteadyTime until, const MonotonicClock& clock) {
  std::unique_lock lock(mutex_);
  while (leases_ != 0 && !ended_ && clock.now() < until)
    clock.wait_until(left_, lock, until);
}

void ServedVersion::wait_for_leases() {
  std::unique_lock lock(mutex_);
  left_.wait(lock, [this] { return leases_ == 0; });
}

bool ServedVersion::is_leased() const {
  const std::scoped_lock lock(mutex_);
  return leases_ != 0;
}

void ServedVersion::enter() {
  const std::scoped_lock lock(mutex_);
  ++leases_;
}

// Rings under the lock: once it is released, the version may be destroyed.
void ServedVersion::leave() {
  const std::scoped_lock lock(mutex_);
  if (--leases_ == 0) left_.notify_all();
}

VersionLease::VersionLease(ServedVersion& version) {
  version.enter();
  version_ = {&version, [](ServedVersion* left) { left->leave(); }};
}

PostedCall VersionLease::post(std::vector<Tensor> inputs, microseconds deadline, OutputView view,
                              Callback callback) const {
  if (auto admitted = version_->admit(views_of(inputs)); !admitted) {
    callback(std::unexpected(std::move(admitted).error()));
    return {};
  }
  return version_->server_->post(
      std::move(inputs), deadline,
      [lease = *this, view = std::move(view), callback = std::move(callback)](Answer answer) {
        callback(lease->checked(std::move(answer), view));
      });
}

}  // namespace vedette::inference::serving
