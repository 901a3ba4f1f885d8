// StreamVerifier: is what arrives what was promised? Decided as it arrives.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/digest.h"

namespace vedette::release {

// Expects one file of a known size and digest in any number of pieces. After a refusal it refuses
// for good; nothing that it saw may be used before finish() has succeeded.
class StreamVerifier {
 public:
  StreamVerifier(const crypto::Sha256Digest& expected_sha256, std::uint64_t expected_size);

  // Refuses REL-SIZE with the first octet too many.
  [[nodiscard]] Result<void> update(ByteView piece);

  // Refuses REL-SIZE when octets are missing, REL-DIGEST when they are others, and a second call.
  [[nodiscard]] Result<void> finish();

  [[nodiscard]] std::uint64_t received() const { return received_; }

 private:
  crypto::Sha256Digest expected_sha256_;
  std::uint64_t expected_size_;
  std::uint64_t received_ = 0;
  bool ended_ = false;
  crypto::Sha256Stream stream_;
};

}  // namespace vedette::release
