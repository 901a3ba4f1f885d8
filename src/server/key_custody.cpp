#include "server/key_custody.h"

#include <cstdlib>

#include "base/fd.h"
#include "platform/keys/secret_file.h"

namespace vedette::server {

namespace {

using crypto::PrivateKey;

constexpr std::size_t kMaxPemBytes = 64U << 10U;
constexpr unsigned kPrivateFile = 0600;

// systemd.exec(5), CREDENTIALS: one file for each, in a folder that only the service sees.
Result<std::string> credential_path(const std::string& name) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (name.find('/') != std::string::npos || name.starts_with('.'))
    return refuse("CONFIG-VALUE",
                  "the setting 'keys.passphrase_credential' is no credential's name", name);
  if (folder == nullptr)
    return refuse("KEY-SECRET-FILE", "the file with the secret cannot be used",
                  "there is no CREDENTIALS_DIRECTORY",
                  "start this as a systemd service with LoadCredentialEncrypted=" + name);
  return std::string(folder) + "/" + name;
}

Result<SecretBytes> read_passphrase(const KeySettings& settings) {
  if (settings.insecure_unencrypted) return SecretBytes();
  if (!settings.passphrase_file.empty())
    return platform::read_secret_file(settings.passphrase_file);
  VEDETTE_TRY(const std::string path, credential_path(settings.passphrase_credential));
  return platform::read_secret_file(path);
}

Result<void> check(const KeySettings& settings) {
  const int said = int{!settings.passphrase_file.empty()} +
                   int{!settings.passphrase_credential.empty()} +
                   int{settings.insecure_unencrypted};
  if (said == 1) return {};
  if (said == 0)
    return refuse("CONFIG-MISSING", "nothing says how the private keys are kept", {},
                  "set passphrase_file or passphrase_credential in the section [keys], or say "
                  "insecure_unencrypted = true; see docs/keys.md");
  return refuse("CONFIG-VALUE", "the section [keys] says in two ways how keys are kept", {},
                "keep one of passphrase_file, passphrase_credential and insecure_unencrypted");
}

}  // namespace

Result<KeyCustody> KeyCustody::open(const KeySettings& settings, platform::KeyProvider* provider) {
  VEDETTE_CHECK(check(settings));
  VEDETTE_TRY(SecretBytes passphrase, read_passphrase(settings));
  return KeyCustody(settings, std::move(passphrase), provider);
}

Result<void> KeyCustody::write(const std::string& path, const PrivateKey& key) const {
  if (passphrase_.empty()) return write_insecure_unencrypted_key(path, key);
  return write_encrypted_key(path, key, passphrase_);
}

Result<PrivateKey> KeyCustody::read(const std::string& path) const {
  VEDETTE_TRY(Bytes content, read_file(path, kMaxPemBytes));
  const SecretBytes pem(std::move(content));
  auto key = PrivateKey::from_pem(as_text(pem.expose()), passphrase_.expose());
  if (key) return key;
  Error error = std::move(key).error();
  error.cause = error.cause.empty() ? path : path + ": " + error.cause;
  if (error.code == "KEY-PASSPHRASE")
    error.hint =
        "does the section [keys] say how this file is kept? 'vedette-server ca encrypt' "
        "encrypts what is not; see docs/keys.md";
  return std::unexpected(std::move(error));
}

Result<PrivateKey> KeyCustody::named(const std::string& name) const {
  if (provider_ == nullptr)
    return refuse("KEY-PROVIDER", "there is nothing here that could open this key", name);
  return provider_->private_key(name);
}

Result<PrivateKey> KeyCustody::open_key(const std::string& where) const {
  return where.starts_with('/') ? read(where) : named(where);
}

Result<PrivateKey> KeyCustody::named_issuing_key() const {
  return named(issuing_key_);
}

Result<std::optional<PrivateKey>> KeyCustody::named_key_of(const crypto::PublicKey& key) const {
  std::vector<std::string> names = former_issuing_keys_;
  if (names_issuing_key()) names.insert(names.begin(), issuing_key_);
  for (const std::string& name : names) {
    VEDETTE_TRY(PrivateKey found, named(name));
    if (found.public_key() == key) return found;
  }
  return std::nullopt;
}

Result<void> write_encrypted_key(const std::string& path, const PrivateKey& key,
                                 const SecretBytes& passphrase) {
  VEDETTE_TRY(const std::string pem, key.encrypted_pem(passphrase.expose()));
  return write_file_atomically(path, as_bytes(pem), kPrivateFile);
}

Result<void> write_insecure_unencrypted_key(const std::string& path, const PrivateKey& key) {
  VEDETTE_TRY(std::string text, key.insecure_unencrypted_pem());
  const SecretBytes pem(to_bytes(text));
  return write_file_atomically(path, pem.expose(), kPrivateFile);
}

}  // namespace vedette::server
