// How an author changes root and targets metadata; each change is one to a Document's content.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "crypto/digest.h"
#include "release/tuf/document.h"

namespace vedette::release::tuf {

// Who may sign a role: `threshold` of these keys.
struct RoleHolders {
  std::vector<crypto::PublicKey> keys;
  std::int64_t threshold = 1;
};

struct Delegation {
  std::string role;
  RoleHolders holders;
  std::vector<std::string> paths;
  bool terminating = false;
};

// Version 1, unsigned. `holders` names the four top-level roles. Refuses what set_holders does.
[[nodiscard]] Result<Document> new_root(
    const std::map<std::string, RoleHolders, std::less<>>& holders, TimePoint expires);
[[nodiscard]] Document new_targets(TimePoint expires);  // version 1, nothing in it, unsigned

// The keys that `role` (a top-level one) has from now on. Refuses TUF-THRESHOLD when the threshold
// is below 1 or above the number of different keys, TUF-KEY-KIND, and TUF-ROLE for no such role.
[[nodiscard]] Result<void> set_holders(Document& root, std::string_view role,
                                       const RoleHolders& holders);

// Adds the delegation behind those that are there, or replaces the one to the same role where it
// stands. Refuses as set_holders does, TUF-ROLE for a role name that could not be a file's or a
// URL's as it stands (lower-case letters, digits, `-` and `_`, at most 64), or that has a path no
// target could match.
[[nodiscard]] Result<void> set_delegation(Document& targets, const Delegation& delegation);
[[nodiscard]] Result<void> remove_delegation(Document& targets, std::string_view role);

// Refuses TUF-TARGET-NAME.
[[nodiscard]] Result<void> set_target(Document& targets, const std::string& name,
                                      std::uint64_t length, const crypto::Sha256Digest& sha256);
[[nodiscard]] Result<void> remove_target(Document& targets,
                                         std::string_view name);  // TUF-NO-TARGET

}  // namespace vedette::release::tuf
