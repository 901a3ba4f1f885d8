// Lengths and hashes that metadata promises of other files (specification, 4.4 and 4.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/digest.h"

namespace vedette::release::tuf {

// Algorithm and lower-case hexadecimal digest; not empty where it is required.
using Hashes = std::vector<std::pair<std::string, std::string>>;

// Compares a file with what was promised of it, as it arrives: each of its hashes that we know
// (sha256, sha384, sha512) has to agree, and one has to be known. Nothing that it saw may be used
// before finish() has succeeded.
class PromiseCheck {
 public:
  // No length: any. Refuses TUF-HASH when hashes are promised and none of them is known.
  [[nodiscard]] static Result<PromiseCheck> begin(std::optional<std::uint64_t> length,
                                                  const Hashes& hashes);

  // Refuses TUF-LENGTH with the first octet too many.
  [[nodiscard]] Result<void> update(ByteView piece);
  // Refuses TUF-LENGTH when octets are missing, TUF-HASH when they are others.
  [[nodiscard]] Result<void> finish();

 private:
  struct Expected {
    crypto::DigestStream stream;
    std::string hex;
  };

  PromiseCheck() = default;

  std::optional<std::uint64_t> length_;
  std::uint64_t received_ = 0;
  std::vector<Expected> expected_;
};

// The same for a file that is there.
[[nodiscard]] Result<void> check_promise(ByteView content, std::optional<std::uint64_t> length,
                                         const Hashes& hashes);

}  // namespace vedette::release::tuf
