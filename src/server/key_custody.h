// KeyCustody: how the control plane's private keys are kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "platform/keys/key_provider.h"

namespace vedette::server {

// `[ca] issuing_key` and the section `[keys]`.
struct KeySettings {
  // The issuing CA's key by name (`pkcs11:...`, `tpm:...`); empty: ca/issuing.key of the state
  // folder.
  std::string issuing_key{};
  // Those of former issuing CAs, while these still tell what is revoked of theirs.
  std::vector<std::string> former_issuing_keys{};
  // What opens the key files of the state folder: a file, or the name of a systemd credential.
  std::string passphrase_file{};
  std::string passphrase_credential{};
  // The named power to let those files lie there for whoever reads the disk.
  bool insecure_unencrypted = false;
  // The named power for a key that its token would hand out.
  bool insecure_extractable = false;
};

class KeyCustody {
 public:
  // Refuses CONFIG-MISSING where nothing says how key files are kept, CONFIG-VALUE where two things
  // do, and KEY-SECRET-FILE. `provider`, which may be null, outlives the result.
  [[nodiscard]] static Result<KeyCustody> open(const KeySettings& settings,
                                               platform::KeyProvider* provider);

  // Encrypted, unless insecure_unencrypted. Readable by us alone.
  [[nodiscard]] Result<void> write(const std::string& path, const crypto::PrivateKey& key) const;
  // Refuses KEY-PASSPHRASE for a file that is not kept as was said, be it better or worse.
  [[nodiscard]] Result<crypto::PrivateKey> read(const std::string& path) const;

  // A key that its owner keeps elsewhere: by name (`pkcs11:...`, `tpm:...`), or in the file at
  // this absolute path, as read() takes it.
  [[nodiscard]] Result<crypto::PrivateKey> open_key(const std::string& where) const;

  // Whether key files are encrypted.
  [[nodiscard]] bool encrypts() const { return !passphrase_.empty(); }

  // Whether the issuing key lives elsewhere than in a file.
  [[nodiscard]] bool names_issuing_key() const { return !issuing_key_.empty(); }
  // That key. Refuses what its provider refuses, KEY-PROVIDER without one.
  [[nodiscard]] Result<crypto::PrivateKey> named_issuing_key() const;
  // The same of a present or former one, by its public key; none when no name leads to that.
  [[nodiscard]] Result<std::optional<crypto::PrivateKey>> named_key_of(
      const crypto::PublicKey& key) const;

 private:
  KeyCustody(const KeySettings& settings, SecretBytes passphrase, platform::KeyProvider* provider)
      : issuing_key_(settings.issuing_key),
        former_issuing_keys_(settings.former_issuing_keys),
        passphrase_(std::move(passphrase)),
        provider_(provider) {}

  [[nodiscard]] Result<crypto::PrivateKey> named(const std::string& name) const;

  std::string issuing_key_;
  std::vector<std::string> former_issuing_keys_;
  SecretBytes passphrase_;  // empty: files are not encrypted
  platform::KeyProvider* provider_;
};

// PEM of a private key, encrypted with `passphrase`, in a file for us alone.
[[nodiscard]] Result<void> write_encrypted_key(const std::string& path,
                                               const crypto::PrivateKey& key,
                                               const SecretBytes& passphrase);
[[nodiscard]] Result<void> write_insecure_unencrypted_key(const std::string& path,
                                                          const crypto::PrivateKey& key);

}  // namespace vedette::server
