// StateFolder: the control plane's keys on disk.
//
//   ca/root.pem  ca/issuing.pem  ca/issuing.key     the certificate authority (root key elsewhere)
//   verifier.key                                    signs EARs (P-256)
//   log.key  log.vkey                               signs checkpoints (Ed25519); what checks them
//   server.db  blobs/                               the store
//   offline/root.key                                to be taken off this machine after `init`
//   operators/<name>/{operator.toml,operator.pem,operator.key,roots.pem}
#pragma once

#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"
#include "identity/authority.h"
#include "identity/spiffe.h"

namespace vedette::server {

struct ServerKeys {
  identity::CertificateAuthority authority;
  crypto::PrivateKey verifier;
  crypto::PrivateKey log;
};

// The name of the log of decisions, which is also the name of its key.
[[nodiscard]] std::string log_origin(const identity::TrustDomain& trust_domain);

// Makes a new folder with all keys and one operator. Refuses STATE-EXISTS where there is one
// already: it would orphan every device.
[[nodiscard]] Result<void> create_state(const std::string& folder,
                                        const identity::TrustDomain& trust_domain,
                                        const OperatorId& first_operator, TimePoint now);

// Refuses STATE-MISSING, FILE-*, KEY-*, CERT-*, CA-MATERIAL.
[[nodiscard]] Result<ServerKeys> load_state(const std::string& folder,
                                            const identity::TrustDomain& trust_domain,
                                            TimePoint now);

// A certificate of a year, its key, and the profile that `vedette --operator` reads, under
// operators/<name>; host and port in it are to be set.
[[nodiscard]] Result<void> add_operator(const std::string& folder,
                                        const identity::CertificateAuthority& authority,
                                        const OperatorId& name, TimePoint now);

}  // namespace vedette::server
