#include "release/tuf/updater.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <vector>

#include "release/tuf/delegation.h"
#include "release/tuf/limits.h"
#include "release/tuf/target_name.h"

namespace vedette::release::tuf {
namespace {

constexpr std::chrono::seconds kMetadataTime{60};
constexpr std::uint64_t kSlowestOctetsPerSecond = 3200;  // of a target

std::string joined(const std::string& base, const std::string& path) {
  return base.ends_with('/') ? base + path : base + "/" + path;
}

// `dir/name` becomes `dir/DIGEST.name` where snapshots are consistent (6.2).
std::string target_path(const TargetFile& target, bool consistent_snapshot) {
  std::string path = url_path(target.name);
  if (!consistent_snapshot) return path;
  const std::size_t slash = path.rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  return path.substr(0, name) + target.hashes.front().second + "." + path.substr(name);
}

}  // namespace

Result<void> trust_root(MetadataStore& store, ByteView root) {
  VEDETTE_CHECK(TrustedSet::from_root(root, TimePoint{}));
  VEDETTE_TRY(const auto present, store.read(kRoot, kMaxRootOctets));
  if (!present) return store.write(kRoot, root);
  if (equal(*present, root)) return {};
  return refuse("TUF-ANCHORED", "another root is trusted here already", {},
                "remove the folder's contents if you mean to begin anew");
}

Updater::Updater(Fetcher& fetcher, MetadataStore& store, const Clock& clock, Repository repository)
    : fetcher_(fetcher), store_(store), clock_(clock), repository_(std::move(repository)) {}

Result<void> Updater::refresh() {
  trusted_.reset();
  const TimePoint start = clock_.now();  // 5.1: fixed for the whole update
  VEDETTE_TRY(const auto root, store_.read(kRoot, kMaxRootOctets));
  if (!root)
    return refuse("TUF-NO-ROOT", "no root is trusted here yet", {},
                  "give the root that came with the device first");
  VEDETTE_TRY(TrustedSet trusted, TrustedSet::from_root(*root, start));
  VEDETTE_CHECK(update_roots(trusted));
  VEDETTE_CHECK(update_timestamp(trusted));
  VEDETTE_CHECK(update_snapshot(trusted));
  VEDETTE_CHECK(load_targets(trusted, kTargets, kRoot));
  trusted_ = std::move(trusted);
  return {};
}

Result<void> Updater::update_roots(TrustedSet& trusted) {
  for (int i = 0; i < kMaxRootRotations; ++i) {
    const std::string file = std::to_string(trusted.root().version + 1) + ".root.json";
    const auto octets = fetch_metadata(file, kMaxRootOctets);
    if (!octets && octets.error().code == "TUF-NOT-FOUND") break;
    if (!octets) return std::unexpected(octets.error());
    VEDETTE_CHECK(trusted.update_root(*octets));
    VEDETTE_CHECK(store_.write(kRoot, *octets));
    // After the root: a crash between the two must not lose what was seen of older versions while
    // the old root, which would let them be offered again, is still the trusted one.
    if (trusted.timestamp_and_snapshot_fell()) {
      VEDETTE_CHECK(store_.remove(kTimestamp));
      VEDETTE_CHECK(store_.remove(kSnapshot));
    }
  }
  return trusted.check_root_expiry();
}

Result<void> Updater::update_timestamp(TrustedSet& trusted) {
  VEDETTE_TRY(const auto known, store_.read(kTimestamp, kMaxTimestampOctets));
  if (known) trusted.restore_timestamp(*known);
  VEDETTE_TRY(const Bytes octets, fetch_metadata("timestamp.json", kMaxTimestampOctets));
  VEDETTE_TRY(const bool is_new, trusted.update_timestamp(octets));
  if (is_new) return store_.write(kTimestamp, octets);
  return trusted.check_timestamp_expiry();
}

Result<void> Updater::update_snapshot(TrustedSet& trusted) {
  VEDETTE_TRY(const auto known, store_.read(kSnapshot, kMaxSnapshotOctets));
  if (known) trusted.restore_snapshot(*known);
  if (trusted.has_current_snapshot()) return {};
  VEDETTE_TRY(const Bytes octets,
              fetch_listed(trusted, kSnapshot, trusted.snapshot_file(), kMaxSnapshotOctets));
  VEDETTE_CHECK(trusted.update_snapshot(octets));
  return store_.write(kSnapshot, octets);
}

Result<const Targets*> Updater::load_targets(TrustedSet& trusted, std::string_view role,
                                             std::string_view delegator) {
  if (trusted.has_targets(role)) return trusted.targets(role, delegator);
  VEDETTE_TRY(const MetaFile* file, trusted.targets_file(role));
  VEDETTE_TRY(const auto known, store_.read(role, kMaxTargetsOctets));
  if (known && trusted.update_targets(role, delegator, *known))
    return trusted.targets(role, delegator);
  VEDETTE_TRY(const Bytes octets, fetch_listed(trusted, role, *file, kMaxTargetsOctets));
  VEDETTE_CHECK(trusted.update_targets(role, delegator, octets));
  VEDETTE_CHECK(store_.write(role, octets));
  return trusted.targets(role, delegator);
}

Result<Bytes> Updater::fetch_listed(const TrustedSet& trusted, std::string_view role,
                                    const MetaFile& file, std::uint64_t max_octets) {
  const std::string name = url_segment(role) + ".json";
  const std::string prefix =
      trusted.root().content.consistent_snapshot ? std::to_string(file.version) + "." : "";
  return fetch_metadata(prefix + name, std::min(file.length.value_or(max_octets), max_octets));
}

Result<Bytes> Updater::fetch_metadata(const std::string& file, std::uint64_t max_octets) {
  Bytes octets;
  VEDETTE_CHECK(fetcher_.fetch(
      joined(repository_.metadata_url, file), kMetadataTime, [&](ByteView piece) -> Result<void> {
        if (piece.size() > max_octets - octets.size())
          return refuse(
              "TUF-SIZE", "a file of metadata is too long",
              file.substr(0, 80) + ": more than " + std::to_string(max_octets) + " octets");
        append(octets, piece);
        return {};
      }));
  return octets;
}

Result<TargetFile> Updater::find(const std::string& target_name) {
  VEDETTE_CHECK(check_target_name(target_name));
  if (!trusted_) VEDETTE_CHECK(refresh());
  struct Visit {
    std::string role;
    std::string delegator;
  };
  std::vector<Visit> open{{.role = std::string(kTargets), .delegator = std::string(kRoot)}};
  std::set<std::string> visited;
  while (!open.empty()) {
    const Visit visit = std::move(open.back());
    open.pop_back();
    if (!visited.insert(visit.role).second) continue;
    if (visited.size() > kMaxDelegations + 1)
      return refuse("TUF-DELEGATIONS", "the search for a target asks too many roles", target_name);
    VEDETTE_TRY(const Targets* targets, load_targets(*trusted_, visit.role, visit.delegator));
    const auto found = targets->targets.find(target_name);
    if (found != targets->targets.end()) return found->second;
    if (!targets->delegations) continue;
    const std::vector<Child> children = children_for(*targets->delegations, target_name);
    if (!children.empty() && children.back().terminating) open.clear();
    for (const Child& child : std::views::reverse(children))
      open.push_back({.role = child.role_name, .delegator = visit.role});
  }
  return refuse("TUF-NO-TARGET", "the repository has no such target", target_name,
                "is the name right, and the role that lists it allowed to?");
}

Result<void> Updater::download(const TargetFile& target, const Sink& sink) {
  VEDETTE_CHECK(check_target_name(target.name));
  if (target.length > kMaxTargetOctets)  // the time that it may take could not be told either
    return refuse("TUF-SIZE", "a target is larger than any may be",
                  target.name + ": more than " + std::to_string(kMaxTargetOctets) + " octets");
  if (!trusted_) VEDETTE_CHECK(refresh());
  VEDETTE_TRY(PromiseCheck promise, PromiseCheck::begin(target.length, target.hashes));
  const std::string path = target_path(target, trusted_->root().content.consistent_snapshot);
  const auto within = kMetadataTime + std::chrono::seconds(target.length / kSlowestOctetsPerSecond);
  VEDETTE_CHECK(fetcher_.fetch(joined(repository_.targets_url, path), within,
                               [&](ByteView piece) -> Result<void> {
                                 VEDETTE_CHECK(promise.update(piece));
                                 return sink(piece);
                               }));
  return promise.finish();
}

}  // namespace vedette::release::tuf
