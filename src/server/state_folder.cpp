#include "server/state_folder.h"

#include <filesystem>
#include <system_error>

#include "base/fd.h"
#include "ledger/signed_note.h"
#include "server/signing_keys.h"

namespace vedette::server {

namespace {

using crypto::PrivateKey;

constexpr std::size_t kMaxPemBytes = 64U << 10U;
constexpr unsigned kPublicFile = 0644;
constexpr std::chrono::days kOperatorLifetime{365};

Result<void> make_folder(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (!failed)
    std::filesystem::permissions(path, std::filesystem::perms::owner_all,
                                 std::filesystem::perm_options::replace, failed);
  if (failed)
    return refuse("FILE-CREATE", "a folder cannot be made", path + ": " + failed.message());
  return {};
}

Result<void> write_public(const std::string& path, const std::string& pem) {
  return write_file_atomically(path, as_bytes(pem), kPublicFile);
}

Result<crypto::Certificate> read_certificate(const std::string& path) {
  VEDETTE_TRY(const Bytes pem, read_file(path, kMaxPemBytes));
  return crypto::Certificate::from_pem(as_text(pem));
}

Result<void> write_root_key(const std::string& folder, const PrivateKey& key,
                            const SecretBytes& passphrase) {
  const std::string path = folder + "/offline/root.key";
  if (passphrase.empty()) return write_insecure_unencrypted_key(path, key);
  return write_encrypted_key(path, key, passphrase);
}

Result<void> write_authority(const std::string& folder, const identity::NewAuthority& made,
                             const KeyCustody& custody, const SecretBytes& root_passphrase) {
  VEDETTE_CHECK(make_folder(folder + "/ca"));
  VEDETTE_CHECK(make_folder(folder + "/offline"));
  VEDETTE_CHECK(write_root_key(folder, made.root_key, root_passphrase));
  VEDETTE_CHECK(write_public(folder + "/ca/root.pem", made.material.root.pem()));
  VEDETTE_CHECK(write_public(folder + "/ca/issuing.pem", made.material.issuing.pem()));
  if (custody.names_issuing_key()) return {};
  return custody.write(folder + "/ca/issuing.key", made.material.issuing_key);
}

Result<void> write_log_key(const std::string& folder, const identity::TrustDomain& trust_domain,
                           const KeyCustody& custody) {
  const PrivateKey key = PrivateKey::generate_ed25519();
  VEDETTE_TRY(const auto signer, ledger::NoteSigner::create(log_origin(trust_domain), key));
  VEDETTE_CHECK(write_public(folder + "/log.vkey", signer.verifier().vkey() + "\n"));
  return custody.write(folder + "/log.key", key);
}

Result<PrivateKey> issuing_key(const std::string& folder, const KeyCustody& custody) {
  if (custody.names_issuing_key()) return custody.named_issuing_key();
  return custody.read(folder + "/ca/issuing.key");
}

Result<PrivateKey> new_issuing_key(const KeyCustody& custody) {
  if (custody.names_issuing_key()) return custody.named_issuing_key();
  return PrivateKey::generate_p256();
}

Result<void> encrypt_key(const std::string& path, const SecretBytes& passphrase) {
  if (!std::filesystem::exists(path)) return {};  // it lives in a token
  VEDETTE_TRY(Bytes content, read_file(path, kMaxPemBytes));
  const SecretBytes pem(std::move(content));
  const auto plain = PrivateKey::from_pem(as_text(pem.expose()));
  if (plain) return write_encrypted_key(path, *plain, passphrase);
  const auto encrypted = PrivateKey::from_pem(as_text(pem.expose()), passphrase.expose());
  if (!encrypted) return std::unexpected(encrypted.error());
  return {};
}

}  // namespace

std::string log_origin(const identity::TrustDomain& trust_domain) {
  return "log." + trust_domain.str() + "/decisions";
}

Result<void> create_state(const std::string& folder, const identity::TrustDomain& trust_domain,
                          const OperatorId& first_operator, TimePoint now,
                          const KeyCustody& custody, const SecretBytes& root_passphrase) {
  if (std::filesystem::exists(folder + "/ca"))
    return refuse("STATE-EXISTS", "there is a certificate authority here already", folder,
                  "choose another folder; replacing it would orphan every device");
  if (custody.encrypts() && root_passphrase.empty())
    return refuse("KEY-ROOT-OPEN", "the root's key needs a passphrase of its own", {},
                  "whoever reads it can be this authority, for ten years");
  VEDETTE_CHECK(make_folder(folder));
  VEDETTE_TRY(PrivateKey issuing_key, new_issuing_key(custody));
  VEDETTE_TRY(const identity::NewAuthority made,
              identity::CertificateAuthority::create(trust_domain, now, std::move(issuing_key)));
  VEDETTE_CHECK(write_authority(folder, made, custody, root_passphrase));
  VEDETTE_CHECK(make_first_signing_key(folder, custody, now));
  VEDETTE_CHECK(write_log_key(folder, trust_domain, custody));
  VEDETTE_TRY(const auto authority,
              identity::CertificateAuthority::open(trust_domain, made.material, now));
  return add_operator(folder, authority, first_operator, now);
}

Result<void> add_operator(const std::string& folder,
                          const identity::CertificateAuthority& authority, const OperatorId& name,
                          TimePoint now, const std::optional<OperatorToken>& token) {
  const std::string own = folder + "/operators/" + name.str();
  if (std::filesystem::exists(own))
    return refuse("STATE-EXISTS", "there is an operator of this name already", own);
  std::optional<PrivateKey> made;
  if (!token) made = PrivateKey::generate_p256();
  VEDETTE_TRY(const auto certificate,
              authority.issue_operator(name, token ? token->public_key : made->public_key(), now,
                                       kOperatorLifetime));
  VEDETTE_CHECK(make_folder(folder + "/operators"));
  VEDETTE_CHECK(make_folder(own));
  if (made) VEDETTE_CHECK(write_insecure_unencrypted_key(own + "/operator.key", *made));
  VEDETTE_CHECK(write_public(own + "/operator.pem", certificate.pem() + authority.issuing().pem()));
  VEDETTE_CHECK(write_public(own + "/operator.toml",
                             "host = \"127.0.0.1\"\nport = 8445\nroots = \"roots.pem\"\n"
                             "certificate = \"operator.pem\"\nkey = \"" +
                                 (token ? token->name : "operator.key") + "\"\n"));
  return write_public(own + "/roots.pem", authority.root().pem());
}

Result<ServerKeys> load_state(const std::string& folder, const identity::TrustDomain& trust_domain,
                              TimePoint now, const KeyCustody& custody) {
  if (!std::filesystem::exists(folder + "/ca"))
    return refuse("STATE-MISSING", "there is no certificate authority here", folder,
                  "make one with `vedette-server init`");
  VEDETTE_TRY(crypto::Certificate root, read_certificate(folder + "/ca/root.pem"));
  VEDETTE_TRY(crypto::Certificate issuing, read_certificate(folder + "/ca/issuing.pem"));
  VEDETTE_TRY(PrivateKey authority_key, issuing_key(folder, custody));
  VEDETTE_TRY(
      auto authority,
      identity::CertificateAuthority::open(
          trust_domain, {std::move(root), std::move(issuing), std::move(authority_key)}, now));
  VEDETTE_TRY(PrivateKey log, custody.read(folder + "/log.key"));
  return ServerKeys{std::move(authority), std::move(log)};
}

Result<void> encrypt_state(const std::string& folder, const SecretBytes& passphrase) {
  if (!std::filesystem::exists(folder + "/ca"))
    return refuse("STATE-MISSING", "there is no certificate authority here", folder);
  for (const char* name : {"/ca/issuing.key", "/verifier.key", "/log.key"})
    VEDETTE_CHECK(encrypt_key(folder + name, passphrase));
  VEDETTE_TRY(const auto signing, signing_key_files(folder));
  for (const std::string& path : signing)
    VEDETTE_CHECK(encrypt_key(path, passphrase));
  return {};
}

}  // namespace vedette::server
