// Credentials: the certificate that this device presents, and the key behind it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/certificate.h"
#include "crypto/key.h"

namespace vedette::agent {

struct Credentials {
  DeviceId device;
  std::vector<crypto::Certificate> chain;  // leaf first
  crypto::PrivateKey key;                  // of the leaf; in the TPM unless said otherwise

  [[nodiscard]] const crypto::Certificate& leaf() const { return chain.front(); }
};

// Makes credentials of a chain that a server issued: the leaf must hold this key and name a device
// of this trust domain, inside its validity. Refuses AGT-CERTIFICATE-KEY and what identify_peer
// refuses.
[[nodiscard]] Result<Credentials> make_credentials(std::vector<crypto::Certificate> chain,
                                                   crypto::PrivateKey key,
                                                   const std::string& trust_domain, TimePoint now);

// An operator's token for the first enrolment, without the newline behind it. None without a file.
[[nodiscard]] Result<std::optional<std::string>> load_token(const std::string& path);

// The chain in `folder`/device.pem. None when there is no file; whatever else is wrong is refused.
[[nodiscard]] Result<std::optional<std::vector<crypto::Certificate>>> load_chain(
    const std::string& folder);
[[nodiscard]] Result<void> save_chain(const std::string& folder,
                                      const std::vector<crypto::Certificate>& chain);

}  // namespace vedette::agent
