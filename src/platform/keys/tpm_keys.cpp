#include "platform/keys/tpm_keys.h"

#include "codec/tpm.h"
#include "crypto/tpm.h"

namespace vedette::platform {

Result<crypto::PrivateKey> tpm_private_key(Tpm& tpm) {
  VEDETTE_TRY(const Bytes encoded, tpm.device_key());
  VEDETTE_TRY(const codec::TpmPublic parsed, codec::parse_tpm2b_public(encoded));
  VEDETTE_TRY(const crypto::PublicKey public_key, crypto::public_key_of(parsed));
  VEDETTE_TRY(auto signer, tpm.device_key_signer());
  return crypto::PrivateKey::delegated(public_key, std::move(signer));
}

Result<crypto::PrivateKey> TpmKeys::private_key(const std::string& name) {
  if (name == "tpm:") return tpm_private_key(tpm_);
  return refuse("KEY-PROVIDER", "there is no key of this kind in a TPM", name, "tpm:");
}

}  // namespace vedette::platform
