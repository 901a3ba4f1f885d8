#include "release/tuf/trusted_set.h"

#include <stdexcept>

#include "release/tuf/delegation.h"

namespace vedette::release::tuf {
namespace {

void require_order(bool in_order) {
  if (!in_order) throw std::logic_error("TUF metadata out of the workflow's order");
}

std::unexpected<Error> rollback(std::string cause) {
  return refuse("TUF-ROLLBACK", "the repository offers metadata older than what was seen before",
                std::move(cause), "a mirror lags behind, or somebody replays what was revoked");
}

std::string versions(std::string_view name, std::int64_t offered, std::int64_t expected) {
  return std::string(name.substr(0, 80)) + " has version " + std::to_string(offered) + ", not " +
         std::to_string(expected);
}

Result<void> check_version(std::string_view name, std::int64_t offered, std::int64_t expected) {
  if (offered == expected) return {};
  return refuse("TUF-VERSION", "metadata has another version than it must have",
                versions(name, offered, expected));
}

template <class T>
Result<void> verify_by(const Metadata<Root>& root, std::string_view role,
                       const Metadata<T>& metadata) {
  return verify_threshold(metadata.signed_octets, metadata.signatures, root.content.keys,
                          root.content.roles.find(role)->second, role);
}

bool lost_a_key(const Root& before, const Root& after, std::string_view role) {
  return is_rotated(before.keys, before.roles.find(role)->second, after.keys,
                    after.roles.find(role)->second);
}

}  // namespace

template <class T>
Result<void> TrustedSet::check_expiry(const Metadata<T>& metadata, std::string_view role) const {
  if (metadata.expires > start_) return {};
  return refuse("TUF-EXPIRED", "the repository's metadata has expired",
                std::string(role.substr(0, 80)) + " expired at " + to_rfc3339(metadata.expires),
                "is this machine's clock right, and does the repository still live?");
}

template <class T>
Result<void> TrustedSet::signed_by_root(const Metadata<T>& metadata) const {
  return verify_by(root_, T::kType, metadata);
}

Result<TrustedSet> TrustedSet::from_root(ByteView octets, TimePoint start) {
  VEDETTE_TRY(auto root, parse_root(octets));
  VEDETTE_CHECK(verify_by(root, kRoot, root));
  return TrustedSet(std::move(root), start);
}

Result<void> TrustedSet::update_root(ByteView octets) {
  require_order(!timestamp_ && !snapshot_);
  VEDETTE_TRY(auto root, parse_root(octets));
  VEDETTE_CHECK(verify_by(root_, kRoot, root));
  VEDETTE_CHECK(check_version(kRoot, root.version, root_.version + 1));
  VEDETTE_CHECK(verify_by(root, kRoot, root));
  fell_ = lost_a_key(root_.content, root.content, kTimestamp) ||
          lost_a_key(root_.content, root.content, kSnapshot);
  root_ = std::move(root);
  return {};
}

Result<void> TrustedSet::check_root_expiry() const {
  return check_expiry(root_, kRoot);
}

void TrustedSet::restore_timestamp(ByteView octets) {
  require_order(!timestamp_ && !snapshot_);
  auto timestamp = parse_timestamp(octets);
  if (timestamp && signed_by_root(*timestamp)) timestamp_ = *std::move(timestamp);
}

Result<bool> TrustedSet::update_timestamp(ByteView octets) {
  require_order(!snapshot_);
  VEDETTE_TRY(auto timestamp, parse_timestamp(octets));
  VEDETTE_CHECK(signed_by_root(timestamp));
  if (timestamp_) {
    if (timestamp.version < timestamp_->version)
      return rollback(versions(kTimestamp, timestamp.version, timestamp_->version));
    if (timestamp.version == timestamp_->version) return false;
    const std::int64_t known = timestamp_->content.snapshot.version;
    const std::int64_t offered = timestamp.content.snapshot.version;
    if (offered < known)
      return rollback("timestamp names a snapshot that " + versions("it", offered, known));
  }
  VEDETTE_CHECK(check_expiry(timestamp, kTimestamp));
  timestamp_ = std::move(timestamp);
  return true;
}

Result<void> TrustedSet::check_timestamp_expiry() const {
  require_order(timestamp_.has_value());
  return check_expiry(*timestamp_, kTimestamp);
}

const MetaFile& TrustedSet::snapshot_file() const {
  require_order(timestamp_.has_value());
  return timestamp_->content.snapshot;
}

void TrustedSet::restore_snapshot(ByteView octets) {
  const MetaFile& file = snapshot_file();
  require_order(!snapshot_);
  auto snapshot = parse_snapshot(octets);
  if (!snapshot || !signed_by_root(*snapshot)) return;
  snapshot_is_current_ = snapshot->version == file.version && check_expiry(*snapshot, kSnapshot) &&
                         check_promise(octets, file.length, file.hashes);
  snapshot_ = *std::move(snapshot);
}

Result<void> TrustedSet::check_snapshot_rollback(const Snapshot& snapshot) const {
  if (!snapshot_) return {};
  for (const auto& [name, known] : snapshot_->content.files) {
    const auto offered = snapshot.files.find(name);
    if (offered == snapshot.files.end())
      return rollback(name.substr(0, 80) + " has vanished from snapshot");
    if (offered->second.version < known.version)
      return rollback(versions(name, offered->second.version, known.version));
  }
  return {};
}

Result<void> TrustedSet::update_snapshot(ByteView octets) {
  const MetaFile& file = snapshot_file();
  require_order(targets_.empty());
  VEDETTE_CHECK(check_promise(octets, file.length, file.hashes));
  VEDETTE_TRY(auto snapshot, parse_snapshot(octets));
  VEDETTE_CHECK(signed_by_root(snapshot));
  VEDETTE_CHECK(check_version(kSnapshot, snapshot.version, file.version));
  VEDETTE_CHECK(check_snapshot_rollback(snapshot.content));
  VEDETTE_CHECK(check_expiry(snapshot, kSnapshot));
  snapshot_ = std::move(snapshot);
  snapshot_is_current_ = true;
  return {};
}

Result<const MetaFile*> TrustedSet::targets_file(std::string_view role) const {
  require_order(snapshot_is_current_);
  const auto& files = snapshot_->content.files;
  const auto file = files.find(std::string(role) + ".json");
  if (file != files.end()) return &file->second;
  return refuse("TUF-NOT-IN-SNAPSHOT", "the repository's snapshot does not list a role",
                std::string(role.substr(0, 80)));
}

Result<void> TrustedSet::signed_by(std::string_view delegator, std::string_view role,
                                   const Metadata<Targets>& metadata) const {
  if (delegator == kRoot && role == kTargets) return signed_by_root(metadata);
  const auto parent = targets_.find(delegator);
  require_order(parent != targets_.end());
  const auto& delegations = parent->second.metadata.content.delegations;
  const auto keys = delegations ? keys_of(*delegations, role) : std::nullopt;
  require_order(keys.has_value());
  return verify_threshold(metadata.signed_octets, metadata.signatures, delegations->keys, *keys,
                          role);
}

Result<void> TrustedSet::update_targets(std::string_view role, std::string_view delegator,
                                        ByteView octets) {
  VEDETTE_TRY(const MetaFile* file, targets_file(role));
  VEDETTE_CHECK(check_promise(octets, file->length, file->hashes));
  VEDETTE_TRY(auto metadata, parse_targets(octets));
  VEDETTE_CHECK(signed_by(delegator, role, metadata));
  VEDETTE_CHECK(check_version(role, metadata.version, file->version));
  VEDETTE_CHECK(check_expiry(metadata, role));
  Loaded loaded{.metadata = std::move(metadata), .delegators = {}};
  loaded.delegators.emplace(delegator);
  targets_.insert_or_assign(std::string(role), std::move(loaded));
  return {};
}

Result<const Targets*> TrustedSet::targets(std::string_view role, std::string_view delegator) {
  const auto loaded = targets_.find(role);
  require_order(loaded != targets_.end());
  auto& [metadata, delegators] = loaded->second;
  if (!delegators.contains(delegator)) {
    VEDETTE_CHECK(signed_by(delegator, role, metadata));
    delegators.emplace(delegator);
  }
  return &metadata.content;
}

}  // namespace vedette::release::tuf
