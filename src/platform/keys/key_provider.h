// KeyProvider: private keys that are named, not held.
#pragma once

#include <string>

#include "base/error.h"
#include "crypto/key.h"

namespace vedette::platform {

// Where a key may live, by the first letters of its name (`pkcs11:`, `tpm:`, `memory:`). One name
// means one key, and what comes back signs for TLS, requests, certificates and tokens alike.
class KeyProvider {
 public:
  KeyProvider() = default;
  KeyProvider(const KeyProvider&) = delete;
  KeyProvider& operator=(const KeyProvider&) = delete;
  virtual ~KeyProvider() = default;

  // Refuses KEY-PROVIDER for a name that this provider does not know, and what its kind of key
  // refuses. Thread-safe, as is every key from it.
  [[nodiscard]] virtual Result<crypto::PrivateKey> private_key(const std::string& name) = 0;
};

// A key that is lost with the process, for development: `memory:`, made anew for each call. It is
// as safe as the process's memory, which is not safe.
class InsecureMemoryKeys final : public KeyProvider {
 public:
  [[nodiscard]] Result<crypto::PrivateKey> private_key(const std::string& name) override;
};

}  // namespace vedette::platform
