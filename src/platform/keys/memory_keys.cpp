#include "platform/keys/key_provider.h"

namespace vedette::platform {

Result<crypto::PrivateKey> InsecureMemoryKeys::private_key(const std::string& name) {
  if (name == "memory:") return crypto::PrivateKey::generate_p256();
  return refuse("KEY-PROVIDER", "there is no key of this kind in memory", name, "memory:");
}

}  // namespace vedette::platform
