#include "cli/key_files.h"

#include "base/fd.h"
#include "cli/passphrase.h"

namespace vedette::cli {

namespace {

constexpr std::size_t kMaxCertificatesBytes = 1 << 20;
constexpr std::size_t kMaxKeyBytes = 64U << 10U;

Error naming(const std::string& path, Error error) {
  error.cause = error.cause.empty() ? path : path + ": " + error.cause;
  if (error.hint.empty() && error.code == "KEY-PASSPHRASE")
    error.hint = "is VEDETTE_KEY_PASSPHRASE that of this key?";
  return error;
}

Result<SecretBytes> passphrase_for(const std::string& path, std::string_view pem,
                                   const Console& console) {
  if (pem.find("ENCRYPTED") == std::string_view::npos) return SecretBytes();
  VEDETTE_TRY(auto found, find_passphrase(console, "passphrase of " + path));
  if (!found)
    return refuse("CLI-PASSPHRASE", "the signing key is encrypted and no passphrase was given",
                  path, "set VEDETTE_KEY_PASSPHRASE, or run this on a terminal");
  return *std::move(found);
}

}  // namespace

Result<crypto::PrivateKey> load_signing_key(const std::string& path, const Console& console,
                                            platform::KeyProvider* keys) {
  if (keys != nullptr && path.starts_with("pkcs11:")) return keys->private_key(path);
  VEDETTE_TRY(Bytes content, read_file(path, kMaxKeyBytes));
  const SecretBytes pem(std::move(content));
  VEDETTE_TRY(const SecretBytes passphrase, passphrase_for(path, as_text(pem.expose()), console));
  auto key = crypto::PrivateKey::from_pem(as_text(pem.expose()), passphrase.expose());
  if (!key) return std::unexpected(naming(path, std::move(key).error()));
  return key;
}

Result<std::vector<crypto::PublicKey>> load_public_keys(const std::vector<std::string>& paths) {
  std::vector<crypto::PublicKey> keys;
  for (const std::string& path : paths) {
    VEDETTE_TRY(const Bytes pem, read_file(path, kMaxKeyBytes));
    auto key = crypto::PublicKey::from_pem(as_text(pem));
    if (!key) return std::unexpected(naming(path, std::move(key).error()));
    keys.push_back(*std::move(key));
  }
  return keys;
}

Result<std::vector<crypto::Certificate>> load_certificates(const std::string& path) {
  if (path.empty()) return std::vector<crypto::Certificate>();
  VEDETTE_TRY(const Bytes pem, read_file(path, kMaxCertificatesBytes));
  return crypto::Certificate::all_from_pem(as_text(pem));
}

}  // namespace vedette::cli
