#include "server_keys.h"

#include "platform/keys/tpm_keys.h"
#include "platform/tpm/esys/esys_tpm.h"

namespace vedette {

namespace {

constexpr std::string_view kTpm = "tpm:/";
constexpr std::string_view kSoftwareTpm = "insecure-software-tpm:/";

}  // namespace

Result<crypto::PrivateKey> ServerKeyProvider::private_key(const std::string& name) {
  if (name.starts_with("pkcs11:")) return tokens_.private_key(name);
  if (name.starts_with(kTpm)) return tpm_key("device:" + name.substr(kTpm.size() - 1));
  if (name.starts_with(kSoftwareTpm))
    return tpm_key("swtpm:path=" + name.substr(kSoftwareTpm.size() - 1));
  return refuse("KEY-PROVIDER", "this names no place where a key may live", {},
                "pkcs11:..., or tpm:/dev/tpmrm0; see docs/keys.md");
}

// The signer that the key holds keeps the TPM open.
Result<crypto::PrivateKey> ServerKeyProvider::tpm_key(const std::string& tcti) const {
  VEDETTE_TRY(const auto tpm, platform::open_esys_tpm({tcti, state_folder_ + "/tpm"}));
  return platform::tpm_private_key(*tpm);
}

}  // namespace vedette
