#include "inference/serving/serving_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vedette::inference::serving {

std::vector<std::uint64_t> superseded(std::vector<std::uint64_t> versions, std::size_t keep) {
  std::ranges::sort(versions);
  versions.resize(versions.size() > keep ? versions.size() - keep - 1 : 0);
  return versions;
}

ServingTable::ServingTable(const MonotonicClock& clock, TablePolicy policy,
                           OnQuarantine on_quarantine)
    : clock_(clock), policy_(policy), on_quarantine_(std::move(on_quarantine)) {}

ServingTable::~ServingTable() {
  clear("the table of served models is gone");
  for (const Version& version : graveyard_)
    version->wait_for_leases();
}

Result<void> ServingTable::publish(Release release) {
  std::unique_lock publishing(publish_mutex_);
  empty_graveyard();
  VEDETTE_CHECK(announce(release));
  auto version = start_accepted(std::move(release));
  if (!version) {
    const std::scoped_lock lock(mutex_);
    publishing_.reset();
    return std::unexpected(std::move(version).error());
  }
  VEDETTE_TRY(auto goes, install(*version));
  publishing.unlock();
  retire(std::move(goes));
  empty_graveyard();
  return {};
}

Result<ServingTable::Version> ServingTable::start_accepted(Release release) {
  auto on_quarantine = [this, model = release.model, number = release.version](const Error& error) {
    if (on_quarantine_) on_quarantine_(model, number, error);
  };
  const auto accept = std::exchange(release.accept, {});
  VEDETTE_TRY(Version version,
              ServedVersion::start(std::move(release), clock_, std::move(on_quarantine)));
  std::optional<Error> refusal = withdrawn_meanwhile();
  if (!refusal && accept)
    if (const auto accepted = accept(); !accepted) refusal = accepted.error();
  if (!refusal) return version;
  version->end(*refusal);
  return std::unexpected(*std::move(refusal));
}

std::optional<Error> ServingTable::withdrawn_meanwhile() const {
  const std::scoped_lock lock(mutex_);
  return publishing_->withdrawn;
}

// Refuses what could not stay, before anything is started for it.
Result<void> ServingTable::announce(const Release& release) {
  const auto refused = [&](std::string message) {
    return refuse("SRV-VERSION", std::move(message),
                  release.model + " " + std::to_string(release.version));
  };
  const std::scoped_lock lock(mutex_);
  if (const auto found = models_.find(release.model); found != models_.end()) {
    if (found->second.contains(release.version))
      return refused("this version of the model is served already");
    std::vector<std::uint64_t> numbers{release.version};
    for (const auto& [number, version] : found->second)
      numbers.push_back(number);
    if (std::ranges::binary_search(superseded(std::move(numbers), policy_.keep_versions),
                                   release.version))
      return refused("newer versions of the model are served");
  }
  publishing_ =
      Publishing{.model = release.model, .version = release.version, .withdrawn = std::nullopt};
  return {};
}

// The moment of the swap: from here on find() gives the new version. Returns the versions that go.
Result<std::vector<ServingTable::Version>> ServingTable::install(const Version& version) {
  std::optional<Error> withdrawn;
  std::vector<Version> goes;
  {
    const std::scoped_lock lock(mutex_);
    withdrawn = std::move(publishing_->withdrawn);
    publishing_.reset();
    if (!withdrawn) {
      Versions& versions = models_[version->model()];
      versions.emplace(version->version(), version);
      std::vector<std::uint64_t> numbers;
      for (const auto& [number, served] : versions)
        numbers.push_back(number);
      for (const std::uint64_t number : superseded(std::move(numbers), policy_.keep_versions))
        goes.push_back(std::move(versions.extract(number).mapped()));
      draining_.insert(draining_.end(), goes.begin(), goes.end());
    }
  }
  if (!withdrawn) return goes;
  version->end(*withdrawn);
  return std::unexpected(*std::move(withdrawn));
}

