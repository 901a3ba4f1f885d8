#include "server/rollover.h"

#include <filesystem>
#include <utility>

#include "identity/rollover.h"
#include "server/ca_folder.h"

namespace vedette::server {

namespace {

using crypto::PrivateKey;
using identity::SignedTrustBundle;
using identity::TrustBundle;

// The newest bundle. The root's key is here: what a folder of before lacks can be made.
Result<SignedTrustBundle> present_bundle(const RolloverPlace& place) {
  VEDETTE_TRY(const auto bundles, load_bundles(place.folder));
  if (!bundles.empty()) return bundles.back();
  VEDETTE_TRY(const TrustBundle trust, trust_in_force(place.folder, place.trust_domain, bundles));
  VEDETTE_TRY(SignedTrustBundle first,
              identity::first_bundle(place.trust_domain, trust.root(),
                                     trust.issuing.front().certificate, place.root_key, place.now));
  VEDETTE_CHECK(keep_bundle(place.folder, first));
  return first;
}

Result<TrustBundle> put_in_force(const RolloverPlace& place, const SignedTrustBundle& next) {
  VEDETTE_CHECK(keep_bundle(place.folder, next));
  VEDETTE_CHECK(write_public_copies(place.folder, next.bundle()));
  return next.bundle();
}

}  // namespace

Result<TrustBundle> rollover_issuing(const RolloverPlace& place,
                                     const std::optional<PrivateKey>& named_key) {
  if (!named_key && place.custody.names_issuing_key())
    return refuse("CA-ROLLOVER",
                  "the issuing CA's key lives in a token or a TPM, its successor's "
                  "would be a file",
                  {}, "name another key there with --issuing-key");
  VEDETTE_TRY(const SignedTrustBundle present, present_bundle(place));
  const PrivateKey key = named_key ? *named_key : PrivateKey::generate_p256();
  VEDETTE_TRY(
      const SignedTrustBundle next,
      identity::roll_issuing(present, key.public_key(), place.root_key, place.now, place.overlap));
  if (!named_key)
    VEDETTE_CHECK(place.custody.write(issuing_key_path(place.folder, key.public_key()), key));
  return put_in_force(place, next);
}

Result<TrustBundle> rollover_root(const RolloverPlace& place, const std::string& key_path,
                                  const SecretBytes& passphrase) {
  if (std::filesystem::exists(key_path))
    return refuse("STATE-EXISTS", "there is a file already where the new root's key is to go",
                  key_path);
  VEDETTE_TRY(const SignedTrustBundle present, present_bundle(place));
  const PrivateKey key = PrivateKey::generate_p256();
  VEDETTE_TRY(const SignedTrustBundle next,
              identity::roll_root(present, key, place.root_key, place.now, place.overlap));
  VEDETTE_CHECK(passphrase.empty() ? write_insecure_unencrypted_key(key_path, key)
                                   : write_encrypted_key(key_path, key, passphrase));
  return put_in_force(place, next);
}

}  // namespace vedette::server
