// TpmKeys: the device key of a TPM as a private key.
#pragma once

#include "platform/keys/key_provider.h"
#include "platform/tpm/tpm.h"

namespace vedette::platform {

// The TPM's one P-256 signing key: fixed to it, made at its first use. Refuses TPM-*.
[[nodiscard]] Result<crypto::PrivateKey> tpm_private_key(Tpm& tpm);

// Knows that key by the name `tpm:`.
class TpmKeys final : public KeyProvider {
 public:
  explicit TpmKeys(Tpm& tpm) : tpm_(tpm) {}

  [[nodiscard]] Result<crypto::PrivateKey> private_key(const std::string& name) override;

 private:
  Tpm& tpm_;
};

}  // namespace vedette::platform
