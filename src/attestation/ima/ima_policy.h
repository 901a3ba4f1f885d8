// ImaPolicy: what the devices of a group may have opened, as data.
//
//   ImaPolicy policy;
//   VEDETTE_CHECK(policy.allow_file("/usr/bin/dd", digest));
//   const auto shared = std::make_shared<const ImaPolicy>(std::move(policy));
//
// One policy serves every device of its groups: it is filled once, then shared and only read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "attestation/ima/ima_signature.h"
#include "attestation/ima/measured_hash.h"
#include "base/error.h"

namespace vedette::attestation {

inline constexpr std::size_t kMaxPolicyPaths = 1'000'000;
inline constexpr std::size_t kMaxDigestsPerPath = 256;
inline constexpr std::size_t kMaxExcludes = 256;
inline constexpr std::size_t kMaxImaKeys = 64;

class ImaPolicy {
 public:
  using Digests = std::vector<FileDigest>;

  // All refuse ATT-IMA-POLICY beyond the bounds above and for an empty or overlong path. A space
  // in a path counts as an underscore, as the kernel lists it.
  [[nodiscard]] Result<void> allow_file(std::string_view path, FileDigest digest);
  // By the name of its event: a keyring, a device-mapper event, a kernel's own critical data.
  [[nodiscard]] Result<void> allow_buffer(std::string_view name, FileDigest digest);
  // Files that are not judged. A path, or one with a single `*` for any octets: `/var/log/*`,
  // `*.pyc`. What the pattern matches may be anything, so keep it narrow.
  [[nodiscard]] Result<void> exclude(std::string_view pattern);
  // A key whose signature is enough for a file. Two keys of one identifier are refused.
  [[nodiscard]] Result<void> trust(ImaKey key);
  // No paths here: that of a violation is not bound to the register, so it can be forged.
  void tolerate_violations() { tolerates_violations_ = true; }
  // The named power to take SHA-1 digests of files for proof.
  void insecure_accept_sha1() { accepts_sha1_ = true; }

  [[nodiscard]] const Digests* file(std::string_view path) const;
  [[nodiscard]] const Digests* buffer(std::string_view name) const;
  [[nodiscard]] bool excludes(std::string_view path) const;
  [[nodiscard]] const ImaKey* key(std::uint32_t id) const;
  [[nodiscard]] bool tolerates_violations() const { return tolerates_violations_; }
  [[nodiscard]] bool accepts_sha1() const { return accepts_sha1_; }
  [[nodiscard]] std::size_t paths() const { return files_.size(); }

 private:
  struct TextHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard asks for it
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using DigestsByName = std::unordered_map<std::string, Digests, TextHash, std::equal_to<>>;
  struct Wildcard {
    std::string prefix;
    std::string suffix;
  };

  static Result<void> allow(DigestsByName& names, std::string_view name, FileDigest digest);
  static const Digests* find(const DigestsByName& names, std::string_view name);

  DigestsByName files_;
  DigestsByName buffers_;
  std::unordered_set<std::string, TextHash, std::equal_to<>> excluded_paths_;
  std::vector<Wildcard> wildcards_;
  std::vector<ImaKey> keys_;
  bool tolerates_violations_ = false;
  bool accepts_sha1_ = false;
};

}  // namespace vedette::attestation
