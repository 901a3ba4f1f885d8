#include "release/tuf/renewal.h"

#include <algorithm>
#include <utility>

#include "release/tuf/repository_folder.h"

namespace vedette::release::tuf {

namespace {

Result<Bytes> named_metadata(const ServedFiles& files, std::string_view role,
                             std::int64_t version) {
  const std::string name = std::to_string(version) + "." + std::string(role) + ".json";
  VEDETTE_TRY(auto octets, files.metadata(name));
  if (octets) return *std::move(octets);
  return refuse("TUF-VERSION", "the TUF repository names metadata that is not there", name);
}

std::unexpected<Error> nothing_yet() {
  return refuse("TUF-NOTHING", "the TUF repository has published nothing yet", {},
                "'vedette tuf publish' does it first");
}

}  // namespace

Result<Validity> validity_of(const ServedFiles& files, const Lifetimes& lifetimes) {
  VEDETTE_TRY(const auto octets, files.metadata("timestamp.json"));
  if (!octets) return nothing_yet();
  VEDETTE_TRY(const auto timestamp, parse_timestamp(*octets));
  VEDETTE_TRY(const Bytes snapshot_octets,
              named_metadata(files, kSnapshot, timestamp.content.snapshot.version));
  VEDETTE_TRY(const auto snapshot, parse_snapshot(snapshot_octets));
  const auto listed = snapshot.content.files.find("targets.json");
  if (listed == snapshot.content.files.end())
    return refuse("TUF-NOT-IN-SNAPSHOT", "the snapshot lists no targets metadata");
  VEDETTE_TRY(const Bytes targets_octets, named_metadata(files, kTargets, listed->second.version));
  VEDETTE_TRY(const auto targets, parse_targets(targets_octets));
  VEDETTE_TRY(const auto root_octets, files.last_root());
  if (!root_octets) return nothing_yet();
  VEDETTE_TRY(const auto root, parse_root(*root_octets));
  const auto [expires, first] =
      std::min<std::pair<TimePoint, std::string_view>>({{timestamp.expires, kTimestamp},
                                                        {snapshot.expires, kSnapshot},
                                                        {targets.expires, kTargets},
                                                        {root.expires, kRoot}});
  return Validity{.expires = expires,
                  .first = std::string(first),
                  .due = std::min(timestamp.expires - lifetimes.timestamp / 2,
                                  snapshot.expires - lifetimes.snapshot / 2),
                  .made = std::max(timestamp.expires - lifetimes.timestamp,
                                   snapshot.expires - lifetimes.snapshot)};
}

bool is_renewal_due(const Validity& validity, TimePoint now) {
  return now >= validity.due || now < validity.made;
}

Result<void> check_current(const Validity& validity, TimePoint now) {
  if (now < validity.expires) return {};
  const bool is_online = validity.first == kTimestamp || validity.first == kSnapshot;
  return refuse("TUF-EXPIRED", "clients refuse the TUF repository: one of its roles has expired",
                validity.first + ", on " + to_rfc3339(validity.expires),
                is_online ? "'vedette tuf publish' with the online key renews it"
                          : "its author signs the next version of it, and publishes that");
}

Result<void> renew(const std::string& folder, const OnlineKeys& keys, const Lifetimes& lifetimes,
                   TimePoint now) {
  VEDETTE_TRY(RepositoryFolder repository, RepositoryFolder::open(folder));
  VEDETTE_TRY(const Published published, repository.published());
  VEDETTE_TRY(const auto files, next_publication(published, {}, keys, lifetimes, now));
  return repository.put(files);
}

}  // namespace vedette::release::tuf
