// ServedVersion: one release of a model as it is served, and the leases that callers hold on it.
#pragma once

#include <any>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "inference/serving/io_rules.h"
#include "inference/serving/model_server.h"

namespace vedette::inference::serving {

// What it takes to serve a release.
struct Release {
  std::string model;
  std::uint64_t version = 0;
  // What its owner wants to find again with every call (a digest, a contract); serving does not
  // look at it.
  std::any note = {};
  std::optional<IoRules> rules =
      std::nullopt;  // of its contract; none: what the model itself declares
  ServerSettings settings = {};
  ReplicaFactory factory = {};
  // Asked once, when every replica is ready and before the release answers; its refusal ends the
  // release. None: yes. Called without a lock; it may not call the table.
  std::function<Result<void>()> accept = {};
  std::optional<Error> quarantined = std::nullopt;  // already, with this cause
};

// How often the I/O rules said no.
struct RuleStats {
  std::uint64_t requests = 0;
  std::uint64_t answers = 0;
};

// A version with its server. Everything but the counters is immutable. Thread-safe.
class ServedVersion {
 public:
  // Returns when every replica is ready. Refuses IO-RULES, and as ModelServer::start does.
  [[nodiscard]] static Result<std::shared_ptr<ServedVersion>> start(
      Release release, const MonotonicClock& clock,
      std::function<void(const Error&)> on_quarantine);

  [[nodiscard]] const std::string& model() const { return release_.model; }
  [[nodiscard]] std::uint64_t version() const { return release_.version; }
  [[nodiscard]] const ModelMetadata& metadata() const { return server_->metadata(); }
  // The release's note; throws std::bad_any_cast when it is no T.
  template <class T>
  [[nodiscard]] const T& note() const {
    return std::any_cast<const T&>(release_.note);
  }

  // One call, within the release's I/O rules: refuses IO-* as io_rules.h says, and as the server
  // does. The answer holds what `view` shows, after all of it was checked.
  [[nodiscard]] Answer infer(Inputs inputs, microseconds deadline, const OutputView& view);

  [[nodiscard]] ServingStats stats() const { return server_->stats(); }
  [[nodiscard]] RuleStats rule_stats() const;
  [[nodiscard]] bool ready() const { return server_->ready(); }

 private:
  friend class VersionLease;
  friend class ServingTable;

  explicit ServedVersion(Release release) : release_(std::move(release)) {}

  [[nodiscard]] Result<void> admit(Inputs inputs);
  [[nodiscard]] Answer checked(Answer answer, const OutputView& view);

  // Refuses everything from now on, with this reason.
  void end(Error reason);
  // Waits until no lease is held, or it was ended, or `until` has come.
  void drain(SteadyTime until, const MonotonicClock& clock);
  void wait_for_leases();
  [[nodiscard]] bool is_leased() const;
  void enter();
  void leave();

  const Release release_;
  IoRules rules_;
  std::unique_ptr<ModelServer> server_;
  std::atomic<std::uint64_t> refused_requests_ = 0;
  std::atomic<std::uint64_t> refused_answers_ = 0;

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable left_;
  std::size_t leases_ = 0;
  bool ended_ = false;
};

// A caller's hold on a version: while it lasts, a hot swap waits (bounded) before it ends the
// version. Copies hold too. From ServingTable::find; it must not outlive its table.
class VersionLease {
 public:
  ServedVersion* operator->() const { return version_.get(); }
  ServedVersion& operator*() const { return *version_; }

  // As ServedVersion::infer, without blocking; see ModelServer::post for the callback. The call
  // holds the version until it has ended.
  PostedCall post(std::vector<Tensor> inputs, microseconds deadline, OutputView view,
                  Callback callback) const;

 private:
  friend class ServingTable;
  explicit VersionLease(ServedVersion& version);

  std::shared_ptr<ServedVersion> version_;  // counts the lease; the table owns the version
};

}  // namespace vedette::inference::serving
