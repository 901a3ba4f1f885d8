#include "platform/pkcs11/pkcs11_keys.h"

#include "platform/keys/secret_file.h"
#include "platform/pkcs11/signer.h"

namespace vedette::platform {

using namespace pkcs11;

Result<crypto::PrivateKey> Pkcs11Keys::private_key(const std::string& name) {
  VEDETTE_TRY(Pkcs11Uri uri, parse_uri(name));
  SecretBytes pin;
  if (!uri.pin_source.empty()) {
    VEDETTE_TRY(pin, read_secret_file(uri.pin_source));
  }
  VEDETTE_TRY(auto module, Module::load(uri.module_path));
  auto token = std::make_unique<Token>(std::move(module), std::move(uri), std::move(pin));
  VEDETTE_TRY(auto signer, TokenSigner::open(std::move(token), rules_));
  const crypto::PublicKey public_key = signer->public_key();
  return crypto::PrivateKey::delegated(public_key, std::move(signer));
}

}  // namespace vedette::platform
