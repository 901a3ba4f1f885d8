#include "server/state_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/fd.h"
#include "crypto/issuance.h"
#include "identity/rollover.h"
#include "ledger/signed_note.h"
#include "server/ca_folder.h"
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

Result<void> write_key(const std::string& path, const PrivateKey& key,
                       const SecretBytes& passphrase) {
  if (passphrase.empty()) return write_insecure_unencrypted_key(path, key);
  return write_encrypted_key(path, key, passphrase);
}

Result<void> write_authority(const std::string& folder, const identity::NewAuthority& made,
                             const identity::SignedTrustBundle& bundle, const KeyCustody& custody,
                             const SecretBytes& root_passphrase) {
  VEDETTE_CHECK(make_folder(folder + "/ca"));
  VEDETTE_CHECK(make_folder(folder + "/offline"));
  VEDETTE_CHECK(write_key(folder + "/offline/root.key", made.root_key, root_passphrase));
  VEDETTE_CHECK(write_public_copies(folder, bundle.bundle()));
  VEDETTE_CHECK(keep_bundle(folder, bundle));
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

const crypto::Certificate& issuer_of(const crypto::Certificate& issuing,
                                     const identity::TrustBundle& trust) {
  const auto found = std::ranges::find_if(trust.roots, [&](const auto& root) {
    return crypto::is_issued_by(issuing, root.certificate);
  });
  return found == trust.roots.end() ? trust.root() : found->certificate;
}

// A former one whose key is not at hand is missed only while devices are still taken by it.
Result<std::vector<identity::CertificateAuthority>> open_former(
    const std::string& folder, const identity::CertificateAuthority& present,
    const identity::TrustBundle& trust, const KeyCustody& custody, TimePoint now) {
  std::vector<identity::CertificateAuthority> all;
  const auto is_open = [&](const crypto::Certificate& issuing) {
    const auto same = [&](const identity::CertificateAuthority& other) {
      return other.issuing().spki_sha256() == issuing.spki_sha256();
    };
    return same(present) || std::ranges::any_of(all, same);
  };
  for (const auto& [certificate, until] : std::span(trust.issuing).subspan(1)) {
    if (is_open(certificate) || now >= certificate.not_after()) continue;
    auto key = find_issuing_key(folder, custody, certificate);
    const bool is_trusted = !until || now < *until;
    if (!key && !is_trusted) continue;
    if (!key) return std::unexpected(std::move(key).error());
    auto opened = identity::CertificateAuthority::open(
        present.trust_domain(), {issuer_of(certificate, trust), certificate, *std::move(key)}, now);
    if (!opened && !is_trusted) continue;
    if (!opened) return std::unexpected(std::move(opened).error());
    all.push_back(*std::move(opened));
  }
  return all;
}

std::string roots_pem(const identity::TrustBundle& trust, TimePoint now) {
  std::string pem;
  for (const crypto::Certificate& root : trust.roots_at(now))
    pem += root.pem();
  return pem;
}

bool lies_open(const std::string& path) {
  auto content = read_file(path, kMaxPemBytes);
  if (!content) return false;
  const SecretBytes pem(*std::move(content));
  return PrivateKey::from_pem(as_text(pem.expose())).has_value();
}

// Of those that are not the server's own.
Result<std::vector<std::string>> open_keys(const std::string& folder) {
  std::vector<std::string> names{"offline/root.key"};
  std::error_code failed;
  for (const auto& owner : std::filesystem::directory_iterator(folder + "/operators", failed))
    names.push_back("operators/" + owner.path().filename().string() + "/operator.key");
  std::erase_if(names, [&](const std::string& name) { return !lies_open(folder + "/" + name); });
  std::ranges::sort(names);
  return names;
}

}  // namespace

std::string log_origin(const identity::TrustDomain& trust_domain) {
  return "log." + trust_domain.str() + "/decisions";
}

