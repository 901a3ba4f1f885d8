// ServerKeyProvider: where the issuing CA's key may live, put together.
#pragma once

#include <string>

#include "platform/keys/key_provider.h"
#include "platform/pkcs11/pkcs11_keys.h"

namespace vedette {

// `pkcs11:...` (a token), `tpm:/dev/tpmrm0` (this machine's TPM, the key wrapped under
// `<state folder>/tpm`), and `insecure-software-tpm:/absolute/socket` (an emulator).
class ServerKeyProvider final : public platform::KeyProvider {
 public:
  ServerKeyProvider(std::string state_folder, bool insecure_extractable)
      : state_folder_(std::move(state_folder)), tokens_({insecure_extractable}) {}

  [[nodiscard]] Result<crypto::PrivateKey> private_key(const std::string& name) override;

 private:
  [[nodiscard]] Result<crypto::PrivateKey> tpm_key(const std::string& tcti) const;

  std::string state_folder_;
  platform::Pkcs11Keys tokens_;
};

}  // namespace vedette
