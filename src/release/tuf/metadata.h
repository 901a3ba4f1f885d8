// TUF metadata as values (The Update Framework 1.0.34, section 4), read strictly and within bounds.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "release/tuf/hashes.h"
#include "release/tuf/key.h"

namespace vedette::release::tuf {

inline constexpr std::string_view kRoot = "root";
inline constexpr std::string_view kTimestamp = "timestamp";
inline constexpr std::string_view kSnapshot = "snapshot";
inline constexpr std::string_view kTargets = "targets";

[[nodiscard]] bool is_top_level(std::string_view role_name);

struct Root {
  static constexpr std::string_view kType = kRoot;
  bool consistent_snapshot = false;
  Keys keys;
  std::map<std::string, RoleKeys, std::less<>> roles;  // the four top-level roles, and only them
};

struct MetaFile {
  std::int64_t version = 1;
  std::optional<std::uint64_t> length;
  Hashes hashes;  // may be empty
};

struct Timestamp {
  static constexpr std::string_view kType = kTimestamp;
  MetaFile snapshot;
};

struct Snapshot {
  static constexpr std::string_view kType = kSnapshot;
  std::map<std::string, MetaFile, std::less<>> files;  // by file name, as `targets.json`
};

struct TargetFile {
  std::string name;
  std::uint64_t length = 0;
  Hashes hashes;
};

struct DelegatedRole {
  std::string name;  // never that of a top-level role
  RoleKeys keys;
  bool terminating = false;
  // One of these two decides which targets the role may speak of.
  std::vector<std::string> paths;
  std::vector<std::string> path_hash_prefixes;
};

// Many roles as one (TAP 15): each has the targets whose names' SHA-256 begins with its number.
struct SuccinctRoles {
  RoleKeys keys;
  unsigned bit_length = 1;  // 1 to 32
  std::string name_prefix;
};

struct Delegations {
  Keys keys;
  std::vector<DelegatedRole> roles;  // in their order of priority
  std::optional<SuccinctRoles> succinct_roles;
};

// Of the role `targets` and of every delegated role.
struct Targets {
  static constexpr std::string_view kType = kTargets;
  std::map<std::string, TargetFile, std::less<>> targets;
  std::optional<Delegations> delegations;
};

template <class T>
struct Metadata {
  std::int64_t version = 1;
  TimePoint expires;
  T content;
  std::string signed_octets;  // canonical form of `signed`, members that we do not know included
  std::vector<Signature> signatures;
};

// Nothing is verified yet. Refuses TUF-SYNTAX (not JSON, a duplicate member or key identifier, a
// member that is missing, of another kind or out of bounds), TUF-CANONICAL, TUF-TYPE (metadata of
// another role) and TUF-SPEC-VERSION (another major version of the specification than 1). Members
// that the specification does not know are let pass, as it wants.
[[nodiscard]] Result<Metadata<Root>> parse_root(ByteView octets);
[[nodiscard]] Result<Metadata<Timestamp>> parse_timestamp(ByteView octets);
[[nodiscard]] Result<Metadata<Snapshot>> parse_snapshot(ByteView octets);
[[nodiscard]] Result<Metadata<Targets>> parse_targets(ByteView octets);

}  // namespace vedette::release::tuf
