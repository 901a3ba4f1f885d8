#include "agent_keys.h"

namespace vedette {

Result<crypto::PrivateKey> AgentKeys::private_key(const std::string& name) {
  if (name.starts_with("pkcs11:")) return tokens_.private_key(name);
  if (name.starts_with("memory:")) return memory_.private_key(name);
  return tpm_.private_key(name);
}

}  // namespace vedette
