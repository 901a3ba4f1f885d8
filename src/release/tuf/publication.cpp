#include "release/tuf/publication.h"

#include <algorithm>
#include <limits>
#include <ranges>
#include <set>

#include "release/tuf/delegation.h"
#include "release/tuf/document.h"
#include "release/tuf/limits.h"
#include "release/tuf/target_name.h"

namespace vedette::release::tuf {
namespace {

using codec::Json;

// After the highest version there is no other: clients that saw it have to forget it (5.3.11).
std::int64_t following(std::int64_t version) {
  return version == std::numeric_limits<std::int64_t>::max() ? 1 : version + 1;
}

Json meta_of(std::int64_t version, ByteView octets) {
  return Json::Object{{"version", version},
                      {"length", std::uint64_t{octets.size()}},
                      {"hashes", Json::Object{{"sha256", to_hex(crypto::sha256(octets))}}}};
}

Result<Bytes> signed_by(std::string_view type, std::int64_t version, TimePoint expires, Json meta,
                        const std::vector<crypto::PrivateKey>& keys) {
  Document document;
  document.content = Json::Object{{"_type", type},
                                  {"spec_version", "1.0.34"},
                                  {"version", version},
                                  {"expires", to_rfc3339(expires)},
                                  {"meta", std::move(meta)}};
  for (const crypto::PrivateKey& key : keys)
    VEDETTE_CHECK(sign_document(document, key));
  return write_document(document);
}

struct Visit {
  std::string role;
  std::string delegator;
};

Visit first_visit() {
  return {.role = std::string(kTargets), .delegator = std::string(kRoot)};
}

// A search for `name` (5.6.7) that goes on where it would have found one elsewhere: that another
// role goes before is no fault.
Result<void> check_is_asked(TrustedSet& trusted, std::string_view role, const std::string& name) {
  std::vector<Visit> open{first_visit()};
  std::set<std::string> visited;
  while (!open.empty()) {
    const Visit visit = std::move(open.back());
    open.pop_back();
    if (!visited.insert(visit.role).second) continue;
    if (visited.size() > kMaxDelegations + 1) break;
    if (visit.role == role) return {};
    if (!trusted.has_targets(visit.role)) continue;  // it has expired
    VEDETTE_TRY(const Targets* targets, trusted.targets(visit.role, visit.delegator));
    if (!targets->delegations) continue;
    const std::vector<Child> children = children_for(*targets->delegations, name);
    if (!children.empty() && children.back().terminating) open.clear();
    for (const Child& child : std::views::reverse(children))
      open.push_back({.role = child.role_name, .delegator = visit.role});
  }
  return refuse("TUF-PATH", "a role lists a target that no client would ask it for",
                std::string(role) + ": " + name, "may it speak of that path?");
}

class Publication {
 public:
  Publication(const Published& published, const Staged& staged, TimePoint now)
      : published_(published), staged_(staged), now_(now) {}

  Result<std::vector<MetadataFile>> make(const OnlineKeys& keys, const Lifetimes& lifetimes) {
    VEDETTE_TRY(TrustedSet trusted, next_root());
    VEDETTE_CHECK(add_staged());
    VEDETTE_CHECK(add_snapshot(trusted, keys, lifetimes.snapshot));
    VEDETTE_CHECK(add_timestamp(keys, lifetimes.timestamp));
    VEDETTE_CHECK(believe(trusted));
    return std::move(files_);
  }

 private:
  Result<TrustedSet> next_root();
  Result<void> add_staged();
  Result<void> add_snapshot(const TrustedSet& trusted, const OnlineKeys& keys,
                            std::chrono::seconds lifetime);
  Result<void> add_timestamp(const OnlineKeys& keys, std::chrono::seconds lifetime);
  Result<void> believe(TrustedSet& trusted) const;
  Result<void> believe_roles(TrustedSet& trusted) const;
  Result<void> find_all(TrustedSet& trusted) const;
  [[nodiscard]] bool may_have_expired(const std::string& role, const Error& error) const;
  [[nodiscard]] bool keeps_snapshot(const TrustedSet& trusted, std::chrono::seconds lifetime) const;
  Result<Json> snapshot_meta() const;

