// What a policy has to say about the entries of a list that a quote vouches for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "attestation/ima/ima_policy.h"
#include "attestation/ima/ima_replay.h"
#include "base/verified.h"

namespace vedette::attestation {

enum class ImaFindingKind : std::uint8_t {
  unknown_file,    // the policy does not know the path
  other_digest,    // it knows the path with other digests
  weak_digest,     // measured with SHA-1, which the policy does not accept
  violation,       // open for reading and writing at once, so the digest says nothing
  bad_signature,   // malformed, or of a known key and not this file's
  unknown_key,     // signed by a key that the policy does not trust, and in no other way known
  unknown_buffer,  // the policy does not know the name of the buffer
  other_buffer,    // it knows it with other digests
  boot_aggregate,  // a second boot_aggregate that differs from the first
};
[[nodiscard]] std::string_view to_string(ImaFindingKind kind);  // `unknown-file`

struct ImaFinding {
  std::uint64_t entry = 0;  // its number since boot, from 0
  std::string path;         // as the device says: see shown()
  ImaFindingKind kind = ImaFindingKind::unknown_file;
  FileDigest actual;
  std::vector<FileDigest> expected;  // at most kMaxShownDigests

  friend bool operator==(const ImaFinding&, const ImaFinding&) = default;
};

inline constexpr std::size_t kMaxShownDigests = 8;
inline constexpr std::size_t kMaxImaFindings = 256;

struct ImaAppraisal {
  std::vector<ImaFinding> findings;  // the first of them
  std::uint64_t total = 0;           // how many there are

  [[nodiscard]] bool affirming() const { return total == 0; }
};

// The first rule that fits an entry decides:
//   violation           a finding, unless the policy tolerates violations
//   boot_aggregate      the first was checked by advance(); a later one (kexec) must be the same
//   ima-buf             a digest that the policy has for the buffer's name
//   excluded path       accepted
//   signature           malformed: a finding; of a trusted key: it alone decides; else as without
//   digest of the file  one that the policy has for the path; SHA-1 only where it accepts that
// Signatures appended to modules (ima-modsig) are not judged: such a file needs its digest listed.
[[nodiscard]] ImaAppraisal appraise_ima(const Verified<ImaAdvance>& advance,
                                        const ImaPolicy& policy);

// `IMA: /usr/bin/x is new, digest sha256:0a1b...`
[[nodiscard]] std::string in_words(const ImaFinding& finding);

}  // namespace vedette::attestation
