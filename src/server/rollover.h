// Rollovers of a state folder, by whoever brings the root's key to it.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "identity/spiffe.h"
#include "identity/trust_bundle.h"
#include "server/key_custody.h"

namespace vedette::server {

struct RolloverPlace {
  std::string folder;
  const identity::TrustDomain& trust_domain;
  const KeyCustody& custody;
  crypto::PrivateKey root_key;  // of the present root
  TimePoint now;
  Duration overlap;  // how long what was issued before is still taken
};

// Both return what is in force when the server starts next; a kill at any moment leaves the folder
// before or behind the rollover. A folder without bundles gets its first one with it. Refuse
// STATE-*, FILE-*, KEY-*, CA-ROOT-KEY and CA-ROLLOVER.
//
// `named_key`: one that lives in a token or a TPM; none: a key file is made, as custody says.
[[nodiscard]] Result<identity::TrustBundle> rollover_issuing(
    const RolloverPlace& place, const std::optional<crypto::PrivateKey>& named_key);
// The new root's key goes to `key_path`, which must not exist, encrypted unless the passphrase is
// empty.
[[nodiscard]] Result<identity::TrustBundle> rollover_root(const RolloverPlace& place,
                                                          const std::string& key_path,
                                                          const SecretBytes& passphrase);

}  // namespace vedette::server
