// Digests, message authentication and randomness.
#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/secret.h"

namespace vedette::crypto {

enum class Hash { sha256, sha384, sha512 };

using Sha256Digest = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256Digest sha256(ByteView bytes);
[[nodiscard]] Bytes digest(Hash algorithm, ByteView bytes);
[[nodiscard]] Bytes hmac(Hash algorithm, ByteView key, ByteView message);

// SHA-256 of a stream, in one pass. After finish() the object starts anew.
class Sha256Stream {
 public:
  Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  ~Sha256Stream();

  void update(ByteView bytes);
  [[nodiscard]] Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// From the operating system's generator by way of OpenSSL's private DRBG.
[[nodiscard]] Bytes random_bytes(std::size_t count);

}  // namespace vedette::crypto
