// Keys in PKCS#11 tokens: hardware security modules, smart cards, SIMs (IoT SAFE).
#pragma once

#include "platform/keys/key_provider.h"
#include "platform/pkcs11/key_rules.h"

namespace vedette::platform {

// Knows keys by `pkcs11:` URIs (uri.h). They stay usable while any key from here lives.
class Pkcs11Keys final : public KeyProvider {
 public:
  explicit Pkcs11Keys(const pkcs11::KeyRules& rules = {}) : rules_(rules) {}

  // Refuses PKCS11-URI, -MODULE, -TOKEN, -PIN, -KEY, -AMBIGUOUS, -EXTRACTABLE, and KEY-SECRET-FILE
  // for its PIN.
  [[nodiscard]] Result<crypto::PrivateKey> private_key(const std::string& name) override;

 private:
  pkcs11::KeyRules rules_;
};

}  // namespace vedette::platform
