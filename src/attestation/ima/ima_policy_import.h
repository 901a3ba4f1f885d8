// Policies that others wrote: keylime's runtime policy, and the list that sha256sum prints.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attestation/ima/ima_policy.h"
#include "base/error.h"

namespace vedette::attestation {

inline constexpr std::size_t kMaxPolicyBytes = 256 << 20;

struct ImaPolicyImport {
  ImaPolicy policy;
  // In words, what of the file the policy does not say. Leaving out only narrows it.
  std::vector<std::string> left_out;
};

// keylime's JSON, version 1: `digests`, `excludes`, `keyrings`, `ima-buf` and `verification-keys`.
// Its excludes are regular expressions that need to match the beginning alone. Here such an
// expression is taken literally, at full length, with `.*` at one place for anything; others are
// left out. Left out, too: the digest of boot_aggregate (the registers say it), `dm_policy`,
// `ignored_keyrings`, keys that are not loaded here. Refuses JSON-* and ATT-IMA-POLICY: members
// that are not known, another version, digests of no algorithm that we know.
[[nodiscard]] Result<ImaPolicyImport> import_keylime_policy(std::string_view text);

// Lines of digest, two spaces (or one and `*`) and path; empty lines are skipped. Refuses
// ATT-IMA-POLICY, naming the line.
[[nodiscard]] Result<ImaPolicy> import_digest_list(std::string_view text);

}  // namespace vedette::attestation
