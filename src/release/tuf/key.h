// Keys and thresholds of TUF (specification, 4.2): who has to sign a role.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codec/json.h"
#include "crypto/key.h"

namespace vedette::release::tuf {

// ed25519, ecdsa-sha2-nistp256 or rsassa-pss-sha256 (salt as long as the hash). A key of another
// kind, or one that is damaged, is kept but vouches for nothing: it may belong to a role that we
// never need, and a threshold that needs it is not reached.
class Key {
 public:
  // Refuses TUF-SYNTAX for what is no key of any kind.
  [[nodiscard]] static Result<Key> read(const codec::Json& json);

  [[nodiscard]] bool verifies(ByteView message, ByteView signature) const;
  // The digest of the key itself, which no key identifier can disguise; none when it is not usable.
  [[nodiscard]] std::optional<crypto::Sha256Digest> identity() const;

  friend bool operator==(const Key&, const Key&) = default;

 private:
  enum class Scheme { ed25519, ecdsa_sha2_nistp256, rsassa_pss_sha256 };
  struct Usable {
    Scheme scheme;
    crypto::PublicKey key;
    friend bool operator==(const Usable&, const Usable&) = default;
  };

  explicit Key(std::optional<Usable> usable) : usable_(std::move(usable)) {}
  static std::optional<Usable> read_usable(std::string_view type, std::string_view scheme,
                                           const std::string& value);

  std::optional<Usable> usable_;
};

// By key identifier. We take identifiers for names that a delegator chose: what the specification
// wants from comparing them with a digest, that one key counts once, the threshold sees to by
// comparing the keys themselves.
using Keys = std::map<std::string, Key, std::less<>>;

struct RoleKeys {
  std::vector<std::string> key_ids;  // unique
  std::int64_t threshold = 1;        // at least 1
};

struct Signature {
  std::string key_id;
  Bytes value;  // empty when it is not hexadecimal: it counts for nothing
};

// Refuses TUF-SIGNATURES when fewer different keys than the threshold have signed `message`. Each
// identifier of the role is tried once.
[[nodiscard]] Result<void> verify_threshold(std::string_view message,
                                            const std::vector<Signature>& signatures,
                                            const Keys& keys, const RoleKeys& role,
                                            std::string_view role_name);

// Whether a key that could sign the role before no longer can.
[[nodiscard]] bool is_rotated(const Keys& old_keys, const RoleKeys& old_role, const Keys& new_keys,
                              const RoleKeys& new_role);

}  // namespace vedette::release::tuf
