// TPM2_MakeCredential without a TPM (TPM 2.0 Part 1, 24 and annexes B.10.4 and C.6.1).
#include <algorithm>

#include <openssl/rsa.h>

#include "crypto/key_values.h"
#include "crypto/tpm.h"
#include "crypto/tpm_kdf.h"

namespace vedette::crypto {
namespace {

using codec::TpmAlgorithm;

// Everything follows the endorsement key's name algorithm, which is SHA-256 here.
constexpr Hash kHash = Hash::sha256;
constexpr std::size_t kDigest = 32;
constexpr std::size_t kAesKey = 16;
constexpr std::size_t kAesBlock = 16;
constexpr std::size_t kFieldBytes = 32;
constexpr std::size_t kRsaModulus = 256;
constexpr std::size_t kMaxSecret = kDigest;  // TPM2B_DIGEST of the endorsement key's hash
constexpr std::string_view kIdentity = "IDENTITY";

using CipherContextHandle = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>>;

std::unexpected<Error> wrong_kind(std::string cause) {
  return refuse("TPM-EK-KIND", "a credential cannot be made for this kind of endorsement key",
                std::move(cause),
                "use the TCG's default template L-1 (RSA-2048) or L-2 (ECC P-256)");
}

// A seed and the form in which only the endorsement key's TPM recovers it.
struct ProtectedSeed {
  SecretBytes seed;
  Bytes encrypted;  // the content of TPM2B_ENCRYPTED_SECRET
};

void append_sized(Bytes& to, ByteView octets) {
  to.push_back(static_cast<std::uint8_t>(octets.size() >> 8U));
  to.push_back(static_cast<std::uint8_t>(octets.size() & 0xFFU));
  append(to, octets);
}

Result<void> check_endorsement_key(const codec::TpmPublic& key) {
  if (key.name_algorithm != TpmAlgorithm::sha256) return wrong_kind("its name is not by SHA-256");
  if (!key.attributes.restricted() || !key.attributes.decrypt() || key.attributes.sign())
    return wrong_kind("it is no storage key");
  if (key.symmetric != TpmAlgorithm::aes || key.symmetric_bits != 8 * kAesKey)
    return wrong_kind("it does not protect by AES-128");
  return {};
}

Result<void> check_input(ByteView object_name, const SecretBytes& secret) {
  // Hash algorithm and SHA-256, SHA-384 or SHA-512.
  if (object_name.size() != 34 && object_name.size() != 50 && object_name.size() != 66)
    return refuse("TPM-NAME", "this is no name of a TPM's object", to_hex(object_name));
  if (secret.empty() || secret.size() > kMaxSecret)
    return refuse("TPM-SECRET-SIZE", "a credential holds 1 to 32 octets",
                  std::to_string(secret.size()));
  return {};
}

Result<ProtectedSeed> seed_for_rsa(const PublicKey& key) {
  if (EVP_PKEY_get_size(native(key)) != static_cast<int>(kRsaModulus))
    return wrong_kind("an RSA key of another size than 2048 bits");
  SecretBytes seed(random_bytes(kDigest));
  // The label's terminating zero belongs to it (Part 1, B.4). OpenSSL frees the copy.
  const std::size_t label_size = kIdentity.size() + 1;
  void* const label = OPENSSL_memdup(kIdentity.data(), label_size);
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, native(key), nullptr));
  require(
      label != nullptr && context != nullptr && EVP_PKEY_encrypt_init(context.get()) == 1 &&
          EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
          EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), message_digest(kHash)) == 1 &&
          EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), message_digest(kHash)) == 1 &&
          EVP_PKEY_CTX_set0_rsa_oaep_label(context.get(), label, static_cast<int>(label_size)) == 1,
      "choose RSAES-OAEP");
  Bytes encrypted(kRsaModulus);
  std::size_t size = encrypted.size();
  const ByteView octets = seed.expose();
  require(
      EVP_PKEY_encrypt(context.get(), encrypted.data(), &size, octets.data(), octets.size()) == 1 &&
          size == encrypted.size(),
      "encrypt a seed");
  return ProtectedSeed{.seed = std::move(seed), .encrypted = std::move(encrypted)};
}

