// KeyKind: where a device's TLS key lives.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vedette::identity {

// `tpm` is proven. The others are the device's own word, which no server can tell apart: a token's
// key and one in memory look alike from outside.
enum class KeyKind : std::uint8_t { tpm, pkcs11, memory };

inline constexpr std::array<std::string_view, 3> kKeyKinds{"tpm", "pkcs11", "memory"};

// The word for it on the wire, in the store, in tokens and in policies.
[[nodiscard]] constexpr std::string_view to_string(KeyKind kind) {
  return kKeyKinds.at(static_cast<std::size_t>(kind));
}

[[nodiscard]] constexpr std::optional<KeyKind> key_kind_named(std::string_view word) {
  for (std::size_t i = 0; i < kKeyKinds.size(); ++i)
    if (kKeyKinds.at(i) == word) return static_cast<KeyKind>(i);
  return std::nullopt;
}

// Which kinds an operator allowed beside `tpm`, which always may be.
struct KeyKinds {
  bool pkcs11 = false;
  bool memory = false;

  [[nodiscard]] constexpr bool has(KeyKind kind) const {
    switch (kind) {
      case KeyKind::tpm:
        return true;
      case KeyKind::pkcs11:
        return pkcs11;
      case KeyKind::memory:
        return memory;
    }
    return false;
  }

  friend bool operator==(const KeyKinds&, const KeyKinds&) = default;
};

}  // namespace vedette::identity