Result<void> create_state(const std::string& folder, const identity::TrustDomain& trust_domain,
                          const OperatorId& first_operator, TimePoint now,
                          const KeyCustody& custody, const SecretBytes& root_passphrase,
                          const SecretBytes& operator_passphrase) {
  if (std::filesystem::exists(folder + "/ca"))
    return refuse("STATE-EXISTS", "there is a certificate authority here already", folder,
                  "choose another folder; replacing it would orphan every device");
  if (custody.encrypts() && root_passphrase.empty())
    return refuse("KEY-ROOT-OPEN", "the root's key needs a passphrase of its own", {},
                  "whoever reads it can be this authority, for ten years");
  if (custody.encrypts() && operator_passphrase.empty())
    return refuse("KEY-OPERATOR-OPEN", "the operator's key needs a passphrase of its own", {},
                  "whoever reads it can do what this operator may, for a year");
  VEDETTE_CHECK(make_folder(folder));
  VEDETTE_TRY(PrivateKey issuing_key, new_issuing_key(custody));
  VEDETTE_TRY(const identity::NewAuthority made,
              identity::CertificateAuthority::create(trust_domain, now, std::move(issuing_key)));
  VEDETTE_TRY(const auto bundle, identity::first_bundle(trust_domain, made.material.root,
                                                        made.material.issuing, made.root_key, now));
  VEDETTE_CHECK(write_authority(folder, made, bundle, custody, root_passphrase));
  VEDETTE_CHECK(make_first_signing_key(folder, custody, now));
  VEDETTE_CHECK(write_log_key(folder, trust_domain, custody));
  VEDETTE_TRY(const auto authority,
              identity::CertificateAuthority::open(trust_domain, made.material, now));
  return add_operator(folder, authority, first_operator, now, {}, operator_passphrase);
}

Result<void> add_operator(const std::string& folder,
                          const identity::CertificateAuthority& authority, const OperatorId& name,
                          TimePoint now, const std::optional<OperatorToken>& token,
                          const SecretBytes& passphrase) {
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
  if (made) VEDETTE_CHECK(write_key(own + "/operator.key", *made, passphrase));
  VEDETTE_CHECK(write_public(own + "/operator.pem", certificate.pem() + authority.issuing().pem()));
  VEDETTE_CHECK(write_public(own + "/operator.toml",
                             "host = \"127.0.0.1\"\nport = 8445\nroots = \"roots.pem\"\n"
                             "certificate = \"operator.pem\"\nkey = \"" +
                                 (token ? token->name : "operator.key") + "\"\n"));
  return write_public(own + "/roots.pem", authority.root().pem());
}

Result<void> renew_operator(const std::string& folder,
                            const identity::CertificateAuthority& authority,
                            const identity::TrustBundle& trust, const OperatorId& name,
                            TimePoint now) {
  const std::string own = folder + "/operators/" + name.str();
  VEDETTE_TRY(const crypto::Certificate present, read_certificate(own + "/operator.pem"));
  VEDETTE_TRY(const crypto::PublicKey key, present.public_key());
  VEDETTE_TRY(const auto certificate, authority.issue_operator(name, key, now, kOperatorLifetime));
  VEDETTE_CHECK(write_public(own + "/roots.pem", roots_pem(trust, now)));
  return write_public(own + "/operator.pem", certificate.pem() + authority.issuing().pem());
}

Result<ServerKeys> load_state(const std::string& folder, const identity::TrustDomain& trust_domain,
                              TimePoint now, const KeyCustody& custody) {
  if (!std::filesystem::exists(folder + "/ca"))
    return refuse("STATE-MISSING", "there is no certificate authority here", folder,
                  "make one with `vedette-server init`");
  VEDETTE_TRY(auto bundles, load_bundles(folder));
  VEDETTE_TRY(identity::TrustBundle trust, trust_in_force(folder, trust_domain, bundles));
  if (!bundles.empty()) VEDETTE_CHECK(write_public_copies(folder, trust));
  const crypto::Certificate issuing = trust.issuing.front().certificate;
  VEDETTE_TRY(PrivateKey issuing_key, find_issuing_key(folder, custody, issuing));
  VEDETTE_TRY(auto authority,
              identity::CertificateAuthority::open(
                  trust_domain, {trust.root(), issuing, std::move(issuing_key)}, now));
  VEDETTE_TRY(auto former, open_former(folder, authority, trust, custody, now));
  VEDETTE_TRY(PrivateKey log, custody.read(folder + "/log.key"));
  return ServerKeys{std::move(authority), std::move(log), std::move(trust), std::move(bundles),
                    std::move(former)};
}

Result<std::vector<std::string>> encrypt_state(const std::string& folder,
                                               const SecretBytes& passphrase) {
  if (!std::filesystem::exists(folder + "/ca"))
    return refuse("STATE-MISSING", "there is no certificate authority here", folder);
  for (const char* name : {"/verifier.key", "/log.key"})
    VEDETTE_CHECK(encrypt_key(folder + name, passphrase));
  VEDETTE_TRY(const auto signing, signing_key_files(folder));
  for (const std::string& path : signing)
    VEDETTE_CHECK(encrypt_key(path, passphrase));
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/ca"))
    if (entry.path().extension() == ".key")
      VEDETTE_CHECK(encrypt_key(entry.path().string(), passphrase));
  return open_keys(folder);
}

}  // namespace vedette::server
