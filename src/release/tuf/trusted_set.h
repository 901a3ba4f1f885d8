// TrustedSet: what a client believes of a repository, and the only way to make it believe more.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "release/tuf/metadata.h"

namespace vedette::release::tuf {

// The specification's client workflow (5.2 to 5.6) as a state machine without files, network or
// clock: it is given octets, in the workflow's order, and the time at which the update started. A
// call that refuses changes nothing. Calls out of order throw std::logic_error.
//
// Besides what metadata.h refuses: TUF-SIGNATURES, TUF-VERSION (not the one expected), TUF-ROLLBACK
// (older than what was seen), TUF-EXPIRED, TUF-LENGTH, TUF-HASH, and TUF-NOT-IN-SNAPSHOT.
class TrustedSet {
 public:
  // 5.2: a root that the caller trusts; it has to be signed by its own keys, and may be expired.
  [[nodiscard]] static Result<TrustedSet> from_root(ByteView octets, TimePoint start);

  // 5.3.4 to 5.3.7: signed by the keys of this root and the last, of the next version.
  [[nodiscard]] Result<void> update_root(ByteView octets);
  // 5.3.11: whether the last update_root took a key from timestamp or snapshot. What was known of
  // both is forgotten then, so that a repository can recover from versions set too high.
  [[nodiscard]] bool timestamp_and_snapshot_fell() const { return fell_; }
  [[nodiscard]] Result<void> check_root_expiry() const;  // 5.3.10

  // What an earlier update has stored: only to tell older from newer. Ignored when the present root
  // does not vouch for it: then it says nothing.
  void restore_timestamp(ByteView octets);
  // 5.4.2 to 5.4.4. False: it has the version that is known; it is ignored.
  [[nodiscard]] Result<bool> update_timestamp(ByteView octets);
  [[nodiscard]] Result<void> check_timestamp_expiry() const;

  void restore_snapshot(ByteView octets);
  // Whether what was restored is what the timestamp names, and has not expired.
  [[nodiscard]] bool has_current_snapshot() const { return snapshot_is_current_; }
  [[nodiscard]] Result<void> update_snapshot(ByteView octets);  // 5.5.2 to 5.5.6

  // 5.6.2 to 5.6.5 for `targets` (delegator: `root`) and, by 5.6.7, for delegated roles.
  [[nodiscard]] Result<void> update_targets(std::string_view role, std::string_view delegator,
                                            ByteView octets);
  [[nodiscard]] bool has_targets(std::string_view role) const { return targets_.contains(role); }
  // Verified against the keys of *this* delegator, whoever led to the role before.
  [[nodiscard]] Result<const Targets*> targets(std::string_view role, std::string_view delegator);

  [[nodiscard]] const Metadata<Root>& root() const { return root_; }
  [[nodiscard]] const MetaFile& snapshot_file() const;
  [[nodiscard]] Result<const MetaFile*> targets_file(std::string_view role) const;

 private:
  struct Loaded {
    Metadata<Targets> metadata;
    std::set<std::string, std::less<>> delegators;  // whose keys have signed it
  };

  TrustedSet(Metadata<Root> root, TimePoint start) : root_(std::move(root)), start_(start) {}

  template <class T>
  [[nodiscard]] Result<void> check_expiry(const Metadata<T>& metadata, std::string_view role) const;
  template <class T>
  [[nodiscard]] Result<void> signed_by_root(const Metadata<T>& metadata) const;
  [[nodiscard]] Result<void> signed_by(std::string_view delegator, std::string_view role,
                                       const Metadata<Targets>& metadata) const;
  [[nodiscard]] Result<void> check_snapshot_rollback(const Snapshot& snapshot) const;

  Metadata<Root> root_;
  TimePoint start_;
  bool fell_ = false;
  std::optional<Metadata<Timestamp>> timestamp_;
  std::optional<Metadata<Snapshot>> snapshot_;  // current, or from an earlier update
  bool snapshot_is_current_ = false;
  std::map<std::string, Loaded, std::less<>> targets_;
};

}  // namespace vedette::release::tuf