SecretBytes shared_x(const PrivateKey& ephemeral, const PublicKey& key) {
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, native(ephemeral), nullptr));
  Bytes shared(kFieldBytes);
  std::size_t size = shared.size();
  require(context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
              EVP_PKEY_derive_set_peer(context.get(), native(key)) == 1 &&
              EVP_PKEY_derive(context.get(), shared.data(), &size) == 1 && size == shared.size(),
          "agree on a point");
  return SecretBytes(std::move(shared));
}

Result<ProtectedSeed> seed_for_ecc(const PublicKey& key) {
  if (key.type() != KeyType::ec_p256) return wrong_kind("an ECC key on another curve than P-256");
  const PrivateKey ephemeral = PrivateKey::generate_p256();
  const Bytes own = ephemeral.public_key().spki_der();
  const Bytes theirs = key.spki_der();
  const ByteView own_point = ByteView(own).last(2 * kFieldBytes);
  const ByteView own_x = own_point.first(kFieldBytes);
  const ByteView their_x = ByteView(theirs).last(2 * kFieldBytes).first(kFieldBytes);
  Bytes encrypted;  // TPMS_ECC_POINT
  append_sized(encrypted, own_x);
  append_sized(encrypted, own_point.last(kFieldBytes));
  const SecretBytes shared = shared_x(ephemeral, key);
  return ProtectedSeed{.seed = kdfe(kHash, shared.expose(), kIdentity, own_x, their_x, kDigest),
                       .encrypted = std::move(encrypted)};
}

// AES-128 in CFB mode with a zero IV: the key is used once.
Bytes encrypt_once(ByteView key, ByteView plain) {
  static constexpr std::uint8_t kZeroIv[kAesBlock] = {};
  const CipherContextHandle context(EVP_CIPHER_CTX_new());
  Bytes encrypted(plain.size());
  int size = 0;
  require(context != nullptr &&
              EVP_EncryptInit_ex2(context.get(), EVP_aes_128_cfb128(), key.data(), kZeroIv,
                                  nullptr) == 1 &&
              EVP_EncryptUpdate(context.get(), encrypted.data(), &size, plain.data(),
                                static_cast<int>(plain.size())) == 1 &&
              static_cast<std::size_t>(size) == encrypted.size(),
          "encrypt a credential");
  return encrypted;
}

// TPMS_ID_OBJECT: the encrypted secret behind its HMAC.
Bytes seal(const SecretBytes& seed, ByteView object_name, const SecretBytes& secret) {
  const SecretBytes storage_key = kdfa(kHash, seed.expose(), "STORAGE", object_name, kAesKey);
  const SecretBytes mac_key = kdfa(kHash, seed.expose(), "INTEGRITY", {}, kDigest);
  Bytes plain;
  plain.reserve(2 + secret.size());  // one allocation, which SecretBytes then erases
  append_sized(plain, secret.expose());
  const SecretBytes framed(std::move(plain));
  const Bytes identity = encrypt_once(storage_key.expose(), framed.expose());
  Bytes covered = identity;
  append(covered, object_name);
  Bytes object;
  append_sized(object, hmac(kHash, mac_key.expose(), covered));
  append(object, identity);
  return object;
}

}  // namespace

Result<MadeCredential> make_credential(const codec::TpmPublic& endorsement_key,
                                       ByteView object_name, const SecretBytes& secret) {
  VEDETTE_CHECK(check_endorsement_key(endorsement_key));
  VEDETTE_CHECK(check_input(object_name, secret));
  VEDETTE_TRY(const PublicKey key, public_key_of(endorsement_key));
  VEDETTE_TRY(const ProtectedSeed protected_seed,
              key.type() == KeyType::rsa ? seed_for_rsa(key) : seed_for_ecc(key));
  MadeCredential made;
  append_sized(made.credential_blob, seal(protected_seed.seed, object_name, secret));
  append_sized(made.encrypted_secret, protected_seed.encrypted);
  return made;
}

}  // namespace vedette::crypto