  const Published& published_;
  const Staged& staged_;
  const TimePoint now_;
  bool fell_ = false;  // clients forget what they knew of timestamp and snapshot
  std::map<std::string, Bytes, std::less<>> targets_;
  Bytes snapshot_;
  std::int64_t snapshot_version_ = 0;
  Bytes timestamp_;
  std::vector<MetadataFile> files_;
};

Result<TrustedSet> Publication::next_root() {
  const auto& first = published_.root ? published_.root : staged_.root;
  if (!first)
    return refuse("TUF-NOTHING", "there is no root to publish", {},
                  "begin with 'vedette tuf init'");
  VEDETTE_TRY(TrustedSet trusted, TrustedSet::from_root(*first, now_));
  if (published_.root && staged_.root) {
    VEDETTE_CHECK(trusted.update_root(*staged_.root));
    fell_ = trusted.timestamp_and_snapshot_fell();
  }
  VEDETTE_CHECK(trusted.check_root_expiry());
  if (!trusted.root().content.consistent_snapshot)
    return refuse("TUF-CONSISTENT", "the root wants files without versions in their names",
                  "consistent_snapshot is false");
  if (staged_.root)
    files_.push_back({std::to_string(trusted.root().version) + ".root.json", *staged_.root});
  return trusted;
}

// A version once seen never has another content.
Result<void> Publication::add_staged() {
  targets_ = published_.targets;
  for (const auto& [role, octets] : staged_.targets) {
    if (is_top_level(role) && role != kTargets)
      return refuse("TUF-ROLE", "a role that is made at each publication is staged", role);
    VEDETTE_TRY(const auto next, parse_targets(octets));
    if (const auto before = published_.targets.find(role); before != published_.targets.end()) {
      VEDETTE_TRY(const auto known, parse_targets(before->second));
      if (next.version <= known.version)
        return refuse("TUF-VERSION", "a staged role does not follow the published one",
                      role + " has version " + std::to_string(next.version) + " after " +
                          std::to_string(known.version));
    }
    targets_.insert_or_assign(role, octets);
    files_.push_back({std::to_string(next.version) + "." + url_segment(role) + ".json", octets});
  }
  if (targets_.contains(kTargets)) return {};
  return refuse("TUF-NOTHING", "there is no targets metadata to publish");
}

bool Publication::keeps_snapshot(const TrustedSet& trusted, std::chrono::seconds lifetime) const {
  if (!staged_.targets.empty() || fell_) return false;
  const auto snapshot = parse_snapshot(*published_.snapshot);
  if (!snapshot || snapshot->expires <= now_ + lifetime / 2 || snapshot->expires > now_ + lifetime)
    return false;
  const Root& root = trusted.root().content;
  return verify_threshold(snapshot->signed_octets, snapshot->signatures, root.keys,
                          root.roles.find(kSnapshot)->second, kSnapshot)
      .has_value();
}

// What was listed once stays listed: a role that vanished would be a rollback (5.5.5).
Result<Json> Publication::snapshot_meta() const {
  Json meta = Json::Object{};
  if (published_.snapshot && !fell_) {
    VEDETTE_TRY(const Document before, read_document(*published_.snapshot));
    meta = *before.content.find("meta");
  }
  for (const auto& [role, octets] : targets_) {
    VEDETTE_TRY(const auto metadata, parse_targets(octets));
    meta.set(role + ".json", meta_of(metadata.version, octets));
  }
  return meta;
}

Result<void> Publication::add_snapshot(const TrustedSet& trusted, const OnlineKeys& keys,
                                       std::chrono::seconds lifetime) {
  if (published_.snapshot) {
    VEDETTE_TRY(const auto before, parse_snapshot(*published_.snapshot));
    snapshot_version_ = before.version;
    snapshot_ = *published_.snapshot;
    if (keeps_snapshot(trusted, lifetime)) return {};
  }
  snapshot_version_ = following(snapshot_version_);
  VEDETTE_TRY(Json meta, snapshot_meta());
  VEDETTE_TRY(snapshot_, signed_by(kSnapshot, snapshot_version_, now_ + lifetime, std::move(meta),
                                   keys.snapshot));
  files_.push_back({std::to_string(snapshot_version_) + ".snapshot.json", snapshot_});
  return {};
}

Result<void> Publication::add_timestamp(const OnlineKeys& keys, std::chrono::seconds lifetime) {
  std::int64_t version = 0;
  if (published_.timestamp) {
    VEDETTE_TRY(const auto before, parse_timestamp(*published_.timestamp));
    version = before.version;
  }
  Json meta = Json::Object{{"snapshot.json", meta_of(snapshot_version_, snapshot_)}};
  VEDETTE_TRY(timestamp_, signed_by(kTimestamp, following(version), now_ + lifetime,
                                    std::move(meta), keys.timestamp));
  files_.push_back({"timestamp.json", timestamp_});
  return {};
}

Result<void> Publication::believe(TrustedSet& trusted) const {
  if (published_.timestamp && !fell_) trusted.restore_timestamp(*published_.timestamp);
  VEDETTE_TRY(const bool is_new, trusted.update_timestamp(timestamp_));
  if (!is_new) return refuse("TUF-VERSION", "the timestamp would be of a version that was seen");
  if (published_.snapshot && !fell_) trusted.restore_snapshot(*published_.snapshot);
  if (!trusted.has_current_snapshot()) VEDETTE_CHECK(trusted.update_snapshot(snapshot_));
  VEDETTE_CHECK(believe_roles(trusted));
  return find_all(trusted);
}

// A publisher who lets a role lapse is missed by whoever asks for that role's targets, and holds up
// nobody else.
bool Publication::may_have_expired(const std::string& role, const Error& error) const {
  return error.code == "TUF-EXPIRED" && role != kTargets && !staged_.targets.contains(role);
}

// Every role that a client may come to, by every way that leads there.
Result<void> Publication::believe_roles(TrustedSet& trusted) const {
  std::vector<Visit> open{first_visit()};
  std::set<std::pair<std::string, std::string>> visited;
  while (!open.empty()) {
    const Visit visit = std::move(open.back());
    open.pop_back();
    if (!visited.insert({visit.role, visit.delegator}).second) continue;
    if (!trusted.has_targets(visit.role)) {
      const auto octets = targets_.find(visit.role);
      if (octets == targets_.end())
        return refuse("TUF-NOT-IN-SNAPSHOT", "a role that is delegated to has no metadata yet",
                      visit.role, "stage and sign it too: clients would stop there");
      const auto believed = trusted.update_targets(visit.role, visit.delegator, octets->second);
      if (!believed && may_have_expired(visit.role, believed.error())) continue;
      if (!believed) return believed;
    }
    VEDETTE_TRY(const Targets* targets, trusted.targets(visit.role, visit.delegator));
    if (!targets->delegations) continue;
    for (const DelegatedRole& child : targets->delegations->roles)
      open.push_back({.role = child.name, .delegator = visit.role});
  }
  return {};
}

Result<void> Publication::find_all(TrustedSet& trusted) const {
  for (const auto& [role, octets] : staged_.targets) {
    VEDETTE_TRY(const auto metadata, parse_targets(octets));
    for (const auto& [name, target] : metadata.content.targets)
      VEDETTE_CHECK(check_is_asked(trusted, role, name));
  }
  return {};
}

}  // namespace

Result<std::vector<MetadataFile>> next_publication(const Published& published, const Staged& staged,
                                                   const OnlineKeys& keys,
                                                   const Lifetimes& lifetimes, TimePoint now) {
  return Publication(published, staged, now).make(keys, lifetimes);
}

}  // namespace vedette::release::tuf
