// StateFolder: the control plane's keys on disk.
//
//   ca/                                             the certificate authority: server/ca_folder.h
//   signing/<seconds>.key                           sign EARs and tokens (server/signing_keys.h)
//   log.key  log.vkey                               signs checkpoints (Ed25519); what checks them
//   server.db  blobs/                               the store
//   offline/root.key                                to be taken off this machine after `init`
// Each .key is kept as server/key_custody.h says; ca/issuing.key is absent where the issuing CA's
// key lives in a token or a TPM. An operator's key is the operator's to protect.
//   operators/<name>/{operator.toml,operator.pem,operator.key,roots.pem}
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"
#include "identity/authority.h"
#include "identity/spiffe.h"
#include "identity/trust_bundle.h"
#include "server/key_custody.h"

namespace vedette::server {

struct ServerKeys {
  identity::CertificateAuthority authority;
  crypto::PrivateKey log;
  identity::TrustBundle trust;  // what is in force
  std::vector<identity::SignedTrustBundle> bundles;
  // Issuing CAs of other keys that issued before, while what they issued may be asked about.
  std::vector<identity::CertificateAuthority> former;
};

// The name of the log of decisions, which is also the name of its key.
[[nodiscard]] std::string log_origin(const identity::TrustDomain& trust_domain);

// Makes a new folder with all keys and one operator; a key that custody names is used, not made.
// The root's key and the operator's are encrypted, each under its own passphrase, which may be
// empty only where custody leaves its own files open, too. Refuses STATE-EXISTS where there is one
// already: it would orphan every device; KEY-ROOT-OPEN, and KEY-OPERATOR-OPEN.
[[nodiscard]] Result<void> create_state(const std::string& folder,
                                        const identity::TrustDomain& trust_domain,
                                        const OperatorId& first_operator, TimePoint now,
                                        const KeyCustody& custody,
                                        const SecretBytes& root_passphrase = {},
                                        const SecretBytes& operator_passphrase = {});

// Refuses STATE-MISSING, STATE-TRUST, FILE-*, KEY-*, CERT-*, CA-MATERIAL, and what a named key
// refuses; of a former issuing CA only while it is trusted.
[[nodiscard]] Result<ServerKeys> load_state(const std::string& folder,
                                            const identity::TrustDomain& trust_domain,
                                            TimePoint now, const KeyCustody& custody);

// Encrypts those key files of the folder that are not yet, but for the root's and the operators';
// may be repeated. Answers which key files lie open still, by their paths in the folder: they are
// their owners' to encrypt or to take away. Refuses KEY-PASSPHRASE for a file under another
// passphrase.
[[nodiscard]] Result<std::vector<std::string>> encrypt_state(const std::string& folder,
                                                             const SecretBytes& passphrase);

// A key that its operator has in a token, by the name under which operator.toml will know it.
struct OperatorToken {
  std::string name;
  crypto::PublicKey public_key;
};

// A certificate of a year, its key unless the operator has one, and the profile that `vedette
// --operator` reads, under operators/<name>; host and port in it are to be set. The key is
// encrypted, unless the passphrase is empty: the caller answers for that.
[[nodiscard]] Result<void> add_operator(const std::string& folder,
                                        const identity::CertificateAuthority& authority,
                                        const OperatorId& name, TimePoint now,
                                        const std::optional<OperatorToken>& token = {},
                                        const SecretBytes& passphrase = {});

// Another certificate for the same key and of the present issuing CA, and the present roots, for an
// operator whose folder is there: `trust` is what is in force. Refuses FILE-* and CERT-*.
[[nodiscard]] Result<void> renew_operator(const std::string& folder,
                                          const identity::CertificateAuthority& authority,
                                          const identity::TrustBundle& trust,
                                          const OperatorId& name, TimePoint now);

}  // namespace vedette::server
