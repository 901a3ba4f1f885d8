// DeviceKey: what the device authenticates with, and where it lives.
#pragma once

#include "crypto/key.h"
#include "identity/key_kind.h"

namespace vedette::agent {

struct DeviceKey {
  crypto::PrivateKey key;
  identity::KeyKind kind = identity::KeyKind::tpm;
};

}  // namespace vedette::agent
