// ServingTable: the models that answer on this device, by name and version, and how one release
// takes another's place without a failed call.
//
//   VEDETTE_CHECK(table.publish({.model = "gauge", .version = 7, .factory = ...}));
//   VEDETTE_TRY(const auto gauge, table.find("gauge"));
//   VEDETTE_TRY(const auto outputs, gauge->infer(inputs, deadline, OutputView::everything()));
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/serving/served_version.h"

namespace vedette::inference::serving {

struct TablePolicy {
  // Versions that stay, ready, below the default one; they cost their memory.
  std::size_t keep_versions = 0;
  // Calls on a version that goes have this long to end.
  std::chrono::milliseconds drain_deadline{10'000};
};

struct VersionStatus {
  std::string model;
  std::uint64_t version = 0;
  bool is_default = false;
  bool ready = false;
  ServingStats stats;
  RuleStats rules;
};

// Which of these versions go: all but the newest and the `keep` below it. Pure; ascending order.
[[nodiscard]] std::vector<std::uint64_t> superseded(std::vector<std::uint64_t> versions,
                                                    std::size_t keep);

// Thread-safe. The newest version of a model is its default, also when it is quarantined: going
// back to an older release is a decision that is not made here.
class ServingTable {
 public:
  using OnQuarantine =
      std::function<void(const std::string& model, std::uint64_t version, const Error& cause)>;

  // `clock` outlives the table. `on_quarantine` may be called from any thread, without a lock; it
  // may withdraw, but not publish.
  ServingTable(const MonotonicClock& clock, TablePolicy policy, OnQuarantine on_quarantine);
  ServingTable(const ServingTable&) = delete;
  ServingTable& operator=(const ServingTable&) = delete;
  ~ServingTable();  // clears, and waits for the leases that are still held

  // Starts the release and, once it is ready, lets it answer; then the versions that it supersedes
  // drain and end. Blocks for all of that; until the new one is ready nothing else has changed.
  // Refuses SRV-VERSION (such a version is served already, or newer ones would supersede it at
  // once), SRV-WITHDRAWN (withdrawn while it started), as ServedVersion::start does, and as the
  // release's `accept` does, which is not asked about a release that was withdrawn before.
  [[nodiscard]] Result<void> publish(Release release);

  // The model's default version, or that version. Refuses SRV-NO-MODEL, SRV-NO-VERSION.
  [[nodiscard]] Result<VersionLease> find(std::string_view model) const;
  [[nodiscard]] Result<VersionLease> find(std::string_view model, std::uint64_t version) const;

  // Trust has ended: kills every worker of the model (of all models) at once, those that drain
  // included. Calls in flight, and later ones on leases still held, are refused SRV-WITHDRAWN with
  // this cause; a publish in progress too. Waits for nothing.
  void withdraw(std::string_view model, const std::string& cause);
  // The same for that version alone, be it served, draining or in the making.
  void withdraw(std::string_view model, std::uint64_t version, const std::string& cause);
  void clear(const std::string& cause);

  [[nodiscard]] std::vector<VersionStatus> status() const;  // by model, then by version

 private:
  using Version = std::shared_ptr<ServedVersion>;
  using Versions = std::map<std::uint64_t, Version>;

  struct Publishing {
    std::string model;
    std::uint64_t version = 0;
    std::optional<Error> withdrawn;
  };

  [[nodiscard]] Result<void> announce(const Release& release);
  [[nodiscard]] Result<Version> start_accepted(Release release);
  [[nodiscard]] std::optional<Error> withdrawn_meanwhile() const;
  [[nodiscard]] Result<std::vector<Version>> install(const Version& version);
  void retire(std::vector<Version> versions);
  [[nodiscard]] Result<VersionLease> find_in(std::string_view model,
                                             std::optional<std::uint64_t> version) const;
  using Matches = std::function<bool(std::string_view model, std::uint64_t version)>;
  void end_matching(const Matches& matches, const std::string& cause);
  void empty_graveyard();  // of those that nobody holds any more

  const MonotonicClock& clock_;
  const TablePolicy policy_;
  const OnQuarantine on_quarantine_;

  std::mutex publish_mutex_;  // one start at a time: two would need the memory of both
  mutable std::mutex mutex_;
  std::map<std::string, Versions, std::less<>> models_;
  std::vector<Version> draining_;
  std::optional<Publishing> publishing_;
  // Ended but not yet destroyed: they may be leased, destroying them may wait for a worker's start
  // to return, and a worker's thread, which may be the one that withdraws them, cannot do it.
  std::vector<Version> graveyard_;
};

}  // namespace vedette::inference::serving
