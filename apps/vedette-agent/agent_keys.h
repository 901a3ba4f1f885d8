// AgentKeys: where the device's key may live, put together.
#pragma once

#include "platform/keys/tpm_keys.h"
#include "platform/pkcs11/pkcs11_keys.h"

namespace vedette {

// `tpm:` (the device's TPM), `pkcs11:...` (a token), and `memory:`.
class AgentKeys final : public platform::KeyProvider {
 public:
  explicit AgentKeys(platform::Tpm& tpm) : tpm_(tpm) {}

  [[nodiscard]] Result<crypto::PrivateKey> private_key(const std::string& name) override;

 private:
  platform::TpmKeys tpm_;
  platform::Pkcs11Keys tokens_;
  platform::InsecureMemoryKeys memory_;
};

}  // namespace vedette
