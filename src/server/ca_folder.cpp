#include "server/ca_folder.h"

#include <algorithm>
#include <filesystem>

#include "base/fd.h"

namespace vedette::server {

namespace {

namespace fs = std::filesystem;
using crypto::PrivateKey;
using identity::SignedTrustBundle;
using identity::TrustBundle;

constexpr std::size_t kMaxPemBytes = 64U << 10U;
constexpr unsigned kPublicFile = 0644;
constexpr std::size_t kIdHex = 16;

std::string bundle_folder(const std::string& folder) {
  return folder + "/ca/bundles";
}

std::string bundle_path(const std::string& folder, std::uint64_t version) {
  return bundle_folder(folder) + "/" + std::to_string(version) + ".json";
}

std::unexpected<Error> refuse_trust(std::string cause) {
  return refuse("STATE-TRUST", "the trust bundles of this folder do not follow from each other",
                std::move(cause), "restore ca/bundles from the newest backup");
}

std::size_t count_bundles(const std::string& folder) {
  std::error_code none;
  const fs::directory_iterator entries(bundle_folder(folder), none);
  return static_cast<std::size_t>(std::ranges::count_if(
      entries,
      [](const fs::directory_entry& entry) { return entry.path().extension() == ".json"; }));
}

Result<SignedTrustBundle> read_bundle(const std::string& path) {
  VEDETTE_TRY(const Bytes text, read_file(path, identity::kMaxTrustBundle));
  return SignedTrustBundle::parse(as_text(text));
}

Result<crypto::Certificate> read_certificate(const std::string& path) {
  VEDETTE_TRY(const Bytes pem, read_file(path, kMaxPemBytes));
  return crypto::Certificate::from_pem(as_text(pem));
}

Result<void> write_if_other(const std::string& path, const std::string& content) {
  const auto present = read_file(path, kMaxPemBytes);
  if (present && as_text(*present) == content) return {};
  return write_file_atomically(path, as_bytes(content), kPublicFile);
}

}  // namespace

Result<std::vector<SignedTrustBundle>> load_bundles(const std::string& folder) {
  std::vector<SignedTrustBundle> bundles;
  const std::size_t count = count_bundles(folder);
  for (std::uint64_t version = 1; version <= count; ++version) {
    auto next = read_bundle(bundle_path(folder, version));
    if (!next) return refuse_trust(describe(next.error()));
    if (next->bundle().version != version) return refuse_trust(bundle_path(folder, version));
    if (!bundles.empty()) {
      const auto follows = identity::check_successor(bundles.back(), *next);
      if (!follows) return refuse_trust(describe(follows.error()));
    }
    bundles.push_back(*std::move(next));
  }
  return bundles;
}

Result<void> keep_bundle(const std::string& folder, const SignedTrustBundle& bundle) {
  std::error_code failed;
  fs::create_directories(bundle_folder(folder), failed);
  if (failed)
    return refuse("FILE-CREATE", "a folder cannot be made",
                  bundle_folder(folder) + ": " + failed.message());
  const std::string path = bundle_path(folder, bundle.bundle().version);
  if (fs::exists(path)) return refuse("STATE-EXISTS", "there is such a trust bundle already", path);
  return write_file_atomically(path, as_bytes(bundle.text()), kPublicFile);
}

Result<TrustBundle> trust_in_force(const std::string& folder,
                                   const identity::TrustDomain& trust_domain,
                                   const std::vector<SignedTrustBundle>& bundles) {
  if (!bundles.empty()) return bundles.back().bundle();
  VEDETTE_TRY(crypto::Certificate root, read_certificate(folder + "/ca/root.pem"));
  VEDETTE_TRY(crypto::Certificate issuing, read_certificate(folder + "/ca/issuing.pem"));
  TrustBundle trust;
  trust.trust_domain = trust_domain.str();
  trust.issued_at = issuing.not_before();
  trust.expires_at = issuing.not_after();
  trust.roots = {{std::move(root), {}}};
  trust.issuing = {{std::move(issuing), {}}};
  return trust;
}

Result<void> write_public_copies(const std::string& folder, const TrustBundle& trust) {
  VEDETTE_CHECK(write_if_other(folder + "/ca/root.pem", trust.root().pem()));
  return write_if_other(folder + "/ca/issuing.pem", trust.issuing.front().certificate.pem());
}

std::string issuing_id(const crypto::Sha256Digest& spki_sha256) {
  return to_hex(spki_sha256).substr(0, kIdHex);
}

std::string issuing_key_path(const std::string& folder, const crypto::PublicKey& key) {
  return folder + "/ca/issuing-" + issuing_id(key.spki_sha256()) + ".key";
}

Result<PrivateKey> find_issuing_key(const std::string& folder, const KeyCustody& custody,
                                    const crypto::Certificate& issuing) {
  VEDETTE_TRY(const crypto::PublicKey key, issuing.public_key());
  const std::string own = issuing_key_path(folder, key);
  if (fs::exists(own)) return custody.read(own);
  VEDETTE_TRY(auto named, custody.named_key_of(key));
  if (named) return *std::move(named);
  const std::string first = folder + "/ca/issuing.key";
  if (custody.names_issuing_key() && !fs::exists(first)) return custody.named_issuing_key();
  return custody.read(first);
}

}  // namespace vedette::server