void ServingTable::retire(std::vector<Version> versions) {
  const SteadyTime until = clock_.now() + policy_.drain_deadline;
  for (Version& version : versions) {
    version->drain(until, clock_);
    version->end({"SRV-DRAINED", "this version of the model has been replaced",
                  version->model() + " " + std::to_string(version->version()),
                  "ask for the default version"});
    const std::scoped_lock lock(mutex_);
    if (std::erase(draining_, version) != 0) graveyard_.push_back(std::move(version));
  }
}

Result<VersionLease> ServingTable::find(std::string_view model) const {
  return find_in(model, std::nullopt);
}

Result<VersionLease> ServingTable::find(std::string_view model, std::uint64_t version) const {
  return find_in(model, version);
}

// The lease is taken under the lock: a swap cannot come between, so it waits for this caller.
Result<VersionLease> ServingTable::find_in(std::string_view model,
                                           std::optional<std::uint64_t> version) const {
  const std::scoped_lock lock(mutex_);
  const auto found = models_.find(model);
  if (found == models_.end())
    return refuse("SRV-NO-MODEL", "no such model answers here", std::string(model.substr(0, 80)),
                  "it may still be on its way; see the status");
  const Versions& versions = found->second;
  const auto served = version ? versions.find(*version) : std::prev(versions.end());
  if (served == versions.end())
    return refuse("SRV-NO-VERSION", "this version of the model does not answer here",
                  std::to_string(*version), "ask for the default version");
  return VersionLease(*served->second);
}

void ServingTable::withdraw(std::string_view model, const std::string& cause) {
  end_matching([&](std::string_view name, std::uint64_t) { return name == model; }, cause);
}

void ServingTable::withdraw(std::string_view model, std::uint64_t version,
                            const std::string& cause) {
  end_matching([&](std::string_view name,
                   std::uint64_t number) { return name == model && number == version; },
               cause);
}

void ServingTable::clear(const std::string& cause) {
  end_matching([](std::string_view, std::uint64_t) { return true; }, cause);
}

void ServingTable::end_matching(const Matches& matches, const std::string& cause) {
  const Error reason{"SRV-WITHDRAWN", "the model has been withdrawn on this device", cause, ""};
  const auto is_it = [&](const Version& version) {
    return matches(version->model(), version->version());
  };
  std::vector<Version> ends;
  {
    const std::scoped_lock lock(mutex_);
    for (auto& [name, versions] : models_)
      for (auto& [number, version] : versions)
        if (is_it(version)) ends.push_back(version);
    for (auto& [name, versions] : models_)
      std::erase_if(versions, [&](const auto& entry) { return is_it(entry.second); });
    std::erase_if(models_, [](const auto& entry) { return entry.second.empty(); });
    const auto going =
        std::ranges::partition(draining_, [&](const Version& one) { return !is_it(one); });
    ends.insert(ends.end(), going.begin(), going.end());
    draining_.erase(going.begin(), going.end());
    if (publishing_ && matches(publishing_->model, publishing_->version))
      publishing_->withdrawn = reason;
    graveyard_.insert(graveyard_.end(), ends.begin(), ends.end());
  }
  for (const Version& version : ends)
    version->end(reason);
}

void ServingTable::empty_graveyard() {
  std::vector<Version> dead;  // destroyed without the lock
  {
    const std::scoped_lock lock(mutex_);
    // New owners come from the table alone, and under the lock: the only one stays the only one.
    const auto free = std::ranges::partition(graveyard_, [](const Version& version) {
      return version.use_count() > 1 || version->is_leased();
    });
    dead.assign(std::make_move_iterator(free.begin()), std::make_move_iterator(free.end()));
    graveyard_.erase(free.begin(), free.end());
  }
}

std::vector<VersionStatus> ServingTable::status() const {
  std::vector<Version> all;
  std::vector<bool> is_default;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, versions] : models_)
      for (const auto& [number, version] : versions) {
        all.push_back(version);
        is_default.push_back(version == versions.rbegin()->second);
      }
  }
  std::vector<VersionStatus> status;
  status.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    status.push_back({.model = all[i]->model(),
                      .version = all[i]->version(),
                      .is_default = is_default[i],
                      .ready = all[i]->ready(),
                      .stats = all[i]->stats(),
                      .rules = all[i]->rule_stats()});
  return status;
}

}  // namespace vedette::inference::serving
