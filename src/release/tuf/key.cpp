#include "release/tuf/key.h"

#include <algorithm>
#include <set>

#include "codec/base64.h"
#include "release/tuf/fields.h"

namespace vedette::release::tuf {
namespace {

using crypto::KeyType;
using crypto::PublicKey;

// SubjectPublicKeyInfo of Ed25519 (RFC 8410, 4) up to the key's 32 octets.
constexpr std::uint8_t kEd25519Head[] = {0x30, 0x2A, 0x30, 0x05, 0x06, 0x03,
                                         0x2B, 0x65, 0x70, 0x03, 0x21, 0x00};

Result<PublicKey> ed25519_from_hex(std::string_view hex) {
  VEDETTE_TRY(const Bytes raw, codec::from_hex(hex));
  Bytes spki = to_bytes(ByteView(kEd25519Head));
  append(spki, raw);
  return PublicKey::from_spki_der(spki);
}

const Signature* signature_of(const std::vector<Signature>& signatures, std::string_view key_id) {
  const auto found = std::ranges::find(signatures, key_id, &Signature::key_id);
  return found == signatures.end() ? nullptr : &*found;
}

}  // namespace

Result<Key> Key::read(const codec::Json& json) {
  VEDETTE_TRY(const std::string type, required(json.string("keytype")));
  VEDETTE_TRY(const std::string scheme, required(json.string("scheme")));
  VEDETTE_TRY(const codec::Json* value, required(json.object("keyval")));
  const codec::Json* text = value->find("public");  // another kind of key may have no such member
  return Key(text != nullptr && text->if_string() != nullptr
                 ? read_usable(type, scheme, *text->if_string())
                 : std::nullopt);
}

std::optional<Key::Usable> Key::read_usable(std::string_view type, std::string_view scheme,
                                            const std::string& value) {
  const auto usable = [](Scheme kind, KeyType expected,
                         Result<PublicKey> key) -> std::optional<Usable> {
    if (!key || key->type() != expected) return std::nullopt;
    return Usable{.scheme = kind, .key = *std::move(key)};
  };
  if (type == "ed25519" && scheme == "ed25519")
    return usable(Scheme::ed25519, KeyType::ed25519, ed25519_from_hex(value));
  // The second name is the type's older one, which Sigstore's root still has.
  if ((type == "ecdsa" || type == "ecdsa-sha2-nistp256") && scheme == "ecdsa-sha2-nistp256")
    return usable(Scheme::ecdsa_sha2_nistp256, KeyType::ec_p256, PublicKey::from_pem(value));
  if (type == "rsa" && scheme == "rsassa-pss-sha256")
    return usable(Scheme::rsassa_pss_sha256, KeyType::rsa, PublicKey::from_pem(value));
  return std::nullopt;
}

bool Key::verifies(ByteView message, ByteView signature) const {
  if (!usable_) return false;
  const auto& [scheme, key] = *usable_;
  constexpr auto kHash = crypto::Hash::sha256;  // Ed25519 ignores it
  return scheme == Scheme::rsassa_pss_sha256 ? key.verify_pss(kHash, message, signature).has_value()
                                             : key.verify(kHash, message, signature).has_value();
}

std::optional<crypto::Sha256Digest> Key::identity() const {
  if (!usable_) return std::nullopt;
  return usable_->key.spki_sha256();
}

Result<void> verify_threshold(std::string_view message, const std::vector<Signature>& signatures,
                              const Keys& keys, const RoleKeys& role, std::string_view role_name) {
  std::set<crypto::Sha256Digest> signers;
  for (const std::string& key_id : role.key_ids) {
    const auto key = keys.find(key_id);
    const Signature* signature = signature_of(signatures, key_id);
    if (key == keys.end() || signature == nullptr) continue;
    const auto identity = key->second.identity();
    if (!identity || signers.contains(*identity)) continue;
    if (key->second.verifies(as_bytes(message), signature->value)) signers.insert(*identity);
  }
  if (std::cmp_greater_equal(signers.size(), role.threshold)) return {};
  return refuse("TUF-SIGNATURES", "too few of a role's keys have signed its metadata",
                std::string(role_name.substr(0, 80)) + ": " + std::to_string(signers.size()) +
                    " of at least " + std::to_string(role.threshold),
                "the repository is damaged, or somebody without its keys has changed it");
}

bool is_rotated(const Keys& old_keys, const RoleKeys& old_role, const Keys& new_keys,
                const RoleKeys& new_role) {
  return std::ranges::any_of(old_role.key_ids, [&](const std::string& key_id) {
    const auto before = old_keys.find(key_id);
    const auto after = new_keys.find(key_id);
    if (before == old_keys.end()) return false;  // it could sign nothing
    return std::ranges::find(new_role.key_ids, key_id) == new_role.key_ids.end() ||
           after == new_keys.end() || !(before->second == after->second);
  });
}

}  // namespace vedette::release::tuf
