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

// SHA-1 is broken (collisions since 2017): what it names may be something else. It is here to read
// what others wrote with it (logs of the SHA-1 bank, IMA's template hashes), never to believe it.
using Sha1Digest = std::array<std::uint8_t, 20>;
[[nodiscard]] Sha1Digest insecure_sha1(ByteView bytes);

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

// The same by any algorithm; finish() ends it.
class DigestStream {
 public:
  explicit DigestStream(Hash algorithm);
  DigestStream(DigestStream&&) noexcept;
  DigestStream& operator=(DigestStream&&) noexcept;
  ~DigestStream();

  void update(ByteView bytes);
  [[nodiscard]] Bytes finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// From the operating system's generator by way of OpenSSL's private DRBG.
[[nodiscard]] Bytes random_bytes(std::size_t count);

}  // namespace vedette::crypto
