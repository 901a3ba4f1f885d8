// SecretBytes: octets that erase themselves, compare in constant time, and have no text form.
#pragma once

#include "base/bytes.h"

namespace vedette {

// Owns key material or a one-time secret. Move-only, so that no copy is made by accident; the bytes
// are reachable only through expose(), which makes every use of a secret one search away.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(Bytes bytes);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  [[nodiscard]] ByteView expose() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  void erase() noexcept;

  Bytes bytes_;
};

// Takes time that depends on the lengths only. Unequal lengths are unequal.
[[nodiscard]] bool equal_constant_time(ByteView left, ByteView right);

}  // namespace vedette
